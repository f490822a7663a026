from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image

from evenface.core.errors import InputError
from evenface.faces import chips as module
from evenface.faces.align import align
from evenface.faces.chips import ChipStore
from evenface.faces.decode import decode


@pytest.fixture
def photos(tmp_path: Path) -> pl.DataFrame:
    """Seven rows: five photos, a black one (no face), one that is missing; `image` is relative to a folder."""
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(1, 256, (60, 80, 3)) * (number != 3)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{number}.png")
    return pl.DataFrame({"face": [f"f{i}" for i in range(7)], "image": [f"{i}.png" for i in range(6)] + ["gone.png"]})


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pictures that were looked at, in any order."""
    names: list[str] = []

    def told(path: Path) -> NDArray[np.uint8]:
        names.append(path.name)
        return decode(path)

    monkeypatch.setattr(module, "decode", told)
    return names


def build(frame: pl.DataFrame, root: Path, **more: object) -> ChipStore:
    return ChipStore.build(frame, root / "stores", **{"root": root, "size": 32, "workers": 2} | more)


def test_every_row_is_there_with_its_chip_or_reason(photos: pl.DataFrame, tmp_path: Path, lone: type) -> None:
    store = build(photos, tmp_path, detector=lone)
    assert store.faces == tuple(photos["face"])
    assert store.valid.tolist() == [True, True, True, False, True, True, False]
    assert store.reasons[3] == "no face found"
    assert store.reasons[6] == "no such file"
    assert store.chips.shape == (7, 32, 32, 3)
    assert not store.chips[[3, 6]].any()
    photo = np.asarray(Image.open(tmp_path / "4.png"))
    assert np.array_equal(store.chips[4], align(photo, lone().detect(photo)[0].landmarks, 32))


def test_a_row_that_names_a_video_gets_the_chip_of_its_middle_frame(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for number in range(11):
        writer.write(np.full((64, 64, 3), 20 * number, np.uint8))
    writer.release()
    store = build(pl.DataFrame({"face": ["f", "g"], "image": ["a.avi", "gone.avi"]}), tmp_path, detector=None)
    assert store.reasons == (None, "no such file")
    assert store.chips[0].mean() == pytest.approx(100, abs=3)


def test_pictures_that_are_chips_are_only_resized(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    frame = pl.DataFrame({"face": ["a"], "image": ["a.png"]})
    assert np.array_equal(build(frame, tmp_path, detector=None, size=48).chips[0, ..., 1], pixels)
    assert build(frame, tmp_path, detector=None, size=96).chips.shape == (1, 96, 96, 3)


def test_pictures_may_lie_in_archives(tmp_path: Path, lone: type) -> None:
    Image.new("RGB", (40, 40), "white").save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "in/a.png")
    frame = pl.DataFrame({"face": ["a", "b"], "image": ["a.zip!/in/a.png", "a.zip!/in/b.png"]})
    store = build(frame, tmp_path, detector=lone)
    assert store.valid.tolist() == [True, False]
    assert "holds no 'in/b.png'" in (store.reasons[1] or "")


def test_it_is_made_once_and_anew_for_another_request(
    photos: pl.DataFrame, tmp_path: Path, lone: type, decoded: list[str]
) -> None:
    build(photos, tmp_path, detector=lone)
    del decoded[:]
    assert build(photos, tmp_path, detector=lone).valid.sum() == 5
    assert not decoded
    assert build(photos, tmp_path, detector=lone, size=16).chips.shape == (7, 16, 16, 3)
    assert build(photos.head(3), tmp_path, detector=lone).faces == ("f0", "f1", "f2")
    assert len(list((tmp_path / "stores").iterdir())) == 3


def test_a_picture_that_changed_under_its_name_is_looked_at_anew(
    photos: pl.DataFrame, tmp_path: Path, lone: type
) -> None:
    before = build(photos, tmp_path, detector=lone)
    Image.new("RGB", (80, 60), "white").save(tmp_path / "0.png")
    after = build(photos, tmp_path, detector=lone)
    assert after.chips[0].min() == 255 > before.chips[0].min()
    assert np.array_equal(after.chips[1:], before.chips[1:])
    (tmp_path / "1.png").unlink()
    assert build(photos, tmp_path, detector=lone).reasons[1] == "no such file"


def test_an_archive_that_changed_is_looked_at_anew(tmp_path: Path, lone: type) -> None:
    frame = pl.DataFrame({"face": ["a"], "image": ["a.zip!/a.png"]})
    for colour, value in (("white", 255), ("grey", 128)):
        Image.new("RGB", (40, 40), colour).save(tmp_path / "a.png")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(tmp_path / "a.png", "a.png")
        os.utime(tmp_path / "a.zip", ns=(value, value))
        assert build(frame, tmp_path, detector=lone).chips.max() == value


def test_an_interruption_loses_one_stretch_at_most(
    photos: pl.DataFrame, tmp_path: Path, lone: type, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    monkeypatch.setattr(module, "_STRETCH", 2)

    def stop(done: int, _: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(photos, tmp_path, detector=lone, progress=stop)
    del decoded[:]
    store = build(photos, tmp_path, detector=lone)
    assert sorted(decoded) == ["4.png", "5.png", "gone.png"]
    assert store.valid.tolist() == [True, True, True, False, True, True, False]
    assert store.chips[0].any()
    assert sorted(p.name for p in next((tmp_path / "stores").iterdir()).iterdir()) == [
        "about.json",
        "chips.npy",
        "faces.parquet",
    ]


def test_a_manifest_without_rows_gives_an_empty_store(photos: pl.DataFrame, tmp_path: Path, lone: type) -> None:
    assert build(photos.clear(), tmp_path, detector=lone).chips.shape == (0, 32, 32, 3)


def test_what_is_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished store"):
        ChipStore.open(tmp_path)


def test_a_full_disk_is_told_and_leaves_nothing_that_looks_finished(
    photos: pl.DataFrame, tmp_path: Path, lone: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.posix_fallocate", full, raising=False)
        with pytest.raises(InputError, match="No space left on device"):
            build(photos, tmp_path, detector=lone)
    assert not list((tmp_path / "stores").rglob("chips.npy"))
    assert len(build(photos, tmp_path, detector=lone).chips) == len(photos)
