"""Make the manifest of the suite `ferplus` of `evenface benchmark mitigation`, with estimated attributes.

    python benchmarks/_ferplus_suite.py FERPLUS OUT

FERPLUS is the folder or archive that `evenface data import ferplus` takes; OUT gets `manifest.parquet` and the error
rates of the estimates. Faces count where one of seven expressions has more than half of the votes given to the seven.
FER+'s validation faces become the test part. Of its training faces 4,500 are drawn by lot, a fifth of them to choose
by; copies of test faces, and of one another, are left out first. The cue `action_units` reads the training faces'
units, columns `unit:…`, for methods that are told them; a face without landmarks has none.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.cues import CUES
from evenface.cues._cue import SIDE
from evenface.datasets import DATASETS
from evenface.datasets.quality import check
from evenface.datasets.votes import majority
from evenface.models.annotate import annotate

SEVEN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
BY = ("gender", "race4", "age4")
LEARNT, CHOSEN_BY = 3600, 900


def faces(path: Path) -> Manifest:
    """Give the faces of the suite, in its three parts."""
    whole = DATASETS.get("ferplus").load(path)
    labels = LabelSpace.of(SEVEN)
    label = majority([f"votes:{name}" for name in SEVEN], SEVEN).cast(pl.Enum(labels.names)).to_physical()
    frame = (
        whole.frame.with_columns(label.cast(pl.Int16).alias("label"))
        .drop_nulls("label")
        .select(~cs.starts_with("votes:"))
    )
    frame = frame.with_columns(_pixels=check(replace(whole, frame=frame, labels=labels), near=None).faces["pixels"])
    test = frame.filter(split="validation").with_columns(split=pl.lit("test"))
    rest = frame.filter(pl.col("split") == "train", ~pl.col("_pixels").is_in(test["_pixels"].implode()))
    rest = rest.unique("_pixels", keep="first", maintain_order=True)
    lot = np.random.default_rng(0).permutation(len(rest))[: LEARNT + CHOSEN_BY]
    split = np.where(np.arange(len(lot)) < LEARNT, "train", "validation")
    learnt = rest[lot].with_columns(pl.Series("split", split))
    return replace(whole, frame=pl.concat([learnt, test]).drop("_pixels"), labels=labels)


def with_units(manifest: Manifest) -> Manifest:
    """Add the action units of the training faces."""
    cue = CUES.get("action_units")()
    frame = manifest.frame.with_row_index("_row")
    train = frame.filter(split="train")
    reading = cue.read(np.stack([_chip(image) for image in train["image"]]))
    cue.close()
    print(f"{reading.valid.mean():.1%} of {len(train):,} training faces have their action units read")
    values = np.where(reading.valid[:, None], reading.values, np.nan).astype(np.float64)
    units = pl.DataFrame(values, schema=[f"unit:{name}" for name in cue.channels]).fill_nan(None)
    frame = frame.join(units.with_columns(train["_row"]), on="_row", how="left", maintain_order="left")
    return replace(manifest, frame=frame.drop("_row"))


def _chip(image: str) -> NDArray[np.uint8]:
    """FER+'s faces fill their pictures: they are enlarged as they are."""
    face = Image.open(BytesIO(open_bytes(image))).convert("RGB")
    return np.asarray(face.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def main() -> None:
    """Choose, estimate, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ferplus", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    def tell(done: int, total: int) -> None:
        print(f"\r{done:,} of {total:,} faces estimated", end="", file=sys.stderr, flush=True)

    found = annotate(faces(given.ferplus), Path(), BY, progress=tell)
    with_units(found.manifest).save(given.out / "manifest.parquet")
    for name in found.estimated:
        found.errors(name).write_csv(given.out / f"errors_{name}.csv")
    print(found.manifest.frame.group_by("split", *(f"attr:{name}" for name in BY[:2])).len().sort("split", "len"))


if __name__ == "__main__":
    main()
