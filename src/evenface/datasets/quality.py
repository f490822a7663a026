"""What is amiss in a data set's pictures: copies within and across splits, labels that disagree, pictures that fail.

Copies make a test too easy: a model is asked what it was taught. Two pictures are *exact* copies where all pixels are
equal, however they were coded, and *near* copies by the measure of `datasets.near`. Nothing is removed: findings are
reported, and a column can be written that says which faces must stay together when a split is made.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, needs
from evenface.core.manifest import Manifest
from evenface.core.pictures import INSIDE, is_picture, open_bytes
from evenface.datasets.findings import Finding, find
from evenface.datasets.near import SIDE, cells, connected, near_pairs, thumbnails

if TYPE_CHECKING:
    import polars as pl

NEAR = 0.85
"""Correlation of thumbnails from which pictures count as near copies (docs/DATASETS.md says how it was chosen)."""
TINY = 32
"""Pixels; a picture that is narrower or lower is called tiny."""
MOST_PIXELS = 50_000_000
"""A picture that claims more is not opened."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
"""What Pillow may take a file for."""
_NOTHING = np.zeros((SIDE, SIDE), np.uint8)


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found.

    Attributes:
        findings: Each kind of fault that occurs, the graver ones first.
        faces: One row per face of the manifest, in its order: `face`, `width`, `height`, `pixels` (hash, null if not
            read), `problem` (why not, in words), `copies` (the first face that this one is a copy of, exact or near,
            over chains of copies; null for a face without copies).
        pairs: Near copies that are not exact: `face`, `other`, `correlation`.
        looked: Pictures that were read.
    """

    findings: tuple[Finding, ...]
    faces: pl.DataFrame
    pairs: pl.DataFrame
    looked: int

    def mark(self, manifest: Manifest) -> Manifest:
        """Add the column `copies` to a manifest, for `split(…, together="copies")`."""
        frame = manifest.frame.drop("copies", strict=False)
        return replace(
            manifest, frame=frame.join(self.faces.select("face", "copies"), "face", "left", maintain_order="left")
        )


def check(
    manifest: Manifest, base: str | os.PathLike[str] = ".", *, near: float | None = NEAR, tiny: int = TINY
) -> Quality:
    """Look at every picture of a manifest.

    Args:
        manifest: The faces.
        base: Folder that relative paths start from: the manifest's.
        near: Correlation from which pictures are near copies, above 0 to 1; None: exact copies only. All pairs are
            compared, so the time grows with the square of the number of pictures: 20 s for 32,000.
        tiny: Pixels below which a side is called tiny.

    Raises:
        SettingsError: `near` is out of range, or Pillow is not installed.
        InputError: The manifest has no faces.
    """
    import polars as pl

    if near is not None and not 0 < near <= 1:
        raise SettingsError(f"near is a correlation above 0 and up to 1, or None; got {near}.")
    if not manifest.frame.height:
        raise InputError("This manifest has no faces.")
    paths = [None if name is None else _where(base, name) for name in manifest.frame["image"]]
    seen = _look(paths)
    faces = pl.DataFrame(
        {
            "face": manifest.frame["face"],
            "width": pl.Series([each.width for each in seen], dtype=pl.Int32),
            "height": pl.Series([each.height for each in seen], dtype=pl.Int32),
            "pixels": pl.Series([each.pixels for each in seen], dtype=pl.String),
            "problem": pl.Series([each.problem for each in seen], dtype=pl.String),
        }
    )
    thumbs = thumbnails(np.stack([_NOTHING if each.cells is None else each.cells for each in seen]))
    copies, pairs = _copies(faces, thumbs, near)
    faces = faces.with_columns(copies)
    blank = pl.Series("blank", np.isnan(thumbs).any(1)) & faces["pixels"].is_not_null()
    return Quality(find(manifest, faces.with_columns(blank), pairs, tiny), faces, pairs, faces["pixels"].count())


@dataclass(frozen=True, slots=True)
class _Seen:
    width: int | None = None
    height: int | None = None
    pixels: str | None = None
    problem: str | None = None
    cells: NDArray[np.uint8] | None = None


def _where(base: str | os.PathLike[str], name: str) -> str:
    return name if Path(name).is_absolute() else str(Path(base) / name)


def _look(paths: Sequence[str | None]) -> list[_Seen]:
    with needs("Reading pictures", "pillow"):
        from PIL.Image import DecompressionBombWarning
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("error", DecompressionBombWarning)
        return list(pool.map(_see, paths, chunksize=64))


def _see(path: str | None) -> _Seen:
    """Read one picture; whatever stops that is its `problem`."""
    from PIL import Image

    if path is None:
        return _Seen()
    inner = path.rpartition(INSIDE)[2]
    if not is_picture(path) and "." in Path(inner).name:
        return _Seen(problem=f"{Path(inner).suffix} is no picture")
    try:
        with Image.open(io.BytesIO(open_bytes(path)), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                return _Seen(width, height, problem=f"claims {width:,} x {height:,} pixels")
            rgb = picture.convert("RGB")
    except InputError as error:
        return _Seen(problem=str(error).removeprefix(path).removeprefix(" cannot be read: "))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        return _Seen(
            problem=str(error).replace("<_io.BytesIO object at", "").partition(" 0x")[0] or type(error).__name__
        )
    digest = hashlib.blake2b(rgb.tobytes(), digest_size=16, key=f"{width}x{height}".encode()).hexdigest()
    return _Seen(width, height, digest, None, cells(rgb))


def _copies(faces: pl.DataFrame, thumbs: NDArray[np.float32], near: float | None) -> tuple[pl.Series, pl.DataFrame]:
    """Say of which face each is a copy, and list the near pairs; exact copies are compared once."""
    import polars as pl

    row = pl.int_range(pl.len()).alias("row")
    numbered = faces.select("pixels", row)
    first = numbered.select(
        pl.when(pl.col("pixels").is_null()).then("row").otherwise(pl.col("row").min().over("pixels"))
    ).to_series().to_numpy()  # fmt: skip
    one = np.unique(first)
    found, value = near_pairs(thumbs[one], near) if near is not None else (np.empty((0, 2), np.int64), np.empty(0))
    found = one[found]
    root = connected(found, faces.height)[first]
    alone = np.bincount(root, minlength=faces.height)[root] == 1
    copies = pl.Series("copies", faces["face"].gather(root))
    pairs = pl.DataFrame(
        {
            "face": faces["face"].gather(found[:, 0]),
            "other": faces["face"].gather(found[:, 1]),
            "correlation": pl.Series(value, dtype=pl.Float64),
        }
    )
    return pl.select(pl.when(~pl.Series(alone)).then(copies).alias("copies")).to_series(), pairs
