"""Make the manifest that `macro` is trained from: FER+ with all faces that have votes enough, none of them twice.

    evenface data import ferplus ferplus.zip all.parquet
    python tools/ferplus_votes.py all.parquet votes.parquet

Kept are faces with more votes for the eight expressions than for `unknown` and `not-a-face`; their label is the
expression with most votes, for the votes themselves are what is learnt from. Training pictures that are pixel for pixel
a validation picture, or an earlier training picture, are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import polars as pl

from evenface.core.manifest import Manifest
from evenface.datasets.quality import check


def main() -> None:
    """Read, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    manifest = Manifest.load(given.manifest)
    frame, names = manifest.frame, manifest.labels.names
    votes = frame.select(f"votes:{name}" for name in names).to_numpy().astype(np.int64)
    others = frame.select("votes:unknown", "votes:not-a-face").to_numpy().sum(1)
    frame = frame.with_columns(
        pl.Series("label", votes.argmax(1).astype(np.int16)),
        check(manifest, given.manifest.parent, near=None).faces["pixels"],
    ).filter(pl.Series(votes.sum(1) > others))
    held_out = frame.filter(pl.col("split") != "train")
    train = frame.filter(pl.col("split") == "train", ~pl.col("pixels").is_in(held_out["pixels"].implode()))
    once = train.unique("pixels", keep="first", maintain_order=True)
    dataclasses.replace(manifest, frame=pl.concat([once, held_out]).drop("pixels")).save(given.out)
    print(f"{len(once):,} faces to learn from, {len(frame) - len(held_out) - len(once):,} copies left out")


if __name__ == "__main__":
    main()
