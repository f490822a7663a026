"""WebDataset shards: tar files in which what belongs to one face has one name and several endings.

- Pictures: `000001.jpg` (or png, webp …) in `train/00000.tar`; read in place, as `00000.tar!/000001.jpg`. Shards that
  are packed (`.tar.gz`) are not read: they have no places to find a picture by.
- Splits: from a folder or a start of the shard's name (`train`, `val`, `validation`, `test`); otherwise not split.
- Labels: `000001.cls`, a code or a name. Names of codes from `classnames.txt` or `classes.txt` beside the shards, one
  a line; otherwise the codes are `class 0` and so on.
- Subjects and attributes: keys `subject`, `person`, `gender`, `race`, `age`, `ethnicity` and `attr:<name>` of
  `000001.json`, where it is there; where attributes come from is not known.
- Licence: that of the set.
- Publication: none; the format is that of the webdataset library (Aizman, Maltby, Breuel, "High performance I/O for
  large scale deep learning", 2019, arXiv:2001.01858). What is read from it is our own definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_MEMBER = r"(?i)^(?<shard>.*\.tar!/)?(?<key>(?:[^/]*/)*[^./]+)\.(?<ending>[^/]+)$"
_PICTURES = ("png", "jpg", "jpeg", "webp", "bmp")
_SPLIT = r"(?i)(?:^|/)(train|val|valid|validation|test)[^/]*"
_SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
_KEYS = ("gender", "race", "age", "ethnicity")


def _read(files: Files) -> Draft:
    import polars as pl

    found = files.match(_MEMBER).with_columns(pl.col("ending").str.to_lowercase())
    found = found.with_columns(pl.concat_str(pl.col("shard").fill_null(""), "key").alias("face"))
    table = found.filter(pl.col("ending").is_in(_PICTURES)).select("file", "face")
    split = pl.col("face").str.extract(_SPLIT).str.to_lowercase()
    table = table.with_columns(split.replace_strict(_SPLITS, default=None, return_dtype=pl.String).alias("split"))
    notes = []
    texts = found.filter(pl.col("ending") == "cls")
    texts = texts.select("face", _contents(files, texts).str.strip_chars().alias("label"))
    table = table.join(texts, "face", "full", coalesce=True, maintain_order="left")
    if missing := table["label"].null_count():
        notes.append(f"Pictures without a .cls beside them: {missing:,}; kept, unlabelled.")
    if lost := table["file"].null_count():
        notes.append(f"Labels without a picture: {lost:,}; kept, with no image.")
    table, attributes = _with_json(files, table, found.filter(pl.col("ending") == "json"))
    return Draft(
        table,
        attributes,
        labels=_labels(files, table["label"].drop_nulls().unique().sort().to_list()),
        notes=tuple(notes),
    )


def _contents(files: Files, found: pl.DataFrame) -> pl.Series:
    import polars as pl

    return pl.Series("text", [files.text(file) for file in found["file"]], dtype=pl.String)


def _labels(files: Files, values: list[str]) -> LabelSpace | None:
    listed = files.first(r"(^|/)class(es|names)\.txt$")
    names = [line.strip() for line in files.text(listed).splitlines() if line.strip()] if listed else []
    if names:
        return LabelSpace.of(names, "WebDataset")
    if not values:
        return None
    if all(value.isdecimal() for value in values):
        codes = {value: f"class {value}" for value in sorted(values, key=int)}
        return LabelSpace("WebDataset", tuple(codes.values()), codes)
    return LabelSpace.of(values, "WebDataset")


def _with_json(files: Files, table: pl.DataFrame, found: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Attribute, ...]]:
    import polars as pl

    if not found.height:
        return table, ()
    lines = "\n".join(_contents(files, found).str.replace_all(r"\s*\n\s*", " "))
    try:
        about = pl.read_ndjson(lines.encode(), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{files.root}: the .json files cannot be read: {error}.") from error
    roles = {name: name for name in about.columns if name.startswith("attr:")}
    roles |= {name: f"attr:{name}" for name in _KEYS if name in about.columns and f"attr:{name}" not in roles}
    person = next((name for name in ("subject", "person") if name in about.columns), None)
    roles |= {person: "subject"} if person else {}
    about = about.select(found["face"], *(pl.col(name).cast(pl.String).alias(role) for name, role in roles.items()))
    table = table.join(about, "face", "left", maintain_order="left")
    attributes = [role for role in roles.values() if role.startswith("attr:")]
    return table, tuple(
        Attribute(name.removeprefix("attr:"), tuple(table[name].drop_nulls().unique().sort()), "unknown")
        for name in attributes
    )


WEBDATASET = DataSet(
    name="webdataset",
    title="WebDataset shards",
    doc=__doc__,
    source="Our own definition; Aizman, Maltby, Breuel 2019, arXiv:2001.01858",
    licence="that of the set",
    layout="train/00000.tar with 000001.jpg, 000001.cls and perhaps 000001.json inside.",
    signs=(r"(?i)(^|\.tar!/)([^/]*/)*[^./]+\.cls$",),
    reader=_read,
)
