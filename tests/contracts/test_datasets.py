"""What every line of the table of data sets owes: what it is, whom it shows, under which terms, and a plain refusal."""

from pathlib import Path

import pytest

from evenface.core.errors import InputError
from evenface.core.pictures import open_bytes
from evenface.datasets import DATASETS

NAMES = list(DATASETS)
OWED = ("Pictures:", "Splits", "Labels", "Subjects", "Attributes", "Licence:", "Publication:")
PAGE = Path(__file__).parents[2] / "docs" / "DATASETS.md"


@pytest.mark.parametrize("name", NAMES)
def test_says_all_that_a_reader_must_know(name: str) -> None:
    entry = DATASETS.get(name)
    assert not [word for word in OWED if word.casefold() not in entry.doc.casefold()]
    assert entry.name == name and entry.source and entry.licence and entry.layout


@pytest.mark.parametrize("name", NAMES)
def test_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_refuses_a_folder_of_something_else_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match=r"is not .* Expected: "):
        DATASETS.get(name).load(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_archive_is_an_error_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputError, match="cannot be read"):
        DATASETS.get(name).load(tmp_path / "set.zip")
    with pytest.raises(InputError, match="cannot be read"):
        open_bytes(f"{tmp_path}/set.zip!/a.png")
