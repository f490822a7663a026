from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evenface.core.errors import InputError
from evenface.faces.decode import UnreadablePictureError
from evenface.serve.sources import Skipped, pictures


def test_photos_patterns_and_folders(photos: Path) -> None:
    assert [each.name for each in pictures([photos / "b.jpg"])] == [str(photos / "b.jpg")]
    assert len(list(pictures([str(photos / "*.jpg")]))) == 2
    assert [Path(each.name).name for each in pictures([photos])] == ["two.png", "b.jpg", "c.png", "d.jpg"]
    assert len(list(pictures([photos, photos / "b.jpg"]))) == 5


def test_a_name_with_brackets_is_a_file_first(photos: Path) -> None:
    odd = photos / "x[1].jpg"
    odd.write_bytes((photos / "b.jpg").read_bytes())
    assert [each.name for each in pictures([str(odd)])] == [str(odd)]


def test_an_archive_is_read_in_place(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(photos / "b.jpg", "in/b.jpg")
        archive.writestr("in/broken.png", np.random.default_rng(0).bytes(900))
        archive.writestr("readme.txt", "no picture")
    content = bytearray(path.read_bytes())
    content[content.index(b"broken.png") + 100] ^= 255
    path.write_bytes(content)
    there = sorted(tmp_path.rglob("*"))
    good, broken = pictures([path])
    assert good.name == f"{path}!/in/b.jpg"
    assert good.pixels().shape == (60, 60, 3)
    with pytest.raises(UnreadablePictureError, match="damaged"):
        broken.pixels()
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.parametrize("name", ["../../out.jpg", "/rooted.jpg", "link.jpg"])
def test_an_archive_whose_names_lead_out_of_it_is_refused(name: str, tmp_path: Path) -> None:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16 if name == "link.jpg" else 0
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(InputError, match=r"leads outside|a link"):
        pictures([tmp_path / "a.zip"])


def test_archives_without_pictures_and_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read as an archive"):
        pictures([tmp_path / "a.zip"])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("readme.txt", "no picture")
    with pytest.raises(InputError, match="holds no pictures"):
        pictures([tmp_path / "b.zip"])


def test_what_is_skipped_is_counted(photos: Path, tmp_path: Path) -> None:
    jpeg = (photos / "b.jpg").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("in/b.jfif", "in/IMG.HEIC", "in/clip.mp4", "__MACOSX/in/._b.jpg", "in/._c.jpg", ".DS_Store"):
            archive.writestr(name, jpeg)
    skipped = Skipped()
    assert [Path(each.name).name for each in pictures([tmp_path / "a.zip"], skipped=skipped)] == ["IMG.HEIC", "b.jfif"]
    assert str(skipped) == "Skipped, by their names: 1 .mp4 in archives. Unpack videos to read them."
    for name in ("a.zip", "b.ZIP", "e.jfif", "IMG_1.HEIC", "README", ".hidden", "._b.jpg", "Thumbs.db"):
        (photos / name).write_bytes(jpeg)
    shown = [Path(each.name).name for each in pictures([photos], skipped=skipped)]
    assert shown == ["IMG_1.HEIC", "two.png", "b.jpg", "c.png", "d.jpg", "e.jfif"]
    assert str(skipped) == (
        "Skipped, by their names: 2 .zip, 1 without ending, 1 .txt; 1 .mp4 in archives. "
        "Name archives and tables of faces to read them. Unpack videos to read them."
    )


def test_nothing_is_told_where_nothing_was_skipped(photos: Path) -> None:
    skipped = Skipped()
    list(pictures([photos / "b.jpg", str(photos / "*.png")], skipped=skipped))
    assert not str(skipped)


def test_many_kinds_of_skipped_files_are_one_line(photos: Path) -> None:
    for number in range(9):
        (photos / f"a.x{number}").touch()
    skipped = Skipped()
    pictures([photos], skipped=skipped)
    assert str(skipped).count(",") == 7
    assert "4 others" in str(skipped)


def test_where_all_is_skipped_the_error_tells_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    with pytest.raises(InputError, match=r"holds no pictures or videos.*1 \.zip\. Name archives"):
        pictures([tmp_path])


def test_a_broken_archive_of_a_pattern_is_told_before_any_picture(photos: Path) -> None:
    (photos / "z.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read as an archive"):
        pictures([str(photos / "*")])


@pytest.mark.parametrize("name", ["a.tar.gz", "a.TGZ", "a.7z"])
def test_an_archive_packed_as_a_whole_is_told_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"packed")
    with pytest.raises(InputError, match=r"packed as a whole.*\.zip or plain \.tar"):
        pictures([tmp_path / name])


def test_a_video_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    Image.new("RGB", (9, 9)).save(tmp_path / "b.png")
    first, second = pictures([tmp_path])
    assert second.pixels().shape == (9, 9, 3)
    with pytest.raises(UnreadablePictureError, match="cannot be read as video"):
        first.pixels()
