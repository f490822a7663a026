"""Chips of a whole data set in one memory-mapped file, made once: the second epoch of anything reads no photo.

A store is a folder, named by a hash of what was asked for and of the lengths and times of its files:

| file | holds |
|---|---|
| `chips.npy` | (face, row, column, 3) uint8, RGB, in the order of the manifest; zeros where there is no chip |
| `faces.parquet` | `face`, `valid`, `reason` (null where valid), in the same order |
| `about.json` | what was asked for |

It is made in stretches, side by side; what an interruption leaves is used when it is asked for again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.core.pictures import INSIDE
from evenface.core.writing import replacing
from evenface.faces.align import align
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.detectors import DETECTORS
from evenface.faces.face import Detector, Image, area
from evenface.faces.template import SIZE

if TYPE_CHECKING:
    import polars as pl

_STRETCH = 256  # faces that are made, and after an interruption made again, together
_LAYOUT = 3  # changes when the same request would give other chips


@dataclass(frozen=True)
class ChipStore:
    """Chips on disk.

    Attributes:
        chips: (face, row, column, 3) uint8, mapped and not loaded.
        faces: Ids, in the same order.
        valid: (face,): whether there is a chip.
        reasons: Why not; None where there is.
    """

    chips: NDArray[np.uint8]
    faces: tuple[str, ...]
    valid: NDArray[np.bool_]
    reasons: tuple[str | None, ...]

    @classmethod
    def open(cls, folder: Path) -> ChipStore:
        """Open a finished store.

        Raises:
            InputError: There is none, or it is not finished.
        """
        import polars as pl

        if not (folder / "faces.parquet").is_file():
            raise InputError(f"{folder} is no finished store of chips; make it with `ChipStore.build`.")
        told = pl.read_parquet(folder / "faces.parquet")
        chips = np.load(folder / "chips.npy", mmap_mode="r")
        if len(chips) != len(told):
            raise InputError(f"{folder} holds {len(chips):,} chips for {len(told):,} faces; remove it and build anew.")
        return cls(chips, tuple(told["face"]), told["valid"].to_numpy(), tuple(told["reason"]))

    @classmethod
    def build(
        cls,
        frame: pl.DataFrame,
        folder: Path,
        *,
        root: Path = Path(),
        size: int = SIZE,
        detector: str | Callable[[], Detector] | None = "mediapipe",
        workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ChipStore:
        """Make the chips of a manifest, or open them if they were made.

        Args:
            frame: A manifest's table; `face` and `image` are read.
            folder: Where stores are kept; this one gets a folder of its own there.
            root: What paths in `image` are relative to; they may lead into archives, as `core.pictures` reads them.
            size: Pixels of a chip's side.
            detector: A name in DETECTORS or what makes a detector; None: pictures are chips already, and only resized.
            workers: Pictures that are looked at at once; as many as there are processors if None.
            progress: Called with faces done and all faces.

        Raises:
            InputError: The store cannot be written.
        """
        about = _about(frame, root, size, detector)
        place = folder / about["key"]
        if (place / "faces.parquet").is_file():
            return cls.open(place)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with replacing(place / "about.json") as part:
                part.write_text(json.dumps(about, indent=2))
            maker = _Maker(root, size, detector)
            _fill(frame, place, maker, workers or os.cpu_count() or 1, progress)
        except OSError as error:
            raise InputError(f"Chips cannot be written to {place}: {error}. Choose a disk with room.") from error
        return cls.open(place)


class _Maker:
    """Makes chips, in several threads, each with a detector of its own."""

    def __init__(self, root: Path, size: int, detector: str | Callable[[], Detector] | None) -> None:
        self._root, self._size = root, size
        self._make = DETECTORS.get(detector) if isinstance(detector, str) else detector
        self._own = threading.local()
        self._detectors: list[Detector] = []

    def chip(self, image: str | None) -> Image | str:
        """Give the chip of the most prominent face, or why there is none."""
        if image is None:
            return "the manifest names no picture"
        try:
            pixels = decode(self._root / image)
            return self._resized(pixels) if self._make is None else self._aligned(pixels, self._make)
        except UnreadablePictureError as error:
            return error.reason

    def close(self) -> None:
        for detector in self._detectors:
            detector.close()

    def _aligned(self, pixels: Image, make: Callable[[], Detector]) -> Image | str:
        if not hasattr(self._own, "detector"):
            self._own.detector = make()
            self._detectors.append(self._own.detector)
        faces = self._own.detector.detect(pixels)
        if not faces:
            return "no face found"
        try:
            return align(pixels, max(faces, key=lambda each: area(each.box)).landmarks, self._size)
        except ValueError as error:
            return str(error)

    def _resized(self, pixels: Image) -> Image:
        from PIL import Image as Pillow

        if pixels.shape[:2] == (self._size, self._size):
            return pixels
        picture = Pillow.fromarray(pixels)
        return np.asarray(picture.resize((self._size, self._size), Pillow.Resampling.BICUBIC, reducing_gap=3.0))


def _about(frame: pl.DataFrame, root: Path, size: int, detector: str | Callable[[], Detector] | None) -> dict[str, Any]:
    """Say what is asked for, with a key that is the same for the same request."""
    rows = hashlib.sha256()
    for face, image in frame.select("face", "image").iter_rows():
        rows.update(json.dumps([face, image]).encode())
    rows.update(json.dumps(_state(frame["image"], root)).encode())
    name = detector if isinstance(detector, str | None) else f"{detector.__module__}.{detector.__qualname__}"
    about = {"layout": _LAYOUT, "root": str(root.resolve()), "size": size, "detector": name, "rows": rows.hexdigest()}
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    return {"key": key, "faces": len(frame), **about}


def _state(images: pl.Series, root: Path) -> list[tuple[int, int] | None]:
    """Give length and time of each file or archive, so that a picture that changed under its name is looked at anew."""
    files = images.str.split(INSIDE).list.first().unique(maintain_order=True)
    found = [None if name is None or not (root / name).is_file() else (root / name).stat() for name in files]
    return [each and (each.st_size, each.st_mtime_ns) for each in found]


def _fill(
    frame: pl.DataFrame, place: Path, maker: _Maker, workers: int, progress: Callable[[int, int], None] | None
) -> None:
    import polars as pl

    chips = _mapped(place / "chips.npy", (len(frame), maker._size, maker._size, 3))
    starts = range(0, len(frame), _STRETCH)
    try:
        with ThreadPoolExecutor(workers, thread_name_prefix="chips") as pool:
            for start in starts:
                part = place / f"part-{start:09d}.parquet"
                if not part.is_file():
                    stretch = frame.slice(start, _STRETCH)
                    told = _stretch(stretch, chips[start : start + _STRETCH], maker, pool)
                    chips.flush()
                    with replacing(part) as temporary:
                        told.write_parquet(temporary)
                if progress is not None:
                    progress(min(start + _STRETCH, len(frame)), len(frame))
    finally:
        maker.close()
    parts = [place / f"part-{start:09d}.parquet" for start in starts]
    empty = pl.DataFrame(schema={"face": pl.String, "valid": pl.Boolean, "reason": pl.String})
    with replacing(place / "faces.parquet") as temporary:
        pl.concat([empty, *map(pl.read_parquet, parts)]).write_parquet(temporary)
    for part in parts:
        part.unlink()


def _stretch(stretch: pl.DataFrame, chips: NDArray[np.uint8], maker: _Maker, pool: ThreadPoolExecutor) -> pl.DataFrame:
    import polars as pl

    reasons: list[str | None] = []
    for i, made in enumerate(pool.map(maker.chip, stretch["image"])):
        reasons.append(made if isinstance(made, str) else None)
        chips[i] = 0 if isinstance(made, str) else made
    return pl.DataFrame(
        {"face": stretch["face"], "valid": [each is None for each in reasons], "reason": reasons},
        schema={"face": pl.String, "valid": pl.Boolean, "reason": pl.String},
    )


def _mapped(path: Path, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Open the array if an interrupted run left it, else make it."""
    if path.is_file():
        try:
            there = np.lib.format.open_memmap(path, mode="r+")
        except ValueError:  # cut off while it was made: its parts are none either
            there = None
        if there is not None and there.shape == shape:
            return there
        for part in path.parent.glob("part-*.parquet"):
            part.unlink()
    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    try:
        _take_room(path)
    except OSError:
        path.unlink()
        raise
    return made


def _take_room(path: Path) -> None:
    """Take room for all of a file: one with holes takes none until it is written to, and a full disk then ends us."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
