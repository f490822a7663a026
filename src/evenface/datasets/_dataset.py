"""What a data set is: how to know its folder, and how to read it into a Manifest that says what is amiss."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import TEXT_COLUMNS, Manifest
from evenface.core.pictures import SUFFIXES
from evenface.core.tables import Attribute
from evenface.datasets._files import Files, list_files

if TYPE_CHECKING:
    import polars as pl

PICTURE = rf"(?i)\.({'|'.join(ending[1:] for ending in SUFFIXES)})$"
"""Ends the path of a picture."""
UNLABELLED = LabelSpace("no expression labels", ("unlabelled",))
"""For sets without expressions: the class that no face of theirs has."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reader found, before it is held against the files.

    Attributes:
        table: One row per face: `file` (as in `Files`, null if there is none); perhaps `face`, `subject`, `split`,
            `label` (code or name), `attr:<name>`, and any columns more.
        attributes: The attributes in `table`.
        pictures: Pattern of the pictures that belong to the set; those not in `table` join it without a label.
        labels: Where the set's folder decides its classes.
        notes: Choices made, and faults found, in words.
    """

    table: pl.DataFrame
    attributes: tuple[Attribute, ...] = ()
    pictures: str | None = None
    labels: LabelSpace | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set in its official layout.

    Attributes:
        name: As in `DATASETS`; each row's `dataset`.
        title: As its authors call it.
        doc: What it is: splits, labels, subjects, attributes and who gave them, licence and how to ask for it.
        source: Publication.
        licence: In a few words.
        layout: What its folder looks like, for the message to one who gave another.
        signs: Patterns of paths; all are there in a folder of this set.
        reader: From the files to a draft.
        labels: Its classes and codes.
        region: Where its faces were taken.
    """

    name: str
    title: str
    doc: str
    source: str
    licence: str
    layout: str
    signs: tuple[str, ...]
    reader: Callable[[Files], Draft]
    labels: LabelSpace = UNLABELLED
    region: str | None = None

    def fits(self, files: Files) -> bool:
        """Tell whether these files look like this data set."""
        return all(files.has(sign) for sign in self.signs)

    def load(self, root: str | os.PathLike[str]) -> Manifest:
        """Read a folder or archive; pictures stay where they are.

        Args:
            root: The folder as it was handed out, one above it, or a zip archive of it.

        Returns:
            A manifest with absolute paths. Its `notes` say which labels have no picture, which pictures no label,
            and which labels are not known.

        Raises:
            InputError: It is not this data set (the message says which it looks like), or cannot be read.
        """
        files = list_files(root)
        if not self.fits(files):
            raise InputError(" ".join((_not_this(self, files, root), *files.notes)))
        draft = self.reader(files)
        if not draft.table.height:
            raise InputError(f"{root} is laid out like {self.title}, but holds none of its faces. {self.layout}")
        return _manifest(self, files, draft)


def looks_like(files: Files) -> list[str]:
    """Name the data sets whose layout these files have, but for `folder` and `csv`, which many would fit."""
    from evenface.datasets import DATASETS

    return [name for name in DATASETS if name not in ("folder", "csv") and DATASETS.get(name).fits(files)]


def _not_this(wanted: DataSet, files: Files, root: str | os.PathLike[str]) -> str:
    near = [name for name in looks_like(files) if name != wanted.name]
    guess = f"It looks like {' or '.join(near)}." if near else "It looks like no data set known here."
    if not files.frame.height:
        guess = "It is empty."
    elif inner := _inside(wanted, files):
        guess = f"It looks like a folder inside it: give {inner}."
    return (
        f"{root} is not {wanted.title} as it is handed out. {guess} Expected: {wanted.layout} "
        "Folders with one folder per class are read as 'folder', tables with paths as 'csv'."
    )


def _inside(wanted: DataSet, files: Files) -> Path | None:
    """Give the folder, up to two above, in which these files would be the data set."""
    for level, above in enumerate(files.root.parents[:2]):
        way = "/".join(files.root.parts[-level - 1 :])
        if wanted.fits(Files(above, files.frame.with_columns(file=way + "/" + files.frame["file"]))):
            return above
    return None


def _manifest(of: DataSet, files: Files, draft: Draft) -> Manifest:
    import polars as pl

    table, notes = _with_files(files, draft)
    labels = draft.labels or of.labels
    table, unknown = _labelled(table, labels)
    texts = [*TEXT_COLUMNS, *(f"attr:{a.name}" for a in draft.attributes)]
    table = table.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in texts if name not in table.columns),
    ).with_columns(
        pl.coalesce("face", pl.col("file").str.replace(r"^.*!/", "")).alias("face"),
        (pl.lit(files.prefix) + pl.col("file")).alias("image"),
        pl.lit(of.name).alias("dataset"),
        pl.coalesce("region", pl.lit(of.region, pl.String)).alias("region"),
    )
    table, twice = _told_apart(table)
    rest = [name for name in table.columns if name not in (*texts, "label", "file")]
    ordered = table.select(*TEXT_COLUMNS, "label", *(n for n in texts if n.startswith("attr:")), *rest)
    return Manifest(
        ordered, labels, draft.attributes, (*files.notes, *draft.notes, *notes, *unknown, *twice)
    ).validate()


