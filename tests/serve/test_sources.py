from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evenface.core.errors import InputError
from evenface.faces.decode import UnreadablePictureError
from evenface.serve import sources as module
from evenface.serve.sources import pictures


def test_photos_patterns_and_folders(photos: Path) -> None:
    assert [each.name for each in pictures([photos / "b.jpg"])] == [str(photos / "b.jpg")]
    assert len(list(pictures([str(photos / "*.jpg")]))) == 2
    assert [Path(each.name).name for each in pictures([photos])] == ["two.png", "b.jpg", "c.png", "d.jpg"]
    assert len(list(pictures([photos, photos / "b.jpg"]))) == 5


def test_a_name_with_brackets_is_a_file_first(photos: Path) -> None:
    odd = photos / "x[1].jpg"
    odd.write_bytes((photos / "b.jpg").read_bytes())
    assert [each.name for each in pictures([str(odd)])] == [str(odd)]


def packed(path: Path, photos: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(photos / "b.jpg", "in/b.jpg")
        archive.write(photos / "b.jpg", "../../out.jpg")
        archive.writestr(zipfile.ZipInfo("/rooted.jpg"), b"rooted")
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("readme.txt", "no picture")
    return path


def test_an_archive_is_read_in_place_and_leads_nowhere(photos: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", photos)
    there = sorted(tmp_path.rglob("*"))
    found = {each.name.removeprefix(f"{path}/"): each for each in pictures([path])}
    assert found["in/b.jpg"].pixels().shape == (60, 60, 3)
    assert len(found) == 4
    for name in ("../../out.jpg", "/rooted.jpg", "link.jpg"):
        with pytest.raises(UnreadablePictureError, match=r"leads out|not followed"):
            found[name].pixels()
    assert sorted(tmp_path.rglob("*")) == there


def test_a_member_that_is_too_large_or_broken_is_told(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\0" * 5000)
        archive.writestr("cut.png", np.random.default_rng(0).bytes(900))
    content = bytearray(path.read_bytes())
    content[content.index(b"cut.png") + 100] ^= 255
    path.write_bytes(content)
    monkeypatch.setattr(module, "_LARGEST", 4000)
    for each, reason in zip(pictures([path]), ("claims 5,000 bytes", "cannot be unpacked"), strict=True):
        with pytest.raises(UnreadablePictureError, match=reason):
            each.pixels()


def test_archives_without_pictures_and_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="not a zip archive"):
        pictures([tmp_path / "a.zip"])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("readme.txt", "no picture")
    with pytest.raises(InputError, match="holds no pictures"):
        pictures([tmp_path / "b.zip"])


def test_a_video_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[faces] brings")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    Image.new("RGB", (9, 9)).save(tmp_path / "b.png")
    first, second = pictures([tmp_path])
    assert second.pixels().shape == (9, 9, 3)
    with pytest.raises(UnreadablePictureError, match="not a video"):
        first.pixels()
