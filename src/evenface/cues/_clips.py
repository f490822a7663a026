"""Clips: which frames belong together, and how they become one array.

A clip is what the column `clip` of a manifest names, in the order of `frame`. A micro-expression is looked for from its
onset to its offset, so that:

- where `phase` is known, frames in `onset`, `apex` and `offset` are taken; where nothing shows, those in the middle,
  0.3 s of them if `time_s` of each is known, else 15;
- where no phase is known, all frames are taken, and how long they took does not matter;
- fewer than three frames are too few: movement cannot be told from noise;
- a picture that is of no clip is a still photo, and the same frame again and again.

What is known is decided clip by clip: a column that is there may be null for some.

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
_ALL, _ONSET, _SECONDS, _MIDDLE = "", " from onset to offset", f" in the middle {STILL_SECONDS} s", " in the middle"
"""What is looked at of a clip, as a reason says it."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sequences of pictures that a manifest's faces belong to.

    Attributes:
        images: For each sequence the paths of its frames, `frames` of them; none where it cannot be read.
        reasons: Why not; None where it can.
        of_face: (face,) which sequence each face of the manifest belongs to.
        looked_at: (face,) whether it is in the part of the sequence that is read.
        notes: What a reader must know of how they were chosen.
    """

    images: tuple[tuple[str, ...], ...]
    reasons: tuple[str | None, ...]
    of_face: NDArray[np.int64]
    looked_at: NDArray[np.bool_]
    notes: tuple[str, ...]


def sequences(frame: pl.DataFrame, frames: int) -> Sequences:
    """Put the faces of a manifest's table together into sequences of so many frames."""
    import polars as pl

    faces = _parts(frame)
    own = faces.group_by("sequence", maintain_order=True).agg(
        pl.col("image", "moving", "part", "timed").first(), pl.col("image").count().alias("pictures")
    )
    chosen = (
        faces.filter("kept", pl.col("image").is_not_null())
        .sort("frame", maintain_order=True)
        .group_by("sequence", maintain_order=True)
        .agg(pl.col("image").alias("images"))
    )
    table = own.join(chosen, "sequence", "left", maintain_order="left").with_columns(
        pl.col("images").list.len().fill_null(0).alias("length")
    )
    few = pl.col("moving") & (pl.col("length") < FEWEST)
    short = pl.format("clip too short: {} of the {} frames that are needed{}", "length", pl.lit(FEWEST), "part")
    why = (
        pl.when(pl.col("pictures") == 0).then(pl.lit("the manifest names no picture"))
        .when(few).then(short)
    )  # fmt: skip
    at = [np.rint(np.linspace(0, max(length - 1, 0), frames)).astype(int) for length in table["length"]]
    reasons = tuple(table.select(why.alias("why"))["why"])
    images = tuple(
        tuple(paths[int(i)] for i in places) if reason is None else ()
        for paths, places, reason in zip(table["images"], at, reasons, strict=True)
    )
    order = own.select("sequence").with_row_index("number")
    numbers = faces.join(order, "sequence", "left", maintain_order="left")["number"]
    kept = faces["kept"].fill_null(False).to_numpy()
    return Sequences(images, reasons, numbers.to_numpy().astype(np.int64), kept, _notes(own))


def _parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Give each face its sequence, what is looked at of that (`part`), and whether the face is in it (`kept`)."""
    import polars as pl

    there = set(frame.columns)
    clip = pl.col("clip").cast(pl.String) if "clip" in there else pl.lit(None, pl.String)
    photo = pl.concat_str(pl.lit("photo "), "face")
    faces = frame.select(
        "image",
        pl.concat_str(pl.lit("clip "), clip).fill_null(photo).alias("sequence"),
        clip.is_not_null().alias("moving"),
        (pl.col("frame").cast(pl.Int64) if "frame" in there else pl.int_range(pl.len())).alias("frame"),
        (pl.col("phase").cast(pl.String) if "phase" in there else pl.lit(None, pl.String)).alias("phase"),
        (pl.col("time_s").cast(pl.Float64) if "time_s" in there else pl.lit(None, pl.Float64)).alias("time"),
    )
    whole, time = "sequence", pl.col("time")
    shows = pl.col("phase").is_in(_SHOWN).fill_null(False)
    place, length = pl.col("frame").rank("ordinal").over(whole).cast(pl.Int64), pl.len().over(whole).cast(pl.Int64)
    part = (
        pl.when(~pl.col("moving") | pl.col("phase").is_null().all().over(whole)).then(pl.lit(_ALL))
        .when(shows.any().over(whole)).then(pl.lit(_ONSET))
        .when("timed").then(pl.lit(_SECONDS))
        .otherwise(pl.lit(_MIDDLE))
    )  # fmt: skip
    kept = (
        pl.when(pl.col("part") == _ONSET).then(shows)
        .when(pl.col("part") == _SECONDS)
        .then((time - (time.min() + time.max()).over(whole) / 2).abs() <= STILL_SECONDS / 2)
        .when(pl.col("part") == _MIDDLE).then((2 * place - 1 - length).abs() <= STILL_FRAMES)
        .otherwise(True)
    )  # fmt: skip
    timed = time.is_finite().fill_null(False).all().over(whole)
    return faces.with_columns(timed.alias("timed")).with_columns(part.alias("part")).with_columns(kept.alias("kept"))


def _notes(own: pl.DataFrame) -> tuple[str, ...]:
    """Say what is not known of the clips, and how each is read therefore.

    Args:
        own: A row per sequence: `moving`, `part`, `timed`.
    """
    import polars as pl

    clips = own.filter("moving")
    if clips.is_empty():
        return ("There are no clips: each picture is read as a still photo, the same frame again and again.",)
    notes = []
    untimed = clips.filter(~pl.col("timed"))
    if len(untimed):
        ways = {
            _ONSET: "{:,} are read from onset to offset",
            _MIDDLE: f"of {{:,}}, in which nothing shows, the {STILL_FRAMES} frames in the middle are read",
            _ALL: "{:,} are read from the first frame to the last",
        }
        counts = {part: untimed.filter(pl.col("part") == part).height for part in ways}
        told = "; ".join(way.format(counts[part]) for part, way in ways.items() if counts[part])
        notes.append(f"The frame rate of {len(untimed):,} of {len(clips):,} clips is not known: {told}.")
    if unknown := clips.filter(pl.col("part") == _ALL).height:
        notes.append(
            f"Onset and offset of {unknown:,} of {len(clips):,} clips are not known; all frames of each are taken."
        )
    photos = len(own) - len(clips)
    return (*notes, f"{photos:,} pictures are of no clip, and read as still photos.") if photos else tuple(notes)