def _with_files(files: Files, draft: Draft) -> tuple[pl.DataFrame, list[str]]:
    """Hold the table against what is there: labels without pictures lose `file`, pictures without labels join."""
    import polars as pl

    there = files.frame["file"]
    table = draft.table
    own = pl.col("file").str.contains(r"\.(csv|parquet)!/")  # a row of a table that was read, so it is there
    gone = table.filter(pl.col("file").is_not_null() & ~pl.col("file").is_in(there.implode()) & ~own)["file"]
    notes = []
    if len(gone):
        notes.append(f"Labels without a picture: {len(gone):,}, such as {some(gone)}; kept, with no image.")
        names = pl.coalesce("face", "file") if "face" in table.columns else pl.col("file")
        lost = pl.col("file").is_in(gone.implode())
        table = table.with_columns(names.alias("face"), pl.when(~lost).then("file").alias("file"))
    if draft.pictures is not None:
        extra = files.frame.filter(
            pl.col("file").str.contains(draft.pictures) & ~pl.col("file").is_in(table["file"].drop_nulls().implode())
        )
        if extra.height:
            notes.append(
                f"Pictures without a label: {extra.height:,}, such as {some(extra['file'])}; kept, unlabelled."
            )
            table = pl.concat([table, extra], how="diagonal")
    return table, notes


def _labelled(table: pl.DataFrame, labels: LabelSpace) -> tuple[pl.DataFrame, list[str]]:
    """Turn codes and names into places in `labels.names`."""
    import polars as pl

    if "label" not in table.columns:
        return table.with_columns(pl.lit(None, pl.Int16).alias("label")), []
    places = {value: labels.find(value) for value in table["label"].drop_nulls().unique().sort()}
    known = {value: labels.index(name) for value, name in places.items() if name is not None}
    unknown = [value for value, name in places.items() if name is None]
    notes = []
    if unknown:
        counts = table.filter(pl.col("label").is_in(unknown)).group_by("label").len().sort("label").rows()
        said = ", ".join(f"{value!r} ({count:,})" for value, count in counts)
        notes.append(
            f"Labels that are none of {', '.join(labels.names)}: {said}. These faces are kept without a label."
        )
    mapped = pl.col("label").replace_strict(known, default=None, return_dtype=pl.Int16)
    return table.with_columns(mapped.alias("label")), notes


def _told_apart(table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Give rows that labels name more than once ids of their own: the second `a` is `a#2`."""
    import polars as pl

    again = table.filter(~pl.col("face").is_first_distinct())["face"]
    if not len(again):
        return table, []
    nth = pl.int_range(1, pl.len() + 1).over("face")
    face = pl.when(nth > 1).then(pl.concat_str("face", pl.lit("#"), nth)).otherwise("face")
    said = f"Rows that name a face anew: {len(again):,}, such as {some(again)}; kept, as {again[0]}#2."
    return table.with_columns(face.alias("face")), [said]


def levels(column: str, meaning: Mapping[str, str]) -> pl.Expr:
    """Turn a data set's codes into levels; other values are not known."""
    import polars as pl

    return pl.col(column).replace_strict(dict(meaning), default=None, return_dtype=pl.String)


def bands(value: pl.Expr, edges: Mapping[str, int]) -> pl.Expr:
    """Turn numbers into bands: level -> lowest number in it, ascending; what is below the first is not known."""
    import polars as pl

    result = pl.lit(None, pl.String)
    for level, lowest in edges.items():
        result = pl.when(value >= lowest).then(pl.lit(level)).otherwise(result)
    return result


def beside(file: str) -> str:
    """Give the folder of a file with its `/`; empty at the root.

    Example:
        >>> beside("a/b/label.csv"), beside("label.csv"), beside("a.zip!/label.csv")
        ('a/b/', '', 'a.zip!/')
    """
    return file[: file.rfind("/") + 1]


def need_columns(files: Files, file: str, table: pl.DataFrame, names: tuple[str, ...]) -> None:
    """Check that a table has columns.

    Raises:
        InputError: Some are missing; all of them.
    """
    if missing := [name for name in names if name not in table.columns]:
        raise InputError(
            f"{files.prefix}{file} has no column {', '.join(missing)}; its columns are {', '.join(table.columns)}."
        )


def some(values: pl.Series) -> str:
    """Name the first few."""
    return ", ".join(map(repr, values.head(_NAMED))) + (", …" if len(values) > _NAMED else "")
