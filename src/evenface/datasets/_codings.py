"""Codings of micro-expressions: a sheet with one line per clip, joined to the frames of the clips."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.pictures import open_bytes
from evenface.datasets._dataset import Draft, some
from evenface.datasets._files import Files
from evenface.datasets._sheet import read_sheet

if TYPE_CHECKING:
    import polars as pl

_PHASES = ("onset", "apex", "offset")
_COLUMNS = ("subject", "filename", *(f"{phase}frame" for phase in _PHASES), "actionunits", "estimatedemotion")


def coded(files: Files, frames: pl.DataFrame, start: str, clip: pl.Expr) -> Draft:
    """Give what is known of the frames of clips: label, phase and units from the sheet of codings, if there is one.

    Args:
        files: Where the sheet is, as xlsx or saved as csv.
        frames: `file`, `clip`, `frame` as text, and columns of their own.
        start: Of the sheet's name.
        clip: What a clip is called, of the sheet's columns `subject` and `filename`.

    Raises:
        InputError: The sheet cannot be read, or no row of it holds the names of the columns.
    """
    import polars as pl

    frames = frames.with_columns(pl.col("frame").cast(pl.Int32))
    file = files.first(rf"(?i)(^|/){start}[^/]*\.(xlsx|csv)$")
    if file is None:
        return Draft(frames, notes=(f"There is no sheet {start}….xlsx or .csv with codings, so no clip is labelled.",))
    clips = _sheet(files, file).select(
        clip.alias("clip"),
        pl.col("estimatedemotion").alias("label"),
        pl.col("actionunits").alias("units"),
        *(pl.col(f"{name}frame").cast(pl.Float64, strict=False).cast(pl.Int32).alias(name) for name in _PHASES),
    )
    table, notes = _joined(frames, clips.unique("clip", keep="first", maintain_order=True))
    return Draft(table, notes=tuple(notes))


def _sheet(files: Files, file: str) -> pl.DataFrame:
    """Make a table of a sheet whose header is the first row with all columns, whatever their case and spaces."""
    import polars as pl

    where = files.prefix + file
    try:
        is_text = file.casefold().endswith(".csv")
        rows = list(csv.reader(files.text(file).splitlines())) if is_text else read_sheet(open_bytes(where), where)
    except csv.Error as error:
        raise InputError(f"{where} cannot be read as a table: {error}.") from error
    for at, row in enumerate(rows):
        names = ["".join(cell.casefold().split()) for cell in row]
        if set(_COLUMNS) <= set(names):
            width = len(names)
            body = [(each + [""] * width)[:width] for each in rows[at + 1 :]]
            columns = {name: [each[i].strip() for each in body] for i, name in enumerate(names) if name in _COLUMNS}
            table = pl.DataFrame(columns, schema=dict.fromkeys(_COLUMNS, pl.String))
            return table.filter(pl.col("subject") != "", pl.col("filename") != "")
    raise InputError(f"{where} has no row with the columns {', '.join(_COLUMNS)}. Export the sheet anew.")


def _joined(frames: pl.DataFrame, clips: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
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
    ).drop(_PHASES)
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
