"""A folder of generated or collected faces: pictures and a manifest that says what each one shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, needs
from evenface.core.manifest import Manifest

if TYPE_CHECKING:
    import polars as pl

MANIFEST = "manifest.parquet"
NEEDED = ("family", "variant", "changed")
MOST_PIXELS = 50_000_000  # a picture that claims more is not opened
NAMED = 3  # faces named in a message
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class FaceSet:
    """Pictures with what they show.

    Attributes:
        frame: The manifest's rows that have a picture and a label, with `label` as text: the intended expression.
        paths: Each row's picture.
        labels: Class names of the manifest.
    """

    frame: pl.DataFrame
    paths: tuple[Path, ...]
    labels: tuple[str, ...]


def open_faces(folder: Path) -> FaceSet:
    """Open a counterfactual set: `manifest.parquet` with families, and the pictures that it names.

    Raises:
        InputError: There is no manifest, it has no families, or pictures are missing.
    """
    import polars as pl

    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            f"There is no {MANIFEST} in {folder}. --faces takes a folder with pictures and a manifest, as "
            "`evenface generate counterfactual-v1 FOLDER` makes it."
        )
    manifest = Manifest.load(path)
    frame = manifest.frame
    if missing := [name for name in NEEDED if name not in frame.columns]:
        raise InputError(
            f"{path} has no column {', '.join(missing)}, so its faces form no families alike in everything but one "
            "attribute. Make a counterfactual set with `evenface generate counterfactual-v1 FOLDER`."
        )
    intended = "true_label" if "true_label" in frame.columns else "label"  # `label` may be an annotator's mistake
    names = dict(enumerate(manifest.labels.names))
    frame = frame.with_columns(
        pl.col(intended).replace_strict(names, default=None, return_dtype=pl.String).alias("label")
    ).filter(pl.col("label").is_not_null() & pl.col("image").is_not_null())
    paths = tuple(folder / name for name in frame["image"])
    lost = [str(each) for each in paths if not each.is_file()]
    if lost or not paths:
        what = (
            f"{len(lost):,} of {len(paths):,} pictures are missing, such as {lost[0]}"
            if lost
            else "no row has a picture and a label"
        )
        raise InputError(f"{path}: {what}. Pictures must be single files (PNG or JPEG), not shards.")
    return FaceSet(frame, paths, manifest.labels.names)


def batches(paths: tuple[Path, ...], size: int | None, batch: int) -> Iterator[Images]:
    """Read pictures a batch at a time.

    Args:
        paths: The pictures.
        size: Width and height to bring them to; None: as they are, which must then be alike.
        batch: Pictures at a time.

    Returns:
        (face, row, column, 3) uint8, RGB.

    Raises:
        InputError: A picture cannot be read, or sizes differ.
        SettingsError: Pillow is not installed.
    """
    first: tuple[int, int] | None = None
    for start in range(0, len(paths), batch):
        read = [_read(path, size) for path in paths[start : start + batch]]
        for path, image in zip(paths[start:], read, strict=False):
            first = first or image.shape[:2]
            if image.shape[:2] != first:
                raise InputError(
                    f"{path} has {image.shape[1]} x {image.shape[0]} pixels, others have {first[1]} x {first[0]}. "
                    "Give --size to bring all pictures to one size."
                )
        yield np.stack(read)


def _read(path: Path, size: int | None) -> Images:
    with needs("Reading pictures", "pillow"):
        from PIL import Image
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP", "BMP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise InputError(f"{path} has {picture.width} x {picture.height} pixels, more than can be a face.")
            image = picture.convert("RGB")
            if size is not None and image.size != (size, size):
                image = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
            return np.asarray(image, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error
