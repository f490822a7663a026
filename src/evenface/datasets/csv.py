"""Any table of pictures: a csv with a path, and perhaps a label, person, split and attributes for each.

- Pictures: column `image`, `path`, `file`, `filename`, `img` or `image_path`: a path from the table's folder. A path
  that leads out of that folder is not followed. Give the csv itself, or a folder that holds just one.
- Splits: column `split`, `usage`, `subset` or `partition`. Subjects: `subject`, `person`, `identity`, `actor`.
- Labels: `label`, `emotion`, `expression`, `class`. Names get the spelling used here where all are known expressions;
  bare numbers stay numbers, since their order is not told.
- Attributes: columns `attr:<name>`, and those called gender, sex, race, ethnicity, age, age_group, skin_tone where
  they have at most 30 values. Where they come from is not known. Other columns are kept as text.
- Licence: that of the pictures.
- Publication: none; the layout is our own definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, beside
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_NAMES = {
    "image": ("image", "path", "file", "filename", "file_name", "img", "image_path"),
    "face": ("face", "face_id", "id"),
    "label": ("label", "emotion", "expression", "class"),
    "subject": ("subject", "person", "identity", "actor", "subject_id"),
    "split": ("split", "usage", "subset", "partition"),
}
_KNOWN = ("gender", "sex", "race", "ethnicity", "age", "age_group", "skin_tone")
_SPLITS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "publictest": "validation", "test": "test", "testing": "test", "privatetest": "test",
}  # fmt: skip
_MOST = 30


def _read(files: Files) -> Draft:
    import polars as pl

    tables = [files.chosen] if files.chosen else files.match(r"(?i)\.csv$")["file"].to_list()
    if len(tables) != 1:
        raise InputError(f"{files.root} holds {len(tables)} csv files ({', '.join(tables[:5])}); give one of them.")
    table, found = _renamed(files, tables[0])
    table = table.with_columns((pl.lit(beside(tables[0])) + pl.col("image").str.replace(r"^\./", "")).alias("file"))
    if "split" in table.columns:
        split = pl.col("split").str.to_lowercase().replace_strict(_SPLITS, default=None, return_dtype=pl.String)
        table = table.with_columns(split.alias("split"))
    attributes = tuple(_attribute(table, name) for name in table.columns if name.startswith("attr:"))
    names = table["label"].drop_nulls().unique().sort().to_list() if "label" in table.columns else []
    labels = LabelSpace.of(names, "csv") if names else None
    if labels is not None and all(name.isdecimal() for name in names):
        labels = LabelSpace(
            "csv", tuple(f"class {name}" for name in sorted(names, key=int)), {n: f"class {n}" for n in names}
        )
    return Draft(table.drop("image"), attributes, labels=labels, notes=found)


def _renamed(files: Files, file: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    table = files.table(file)
    folded = {name.casefold(): name for name in table.columns}
    taken = {role: next((folded[n] for n in names if n in folded), None) for role, names in _NAMES.items()}
    if taken["image"] is None:
        raise InputError(f"{files.prefix}{file} has no column of pictures ({', '.join(_NAMES['image'])}).")
    renaming = {name: role for role, name in taken.items() if name is not None}
    for known in _KNOWN:
        name = folded.get(known)
        if name is not None and f"attr:{known}" not in table.columns and table[name].n_unique() <= _MOST:
            renaming[name] = f"attr:{known}"
    said = ", ".join(f"{new}: {old!r}" for old, new in renaming.items())
    return table.rename(renaming), (f"Columns read as {said}.",)


def _attribute(table: pl.DataFrame, column: str) -> Attribute:
    return Attribute(column.removeprefix("attr:"), tuple(table[column].drop_nulls().unique().sort()), "unknown")


CSV = DataSet(
    name="csv",
    title="a table of pictures",
    doc=__doc__,
    source="Our own definition",
    licence="that of the pictures",
    layout="faces.csv with a column image (a path from its folder), and perhaps label, subject, split, attributes.",
    signs=(r"(?i)\.csv$",),
    reader=_read,
)
