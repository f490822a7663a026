"""What is amiss in a data set's pictures: copies within and across splits, labels that disagree, pictures that fail.

Copies make a test too easy: a model is asked what it was taught. Two pictures are *exact* copies where all pixels are
equal, however they were coded, and *near* copies by the thumbnails of `datasets.near`, or by an embedding that sees
through cropping, turning and mirroring. Nothing is removed: findings are reported, and a column can be written that
says which faces must stay together when a split is made.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from evenface.core.decode import UnreadablePictureError, decode
from evenface.core.errors import InputError, SettingsError
from evenface.core.manifest import Manifest
from evenface.datasets.findings import Finding, find
from evenface.datasets.near import SIDE, cells, centred, connected, near_pairs, thumbnails

if TYPE_CHECKING:
    import polars as pl
    from PIL.Image import Image

NEAR = 0.85
"""Correlation of thumbnails from which pictures count as near copies (docs/DATASETS.md says how it was chosen)."""
ALIKE = 0.6
"""Cosine of embeddings from which pictures count as near copies (docs/DATASETS.md says how it was chosen)."""
DOUBTED = 0.45
"""Cosine of embeddings below which pictures with alike thumbnails are two (docs/DATASETS.md says how it was chosen)."""
ENOUGH = 100
"""Pictures from which on what all have in common, such as that they are drawings, is taken out of their vectors."""
TINY = 32
"""Pixels; a picture that is narrower or lower is called tiny."""
_NOTHING = np.zeros((SIDE, SIDE), np.uint8)


class Embedding(Protocol):
    """What gives vectors of pictures, such as `evenface.models.copies.CopyVectors`.

    Attributes:
        size: Width and height of the pictures that it takes.
    """

    size: int

    def __call__(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give (view, picture, feature), of length one, of (picture, row, column); the second view is mirrored."""
        ...


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found.

    Attributes:
        findings: Each kind of fault that occurs, the graver ones first.
        faces: One row per face of the manifest, in its order: `face`, `width`, `height`, `pixels` (hash, null if not
            read), `problem` (why not, in words), `copies` (the first face that this one is a copy of, exact or near,
            over chains of copies; null for a face without copies).
        pairs: Near copies that are not exact: `face`, `other`, `by` (what found them first: `thumbnail`, `embedding`
            or `mirrored`), `likeness` (correlation of the thumbnails, or cosine of the embeddings).
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
    manifest: Manifest,
    base: str | os.PathLike[str] = ".",
    *,
    near: float | None = NEAR,
    tiny: int = TINY,
    embed: Embedding | None = None,
    read: Callable[[Path], NDArray[np.uint8]] = decode,
) -> Quality:
    """Look at every picture of a manifest.

    Args:
        manifest: The faces.
        base: Folder that relative paths start from: the manifest's.
        near: Correlation from which pictures are near copies, above 0 to 1; None: exact copies only. All pairs are
            compared, so the time grows with the square of the number of pictures: 20 s for 32,000, and
            three times as long with `embed`.
        tiny: Pixels below which a side is called tiny.
        embed: Also finds near copies whose vectors have a cosine of `ALIKE` or more, as they are or mirrored, and
            drops those of thumbnails below `DOUBTED`, such as two people under one light; not asked where `near` is
            None.
        read: Gives a picture's pixels, RGB and upright, such as `evenface.faces.decode.decode`, which reads the middle
            frames of videos too.

    Raises:
        SettingsError: `near` is out of range, or what reads pictures is not installed.
        InputError: The manifest has no faces.
    """
    import polars as pl

    if near is not None and not 0 < near <= 1:
        raise SettingsError(f"near is a correlation above 0 and up to 1, or None; got {near}.")
    if not manifest.frame.height:
        raise InputError("This manifest has no faces.")
    paths = [None if name is None else Path(base) / name for name in manifest.frame["image"]]
    size = embed.size if embed is not None and near is not None else None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(partial(_see, read=read, size=size), paths))
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
    views = None if embed is None or near is None else _views(embed, seen, thumbs)
    copies, pairs = _copies(faces, thumbs, near, views)
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
    grey: NDArray[np.uint8] | None = None


