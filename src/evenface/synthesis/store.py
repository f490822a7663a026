"""Store: images as bytes, and the three forms in which a stretch of faces is kept.

Every file is written whole or not at all, and holds the same bytes for the same faces.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from evenface.core.writing import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evenface.synthesis.spec import Spec

SUFFIX = {"png": "png", "jpeg": "jpg"}
FOLDER = 1000
"""Image files in a folder."""
PER_SHARD = 250
"""Faces that are made, kept and, after an interruption, made again together."""


def encoded(pixels: NDArray[np.uint8], spec: Spec) -> bytes:
    """Code one face, (row, column, 3), as PNG or JPEG."""
    from PIL import Image

    buffer, image = io.BytesIO(), Image.fromarray(pixels)
    if spec.image == "png":
        image.save(buffer, "png", compress_level=3)
    else:
        image.save(buffer, "jpeg", quality=spec.quality, subsampling=0 if spec.quality > 90 else 2)
    return buffer.getvalue()


def shards_of(faces: pl.Series, store: str) -> pl.Series:
    """Give the name of the shard that each face is kept in, by its number."""
    return (
        "shards/"
        + (faces // PER_SHARD).cast(pl.String).str.zfill(5)
        + {"parquet": ".parquet", "webdataset": ".tar"}[store]
    )


def write_image(out: Path, name: str, image: bytes) -> None:
    """Write one image file."""
    with replacing(out / name) as part:
        part.write_bytes(image)


def write_shard(out: Path, name: str, table: pl.DataFrame, images: Sequence[bytes], spec: Spec) -> None:
    """Write one shard: the truth and the images of a stretch of faces."""
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    with replacing(out / name) as part:
        if spec.store == "parquet":
            table.with_columns(pl.Series("image_bytes", images, dtype=pl.Binary)).write_parquet(part)
        else:
            _write_tar(part, table, images, SUFFIX[spec.image])


def _write_tar(part: Path, table: pl.DataFrame, images: Sequence[bytes], suffix: str) -> None:
    """Write what WebDataset reads: for each face its image, its label and its truth, under one name."""
    with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        for truth, image in zip(table.iter_rows(named=True), images, strict=True):
            members = {suffix: image, "cls": str(truth["label"]).encode(), "json": json.dumps(truth).encode()}
            for ending, content in members.items():
                member = tarfile.TarInfo(f"{truth['face']}.{ending}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
