"""Codings of micro-expressions: a sheet with one line per clip, joined to the frames of the clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.datasets._dataset import some

if TYPE_CHECKING:
    import polars as pl


def header_at(rows: list[list[str]], wanted: tuple[str, ...], where: str) -> pl.DataFrame:
    """Make a table of a sheet whose header is the first row that holds all of `wanted`, in any case.

    Raises:
        InputError: No row does.
    """
    import polars as pl

    for at, row in enumerate(rows):
        names = [cell.strip().casefold() for cell in row]
        if set(wanted) <= set(names):
            width = len(names)
            body = [(each + [""] * width)[:width] for each in rows[at + 1 :]]
            columns = {name: [each[i].strip() for each in body] for i, name in enumerate(names) if name in wanted}
            table = pl.DataFrame(columns, schema=dict.fromkeys(wanted, pl.String))
            return table.filter(pl.col(wanted[0]) != "", pl.col(wanted[1]) != "")
    raise InputError(f"{where} has no row with the columns {', '.join(wanted)}. Export the sheet anew.")


def joined(frames: pl.DataFrame, clips: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Give each frame what is known of its clip, and its phase.

    Args:
        frames: `file`, `clip`, `frame`, and columns of their own.
        clips: `clip`, `label`, `onset`, `apex`, `offset` (numbers of frames), and columns of their own.

    Returns:
        The frames in order, with `phase` (`rest`, `onset`, `apex`, `offset`); only frames from onset to offset are
        labelled. And what is missing on either side, in words.
    """
    import polars as pl

    table = frames.sort("clip", "frame").join(clips, "clip", "left", maintain_order="left")
    at = pl.col("frame")
    inside = at.is_between(pl.col("onset"), pl.col("offset"))
    phase = (
        pl.when(~inside).then(pl.lit("rest"))
        .when(at == pl.col("apex")).then(pl.lit("apex"))
        .when(at < pl.col("apex")).then(pl.lit("onset"))
        .when(at > pl.col("apex")).then(pl.lit("offset"))
    )  # fmt: skip
    table = table.with_columns(
        phase.alias("phase"),
        pl.when(inside).then("label").alias("label"),
        pl.len().over("clip").cast(pl.Int32).alias("frames"),
    ).drop("onset", "apex", "offset")
    lost = clips.join(frames, "clip", "anti")["clip"]
    extra = frames.join(clips, "clip", "anti")["clip"].unique().sort()
    notes = (
        [f"Coded clips without frames: {len(lost)}, such as {some(lost)}; left out, having no picture."]
        if len(lost)
        else []
    )
    if len(extra):
        notes.append(f"Clips with frames but no coding: {len(extra)}, such as {some(extra)}; kept, unlabelled.")
    return table, notes
