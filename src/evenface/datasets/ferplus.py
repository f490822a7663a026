"""FER+: FER2013's faces, each judged anew by ten people.

- Pictures: 48 x 48 grey PNG in `FER2013Train`, `FER2013Valid`, `FER2013Test`, each with a `label.csv` without header
  (file name, box, ten counts); or the table `fer2013new.csv` beside these folders, or beside `fer2013.csv`.
- Splits: train, validation, test, as in FER2013. The same picture can be in two of them: check.
- Labels: the votes stay, in `votes:<expression>`, `votes:unknown` and `votes:not-a-face`. `label` is the expression
  that has more than half of all ten votes, and null where none has. `entropy` is that of the votes for the eight
  expressions, in nats (0 where all agree). For other rules, and soft labels, see `datasets.votes`.
- Subjects: not known. One person may be in several splits.
- Attributes: none.
- Licence: votes MIT (github.com/microsoft/FERPlus). The pictures were found on the web for a challenge of 2013, and
  their rights are not clear: research only. They come with FER2013.
- Publication: Barsoum, Zhang, Canton Ferrer, Zhang, "Training deep networks for facial expression recognition with
  crowd-sourced label distribution", ICMI 2016, arXiv:1608.01041.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft, beside, need_columns
from evenface.datasets._files import Files
from evenface.datasets._pixels import USAGE, rows_of_pixels
from evenface.datasets.votes import entropy, majority

if TYPE_CHECKING:
    import polars as pl

_SPLITS = {"FER2013Train": "train", "FER2013Valid": "validation", "FER2013Test": "test"}
_EXPRESSIONS = SPACES["FER+"].names
_VOTES = [f"votes:{name}" for name in (*_EXPRESSIONS, "unknown", "not-a-face")]
_TABLE = r"(^|/)fer2013new\.csv$"
_LABELS = r"(^|/)FER2013(Train|Valid|Test)/label\.csv$"


def _read(files: Files) -> Draft:
    table = _from_folders(files) if files.has(_LABELS) else _from_table(files)
    return Draft(_counted(table), pictures=r"FER2013(Train|Valid|Test)/[^/]*\.png$")


def _from_folders(files: Files) -> pl.DataFrame:
    import polars as pl

    parts = []
    for file in files.match(_LABELS)["file"]:
        folder = beside(file)
        table = files.table(file, names=["name", "box", *_VOTES]).drop("box")
        split = _SPLITS[folder.rstrip("/").rpartition("/")[2]]
        parts.append(table.with_columns((pl.lit(folder) + pl.col("name")).alias("file"), pl.lit(split).alias("split")))
    return pl.concat(parts).with_columns(pl.col("name").str.replace(r"\.png$", "").alias("face")).drop("name")


def _from_table(files: Files) -> pl.DataFrame:
    import polars as pl

    file = files.first(_TABLE) or ""
    table = files.table(file)
    if table.width != len(_VOTES) + 2:
        raise InputError(f"{files.prefix}{file} has {table.width} columns; expected Usage, Image name and ten counts.")
    need_columns(files, file, table, ("Usage", "Image name"))
    table = table.rename(dict(zip(table.columns, ["usage", "name", *_VOTES], strict=True))).with_row_index("row")
    stem = pl.col("name").str.replace(r"\.png$", "")
    unnamed = pl.lit("row") + pl.col("row").cast(pl.String).str.zfill(7)  # faces that were found to be none
    table = table.with_columns(
        pl.col("usage").replace_strict(USAGE, default=None, return_dtype=pl.String).alias("split"),
        pl.coalesce(stem, unnamed).alias("face"),
    )
    pixels = files.first(r"(^|/)(fer2013|icml_face_data)\.csv$")
    if pixels is not None:
        return table.with_columns(rows_of_pixels(files, pixels)).drop("usage", "name", "row")
    folder = pl.col("split").replace_strict({s: f for f, s in _SPLITS.items()}, default=None, return_dtype=pl.String)
    return table.with_columns((pl.lit(beside(file)) + folder + "/" + pl.col("name")).alias("file")).drop(
        "usage", "name", "row"
    )


def _counted(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    try:
        table = table.with_columns(pl.col(_VOTES).str.strip_chars().cast(pl.UInt8))
    except pl.exceptions.PolarsError as error:
        raise InputError(f"FER+ votes must be whole numbers: {error}.") from error
    return table.with_columns(
        majority(_VOTES, [*_EXPRESSIONS, None, None]).alias("label"),
        entropy(_VOTES[: len(_EXPRESSIONS)]).alias("entropy"),
    )


FERPLUS = DataSet(
    name="ferplus",
    title="FER+",
    doc=__doc__,
    source="Barsoum et al., ICMI 2016, arXiv:1608.01041",
    licence="votes MIT; pictures of unclear rights, research only",
    layout="FER2013Train/label.csv with its pictures (and FER2013Valid, FER2013Test), or fer2013new.csv.",
    signs=(rf"{_LABELS}|{_TABLE}",),
    reader=_read,
    labels=SPACES["FER+"],
    region="web",
)
