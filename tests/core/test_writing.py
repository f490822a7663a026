from pathlib import Path

import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.core.writing import explained, replacing, write_files


def test_files_are_written_in_order_and_replaced(tmp_path: Path) -> None:
    write_files(tmp_path / "new", {"b.txt": b"old"}, "the report")
    written = write_files(tmp_path / "new", {"b.txt": b"two", "charts/a.svg": b"one"}, "the report")
    assert written == [tmp_path / "new" / "b.txt", tmp_path / "new" / "charts" / "a.svg"]
    assert [path.read_bytes() for path in written] == [b"two", b"one"]
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["b.txt", "charts"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"Cannot write the report to .*file"):
        write_files(tmp_path / "file", {"a": b""}, "the report")
    assert (tmp_path / "file").read_text() == "mine"


def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a") as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "old")]


def test_a_fault_of_the_disk_says_what_and_what_to_do(tmp_path: Path) -> None:
    told = r"^Cannot write the split: No such file or directory\. Choose another\.$"
    with pytest.raises(SettingsError, match=told), explained("the split", "Choose another.", SettingsError):
        (tmp_path / "no" / "file").write_text("")
