"""Faces as one array on disk: decoded once, then read through memory mapping by every run and epoch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError
from evenface.core.writing import replacing

MOST_PIXELS = 50_000_000  # a picture that claims more is not opened
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
_AT_ONCE = 256
Images = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Chips:
    """Faces, all of one size.

    Attributes:
        pixels: (face, row, column, 3) uint8 RGB, read from disk as it is asked for.
        reasons: Place -> why a picture could not be read; its pixels are 0.
        sha256: Of all pixels.
    """

    pixels: Images
    reasons: dict[int, str]
    sha256: str


def load_chips(
    paths: Sequence[Path], size: int, cache: Path, progress: Callable[[int, int], None] | None = None
) -> Chips:
    """Decode pictures once and keep them as one array in `cache`; the next call only opens it.

    The array is found by a hash of the paths, the times and lengths of the files, and the size.

    Args:
        paths: The pictures, each an aligned face; one that is not square is stretched.
        size: Width and height to bring them to.
        cache: Folder for the array; made if it does not exist.
        progress: Told pictures done and pictures in all.

    Raises:
        SettingsError: Pillow is not installed.
        InputError: The cache cannot be written.
    """
    target = cache / f"{_key(paths, size)}.npy"
    about = target.with_suffix(".txt")  # hash, then one line for each picture that could not be read
    if not about.is_file():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            _build(paths, size, target, about, progress)
        except OSError as error:
            raise InputError(
                f"Cannot keep the decoded faces in {cache}: {error}. They need "
                f"{len(paths) * size * size * 3 / 1e6:,.0f} MB. Make room, or choose another folder with data.cache."
            ) from error
    sha256, *lines = about.read_text(encoding="utf-8").splitlines()
    reasons = {int(place): why for place, _, why in (line.partition(" ") for line in lines)}
    return Chips(np.load(target, mmap_mode="r"), reasons, sha256)


def _key(paths: Sequence[Path], size: int) -> str:
    digest = hashlib.sha256(f"chips 1 {size}".encode())
    for path in paths:
        try:
            found = path.stat()
            digest.update(f"\n{path.absolute()} {found.st_size} {found.st_mtime_ns}".encode())
        except OSError:
            digest.update(f"\n{path.absolute()} missing".encode())
    return digest.hexdigest()[:24]


def _build(
    paths: Sequence[Path], size: int, target: Path, about: Path, progress: Callable[[int, int], None] | None
) -> None:
    reasons: list[str] = []
    digest = hashlib.sha256()
    with replacing(target) as part:
        array = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(len(paths), size, size, 3))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(paths), _AT_ONCE):
                these = paths[start : start + _AT_ONCE]
                for place, image in enumerate(pool.map(lambda path: _read(path, size), these), start):
                    if isinstance(image, str):
                        reasons.append(f"{place} {image}")
                    else:
                        array[place] = image
                digest.update(array[start : start + _AT_ONCE].tobytes())
                if progress:
                    progress(min(start + _AT_ONCE, len(paths)), len(paths))
        array.flush()
    with replacing(about) as part:  # last: the array counts as whole once this is there
        part.write_text("\n".join([digest.hexdigest(), *reasons]) + "\n", encoding="utf-8")


def _read(path: Path, size: int) -> Images | str:
    """Give the picture, or on one line why there is none."""
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError as error:
        raise SettingsError("Pictures are read with Pillow, which is not installed: pip install pillow") from error
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return f"{picture.width} x {picture.height} pixels, more than can be a face"
            image = (ImageOps.exif_transpose(picture) or picture).convert("RGB")
            if image.size != (size, size):
                image = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
            return np.asarray(image, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return " ".join(str(error).split()) or type(error).__name__
