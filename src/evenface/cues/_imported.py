"""Action units that other tools read: the CSV files of OpenFace 2 and of py-feat as cue tables.

- OpenFace 2 (Baltrušaitis et al., FG 2018): `AU01_r` … from 0 to 5, `confidence`, and `success` of videos. One file for
each
  picture, named like it, or one for each clip, named like it, whose rows are frames from 1 on.
- py-feat (Cheong et al., arXiv:2104.03509): `AU01` … from 0 to 1, `FaceScore`, and the picture's path in `input`.
- Scripts around OpenFace 3 number columns from 1 on, whichever unit each is, and do not agree on which: the user names
  them.

Of several faces in a picture the one that the tool is surest of counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenface.core.errors import InputError, SettingsError
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading, with_gaps

if TYPE_CHECKING:
    import polars as pl

_NOT_THERE = "not in the imported table"
_FAILED = "the tool found no face"
_OPENFACE = {1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45}


@dataclass(frozen=True, slots=True)
class Imported:
    """Units from another tool's table.

    Attributes:
        name: `openface` or `pyfeat`.
        channels: Units that it has, such as `AU12`.
        reading: One row per face of the manifest.
        notes: What a reader must know.
    """

    name: str
    channels: tuple[str, ...]
    reading: CueReading
    notes: tuple[str, ...]


def import_units(source: Path, manifest: Manifest, named: Sequence[str] | None = None) -> Imported:
    """Read the units of a manifest's faces from a CSV file, or a folder of such.

    Args:
        source: The file or folder.
        manifest: Whose faces.
        named: Which unit each of the columns is that are numbered from 1 on, in their order, as `AU06`; None: columns
            bear the names of their units.

    Raises:
        InputError: There is no such file, it is no table of units, its columns do not say which units they are, or no
            row belongs to a face of the manifest.
        SettingsError: `named` is no list of different units, or does not fit the columns.
    """
    files = sorted(source.glob("*.csv")) if source.is_dir() else [source]
    if not files or not files[0].is_file():
        raise InputError(
            f"There is no {source}, or it holds no CSV files. Give a file or folder of OpenFace or py-feat."
        )
    tables = [_read(path) for path in files]
    name, columns, sure = _kind(tables[0], files[0])
    units = _named(columns, named) if named is not None else _checked(columns, name, files[0])
    import polars as pl

    try:
        table = pl.concat([each.select("key", "at", *_numbers([*columns, sure, "success"], each)) for each in tables])
    except pl.exceptions.PolarsError as error:
        raise InputError(f"The files in {source} have different columns: {error}. Import them one by one.") from error
    keys = _keys(manifest, table)
    best = table.sort(sure, descending=True, nulls_last=True).unique(["key", "at"], keep="first", maintain_order=True)
    rows = keys.join(best, ["key", "at"], "left", maintain_order="left", nulls_equal=True)
    if not rows["there"].count():
        seen = ", ".join(repr(key) for key in table["key"].unique().sort().head(3))
        raise InputError(
            f"No row of {source} belongs to a face of the manifest. It speaks of {seen}; files are named like pictures "
            "or clips, or have a column 'input' or 'face'."
        )
    notes = _notes(rows, name, dict(zip(columns, named, strict=True)) if named is not None else {})
    return Imported(name, units, _reading(rows, columns, sure), notes)


def _read(path: Path) -> pl.DataFrame:
    """Read one file, with `key` (what its rows belong to) and `at` (frame, where it is of a clip)."""
    import polars as pl

    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}.") from error
    table = table.rename({name: name.strip() for name in table.columns})
    key = next((pl.col(name).str.strip_chars() for name in ("face", "input") if _texts(table, name)), pl.lit(path.stem))
    frame = pl.col("frame").str.strip_chars().cast(pl.Float64, strict=False).cast(pl.Int64)
    own = "frame" in table.columns and not _texts(table, "input")
    return table.with_columns(key.alias("key"), (frame if own else pl.lit(None, pl.Int64)).alias("at"))


def _texts(table: pl.DataFrame, name: str) -> bool:
    """Tell whether a column names something: OpenFace's own `face` counts faces of a picture."""
    return name in table.columns and not table[name].str.strip_chars().str.contains(r"^\d*$").all()


def _kind(table: pl.DataFrame, path: Path) -> tuple[str, list[str], str]:
    """Tell which tool wrote a table: its name, its columns of units, and that of its confidence."""
    for name, pattern, sure in (("openface", r"AU\d\d_r", "confidence"), ("pyfeat", r"AU\d\d", "FaceScore")):
        units = sorted(column for column in table.columns if re.fullmatch(pattern, column))
        if units and sure in table.columns:
            return name, units, sure
    raise InputError(f"{path} has no columns AU01_r … and confidence (OpenFace 2), nor AU01 … and FaceScore (py-feat).")


