"""Any folder with a folder of pictures per class, perhaps inside folders per split.

- Pictures: `happy/a.jpg`, or `train/happy/a.jpg`; a class may hold folders of its own.
- Splits: folders `train`, `val`, `valid`, `validation`, `dev`, `test` above the classes; otherwise not split.
- Labels: names of the folders. Where all are known expressions in any spelling they get the spelling used here, in
  alphabetical order; otherwise they stay as they are.
- Subjects and attributes: none. Give a table instead (`csv`) where they are known.
- Licence: that of the pictures.
- Publication: none; the layout is our own definition of a custom that many tools share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace, canonical_names
from evenface.datasets._dataset import PICTURE, DataSet, Draft
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_SPLITS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
_MOST = 100


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(PICTURE).select("file")
    inner = pl.col("file").str.replace(r"^.*!/", "")
    parts = inner.str.split("/")
    table = table.with_columns(parts.list.slice(0, parts.list.len() - 1).alias("folders"))
    while _wrapped(table):
        table = table.with_columns(pl.col("folders").list.slice(1))
    first = pl.col("folders").list.get(0, null_on_oob=True)
    split = first.str.to_lowercase().replace_strict(_SPLITS, default=None, return_dtype=pl.String)
    table = table.with_columns(split.alias("split")).with_columns(
        pl.when(pl.col("split").is_null())
        .then(first)
        .otherwise(pl.col("folders").list.get(1, null_on_oob=True))
        .alias("label")
    )
    names = table["label"].drop_nulls().unique().sort().to_list()
    if not names or len(names) > _MOST:
        what = "no folders of classes" if not names else f"{len(names)} folders, more than there can be classes"
        raise InputError(f"{files.root} has {what}. A folder per class is wanted: happy/a.jpg, sad/b.jpg.")
    order = sorted(canonical_names(names) or names)
    return Draft(table.drop("folders"), labels=_space(names, order))


def _space(names: list[str], order: list[str]) -> LabelSpace:
    known = dict(zip(canonical_names(names) or names, names, strict=True))
    return LabelSpace.of([known[name] for name in order], "folders")


def _wrapped(table: pl.DataFrame) -> bool:
    """Tell whether all pictures lie in one folder that is no split, with folders inside."""
    tops = {row[0] if len(row) > 1 else None for row in table["folders"].unique().to_list()}
    top = tops.pop() if len(tops) == 1 else None
    return top is not None and top.lower() not in _SPLITS


FOLDER = DataSet(
    name="folder",
    title="a folder per class",
    doc=__doc__,
    source="Our own definition of a custom",
    licence="that of the pictures",
    layout="happy/a.jpg, sad/b.jpg, or train/happy/a.jpg.",
    signs=(rf"(^|/)[^/]+/[^/]+{PICTURE}",),
    reader=_read,
)
