"""Clips: which frames belong together, and how they become one array.

A clip is what the column `clip` of a manifest names, in the order of `frame`. A micro-expression is looked for from its
onset to its offset, so that:

- where `phase` is known, frames in `onset`, `apex` and `offset` are taken; where nothing shows, those in the middle,
  0.3 s of them if `time_s` is known, else 15;
- where no phase is known, all frames are taken, and how long they took does not matter;
- fewer than three frames are too few: movement cannot be told from noise;
- a picture that is of no clip is a still photo, and the same frame again and again.

Frames are spread evenly over the clip (our reconstruction; the nearest frame is taken, none is mixed). The face is
found in the first frame alone, and all others are cut at the same place: how a head moves stays, what a detector adds
does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

FEWEST = 3
"""Frames that a clip must have."""
STILL_SECONDS, STILL_FRAMES = 0.3, 15
"""What is taken of a clip in which nothing shows."""
_SHOWN = ("onset", "apex", "offset")


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sequences of pictures that a manifest's faces belong to.

    Attributes:
        images: For each sequence the paths of its frames, `frames` of them; none where it cannot be read.
        reasons: Why not; None where it can.
        of_face: (face,) which sequence each face of the manifest belongs to.
        notes: What a reader must know of how they were chosen.
    """

    images: tuple[tuple[str, ...], ...]
    reasons: tuple[str | None, ...]
    of_face: NDArray[np.int64]
    notes: tuple[str, ...]


def sequences(frame: pl.DataFrame, frames: int) -> Sequences:
    """Put the faces of a manifest's table together into sequences of so many frames."""
    import polars as pl

    clip = pl.col("clip").cast(pl.String) if "clip" in frame.columns else pl.lit(None, pl.String)
    face = pl.col("face")
    faces = frame.select(
        "image",
        face,
        pl.concat_str(pl.lit("clip "), clip).fill_null(pl.concat_str(pl.lit("photo "), face)).alias("sequence"),
        clip.is_not_null().alias("moving"),
        (pl.col("frame").cast(pl.Int64) if "frame" in frame.columns else pl.int_range(pl.len())).alias("frame"),
        _kept(frame).alias("kept"),
    )
    order = faces.select(pl.col("sequence").unique(maintain_order=True)).with_row_index("number")
    chosen = (
        faces.filter("kept", pl.col("image").is_not_null())
        .sort("frame", maintain_order=True)
        .group_by("sequence", maintain_order=True)
        .agg("image", pl.col("moving").first())
    )
    table = order.join(chosen, "sequence", "left", maintain_order="left").with_columns(
        pl.col("image").list.len().fill_null(0).alias("length")
    )
    few = pl.col("moving") & (pl.col("length") < FEWEST)
    why = (
        pl.when(pl.col("length") == 0).then(pl.lit("the manifest names no picture"))
        .when(few).then(pl.format("clip too short: {} of the {} frames that are needed", "length", pl.lit(FEWEST)))
    )  # fmt: skip
    at = [np.rint(np.linspace(0, max(length - 1, 0), frames)).astype(int) for length in table["length"]]
    reasons = tuple(table.select(why.alias("why"))["why"])
    images = tuple(
        tuple(paths[int(i)] for i in places) if reason is None else ()
        for paths, places, reason in zip(table["image"], at, reasons, strict=True)
    )
    numbers = faces.join(order, "sequence", "left", maintain_order="left")["number"]
    return Sequences(images, reasons, numbers.to_numpy().astype(np.int64), _notes(frame))


def _kept(frame: pl.DataFrame) -> pl.Expr:
    """Which frames of a clip are looked at."""
    import polars as pl

    if not {"clip", "phase"} <= set(frame.columns):
        return pl.lit(True)
    shown = pl.col("phase").is_in(_SHOWN)
    known = pl.col("phase").is_not_null().any().over("clip")
    if "time_s" in frame.columns:
        middle = (pl.col("time_s").min() + pl.col("time_s").max()).over("clip") / 2
        near = (pl.col("time_s") - middle).abs() <= STILL_SECONDS / 2
    else:
        place, length = pl.int_range(pl.len()).over("clip"), pl.len().over("clip").cast(pl.Int64)
        near = (2 * place - length + 1).abs() <= STILL_FRAMES
    any_shown = shown.any().over("clip")
    kept = pl.when(~known.fill_null(False)).then(True).when(any_shown).then(shown).otherwise(near)
    return pl.when(pl.col("clip").is_null()).then(True).otherwise(kept).fill_null(True)


def _notes(frame: pl.DataFrame) -> tuple[str, ...]:
    import polars as pl

    if "clip" not in frame.columns or not frame["clip"].count():
        return ("There are no clips: each picture is read as a still photo, the same frame again and again.",)
    notes = []
    if "time_s" not in frame.columns:
        notes.append("The frame rate of the clips is not known; each is read from its first frame to its last.")
    if "phase" not in frame.columns:
        notes.append("Onset and offset of the clips are not known; all frames of each are taken.")
    photos = frame.filter(pl.col("clip").is_null()).height
    return (*notes, f"{photos:,} pictures are of no clip, and read as still photos.") if photos else tuple(notes)