def _see(path: Path | None, read: Callable[[Path], NDArray[np.uint8]], size: int | None) -> _Seen:
    """Read one picture, and make it small and grey if a size is given; whatever stops that is its `problem`."""
    if path is None:
        return _Seen()
    try:
        pixels = read(path)
    except UnreadablePictureError as error:
        return _Seen(problem=error.reason)
    from PIL.Image import fromarray

    height, width = pixels.shape[:2]
    digest = hashlib.blake2b(pixels.tobytes(), digest_size=16, key=f"{width}x{height}".encode()).hexdigest()
    rgb = fromarray(pixels)
    return _Seen(width, height, digest, None, cells(rgb), None if size is None else _small(rgb, size))


def _small(rgb: Image, size: int) -> NDArray[np.uint8]:
    from PIL.Image import Resampling

    return np.asarray(rgb.convert("L").resize((size, size), Resampling.BICUBIC, reducing_gap=3.0))


def _views(embed: Embedding, seen: Sequence[_Seen], thumbs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give vectors (view, picture, feature); NaN for pictures that show nothing, as their thumbnails have it."""
    shown = np.flatnonzero(~np.isnan(thumbs).any(1))
    if not len(shown):
        return np.full((2, len(seen), 1), np.nan, np.float32)
    vectors = embed(np.stack([each.grey for i in shown.tolist() if (each := seen[i]).grey is not None]))
    if len(shown) >= ENOUGH:
        vectors = centred(vectors, vectors.mean((0, 1)))
    out = np.full((len(vectors), len(seen), vectors.shape[2]), np.nan, np.float32)
    out[:, shown] = vectors
    return out


def _near(
    thumbs: NDArray[np.float32], near: float | None, views: NDArray[np.float32] | None
) -> tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.float64]]:
    """Find pairs (pair, 2), in order, what found each first, and how alike the two are by that."""
    found = {"thumbnail": (np.empty((0, 2), np.int64), np.empty(0)) if near is None else near_pairs(thumbs, near)}
    if views is not None:
        pairs, likeness = found["thumbnail"]
        agreed = np.einsum("pf,vpf->vp", views[0, pairs[:, 0]], views[:, pairs[:, 1]]).max(0) >= DOUBTED
        found["thumbnail"] = (pairs[agreed], likeness[agreed])
        found["embedding"] = near_pairs(views[0], ALIKE)
        found["mirrored"] = near_pairs(views[0], ALIKE, views[1])
    by = np.repeat(list(found), [len(pairs) for pairs, _ in found.values()])
    value = np.concatenate([value for _, value in found.values()])
    pairs, first = np.unique(np.concatenate([pairs for pairs, _ in found.values()]), axis=0, return_index=True)
    return pairs, by[first], value[first].astype(np.float64)


def _copies(
    faces: pl.DataFrame, thumbs: NDArray[np.float32], near: float | None, views: NDArray[np.float32] | None
) -> tuple[pl.Series, pl.DataFrame]:
    """Say of which face each is a copy, and list the near pairs; exact copies are compared once."""
    import polars as pl

    row = pl.int_range(pl.len()).alias("row")
    numbered = faces.select("pixels", row)
    first = numbered.select(
        pl.when(pl.col("pixels").is_null()).then("row").otherwise(pl.col("row").min().over("pixels"))
    ).to_series().to_numpy()  # fmt: skip
    one = np.unique(first)
    found, by, value = _near(thumbs[one], near, None if views is None else views[:, one])
    found = one[found]
    root = connected(found, faces.height)[first]
    alone = np.bincount(root, minlength=faces.height)[root] == 1
    copies = pl.Series("copies", faces["face"].gather(root))
    pairs = pl.DataFrame(
        {
            "face": faces["face"].gather(found[:, 0]),
            "other": faces["face"].gather(found[:, 1]),
            "by": pl.Series(by, dtype=pl.String),
            "likeness": value,
        }
    )
    return pl.select(pl.when(~pl.Series(alone)).then(copies).alias("copies")).to_series(), pairs