def _checked(columns: Sequence[str], name: str, path: Path) -> tuple[str, ...]:
    """Give the units that columns are named for; raises InputError where they are numbered and not named."""
    strange = {int(column[2:4]) for column in columns} - _OPENFACE
    if name == "openface" and strange:
        raise InputError(
            f"{path} has columns {', '.join(columns)}, and OpenFace 2 reads no {min(strange)}. Scripts around "
            "OpenFace 3 number columns in order, whichever unit each is: say which with --units, in that order."
        )
    return tuple(column[:4] for column in columns)


def _named(columns: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Give the units that numbered columns are said to be; raises SettingsError where that cannot be."""
    faults = [f"{unit!r} is no unit, such as 'AU06'" for unit in named if not re.fullmatch(r"AU\d\d", unit)]
    faults += [f"{unit} is named twice" for unit in dict.fromkeys(named) if list(named).count(unit) > 1]
    if [int(column[2:4]) for column in columns] != list(range(1, len(columns) + 1)):
        faults.append(f"columns {', '.join(columns)} are not numbered from 1 on: they are named already, leave it out")
    elif len(named) != len(columns):
        faults.append(f"{len(named)} units are named for {len(columns)} columns ({columns[0]} to {columns[-1]})")
    if faults:
        raise SettingsError(f"--units {','.join(named)}: {'; '.join(faults)}.")
    return tuple(named)


def _numbers(names: Sequence[str], table: pl.DataFrame) -> list[pl.Expr]:
    import polars as pl

    return [
        (pl.col(name).str.strip_chars() if name in table.columns else pl.lit(None, pl.String))
        .cast(pl.Float64, strict=False)
        .alias(name)
        for name in names
    ]


def _keys(manifest: Manifest, table: pl.DataFrame) -> pl.DataFrame:
    """Give each face of a manifest the key that the table knows it by."""
    import polars as pl

    frame, known = manifest.frame, table["key"].unique().implode()
    file = pl.col("image").str.split("/").list.last()
    ways: list[tuple[pl.Expr, pl.Expr]] = [
        (pl.col("face"), pl.lit(None, pl.Int64)),
        (pl.col("image"), pl.lit(None, pl.Int64)),
        (file, pl.lit(None, pl.Int64)),
        (file.str.replace(r"\.[^.]*$", ""), pl.lit(None, pl.Int64)),
    ]
    if {"clip", "frame"} <= set(frame.columns):
        clip = pl.col("clip").cast(pl.String)
        order = pl.col("frame").rank("ordinal").over("clip").cast(pl.Int64)
        ways += [(clip, order), (clip.str.split("/").list.last(), order)]
    counts = [frame.select(key.is_in(known).sum()).item() or 0 for key, _ in ways]
    key, at = ways[int(np.argmax(counts))]
    named = frame.select(key.alias("key"), at.alias("at"))
    if named["at"].null_count() and table["at"].null_count() < len(table):  # a picture is its own only frame
        named = named.join(
            table.group_by("key").agg(pl.col("at").min().alias("first")), "key", "left", maintain_order="left"
        )
        named = named.select("key", pl.coalesce("at", "first").alias("at"))
    if twice := int(named.filter(pl.col("key").is_in(known)).is_duplicated().sum()):
        raise InputError(
            f"{twice:,} faces of the manifest have the same name as another in the table; give full paths."
        )
    return named.with_columns(pl.when(pl.col("key").is_in(known)).then(1).alias("there"))


def _reading(rows: pl.DataFrame, units: Sequence[str], sure: str) -> CueReading:
    values = rows.select(units).to_numpy().astype(np.float32)
    there = rows["there"].is_not_null().to_numpy()
    found = there & np.isfinite(values).all(1) & (rows["success"].fill_null(1).to_numpy() != 0)
    reasons = [None if ok else _FAILED if here else _NOT_THERE for ok, here in zip(found, there, strict=True)]
    confidence = np.clip(rows[sure].to_numpy().astype(np.float32), 0, 1)
    return with_gaps(len(units), found, values[found], confidence[found], reasons)


def _notes(rows: pl.DataFrame, name: str, named: Mapping[str, str]) -> tuple[str, ...]:
    missing = rows["there"].null_count()
    if named:
        told = ", ".join(f"{column} as {unit}" for column, unit in named.items())
        notes: tuple[str, ...] = (f"Read as you named them: {told}. Their scale is not known, and is left as it is.",)
    else:
        scale = "0 to 5" if name == "openface" else "0 to 1"
        notes = (f"Read as a table of {name}; its units are from {scale}.",)
    return (*notes, f"{missing:,} of {len(rows):,} faces are not in it.") if missing else notes
