from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

from evenface.core.errors import InputError
from evenface.core.pictures import is_picture, members, open_bytes


def zip_of(path: Path, *entries: zipfile.ZipInfo | str, content: bytes = b"picture" * 50) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    assert open_bytes(tmp_path / "a.png") == b"x"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_a_zip(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("in/ä.png", b"one" * 100)
        archive.writestr("in/b.png", b"")
    assert members(path) == ("in/ä.png", "in/b.png")
    assert open_bytes(f"{path}!/in/ä.png") == b"one" * 100
    assert open_bytes(f"{path}!/in/b.png") == b""
    with pytest.raises(InputError, match=r"holds no 'in/c\.png'"):
        open_bytes(f"{path}!/in/c.png")


@pytest.mark.parametrize("name", ["../a.png", "in/../../a.png", "/etc/a.png", "..\\a.png", "C:\\a.png"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = zip_of(tmp_path / "a.zip", "good.png", name)
    with pytest.raises(InputError, match="holds a name that leads outside"):
        open_bytes(f"{path}!/good.png")
    with pytest.raises(InputError, match=r"leads? outside"):
        members(path)


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InputError, match=r"holds a link \('link.png'\)"):
        members(zip_of(tmp_path / "a.zip", link))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("link.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(InputError, match="holds a link"):
        members(tmp_path / "a.tar")


def test_a_damaged_member_is_told(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", "a.png")
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip!/a\.png (cannot be read|is damaged)"):
        open_bytes(f"{path}!/a.png")


def test_a_member_that_lies_about_its_size_is_told(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", "a.png", content=b"0" * 100_000)
    data = path.read_bytes()
    path.write_bytes(data.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(InputError, match="damaged"):
        open_bytes(f"{path}!/a.png")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenface.core.pictures.MOST_BYTES", 99)
    with pytest.raises(InputError, match="would unpack to 350 bytes"):
        open_bytes(f"{zip_of(tmp_path / 'a.zip', 'a.png')}!/a.png")


def test_members_of_a_tar_and_one_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a.jpg")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    assert open_bytes(f"{path}!/a.jpg") == b"abc"
    path.write_bytes(b"not an archive" * 100)
    with pytest.raises(InputError, match="cannot be read"):
        open_bytes(f"{path}!/a.jpg")


def test_rows_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"image": [bytes([i]) for i in range(100)] + [None], "label": 1}).write_parquet(path)
    assert open_bytes(f"{path}!/image/77") == bytes([77])
    for member, message in (
        ("image/101", "no row 101"), ("image/100", "holds no bytes"), ("image/-1", "no number"),
        ("label/1", "not the bytes"),
        ("gone/1", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            open_bytes(f"{path}!/{member}")


def test_grey_values_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('emotion,pixels,Usage\n0,"0 1 2 255",Training\n3,1 2 3,Training\n')
    assert open_bytes(f"{path}!/0") == b"P5 2 2 255\n\x00\x01\x02\xff"
    with pytest.raises(InputError, match="no square"):
        open_bytes(f"{path}!/1")
    with pytest.raises(InputError, match="no row 2; it has 2"):
        open_bytes(f"{path}!/2")


@pytest.mark.parametrize(
    ("path", "message"),
    [("gone.png", "cannot be read"), ("gone.zip!/a", "cannot"), ("a.rar!/a", ".rar is no container")],
)
def test_what_is_not_there(path: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        open_bytes(tmp_path / path)


def test_pictures_are_known_by_their_ending() -> None:
    assert is_picture("a/b.JPEG") and not is_picture("a.txt") and not is_picture("png")
