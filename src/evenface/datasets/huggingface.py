"""Any image classification set in the Parquet files of the Hugging Face `datasets` library.

- Pictures: a column of bytes, or of structs with `bytes` (`image`), in files such as
  `data/train-00000-of-00002.parquet`; read in place, as `….parquet!/image/17`.
- Splits: from the file names (`train-`, `validation-`, `test-`).
- Labels: column `label`, `labels`, `emotion` or `expression`; names of its codes from the files' own metadata, where
  they are. Names get the spelling used here where all are known expressions.
- Subjects: column `subject` or `person`, if there is one.
- Attributes: columns `attr:<name>`, `gender`, `race`, `age`, `ethnicity`; where they come from is not known.
- Licence: that of the set; its card says. Nothing is downloaded here.
- Publication: none; the format is described in Lhoest et al., "Datasets: a community library for natural language
  processing", EMNLP 2021 demonstrations, arXiv:2109.02846. What is read from it is our own definition.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.pictures import INSIDE
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_SHARD = r"(?:^|/)(?<split>train|training|validation|valid|val|test)[-_.][^/]*\.parquet$"
_SPLITS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test",
}  # fmt: skip
_LABELS, _PEOPLE = ("label", "labels", "emotion", "expression"), ("subject", "person")
_ATTRIBUTES = ("gender", "race", "age", "ethnicity")


def _read(files: Files) -> Draft:
    import polars as pl

    if INSIDE in files.prefix:
        raise InputError(f"{files.root}: Parquet files are read in place only if the archive is unpacked.")
    parts, names = [], None
    for file, split in files.match(_SHARD).rows():
        part, found = _shard(files, file)
        names = names or found
        parts.append(part.with_columns(pl.lit(_SPLITS[split]).alias("split")))
    table = pl.concat(parts, how="diagonal")
    attributes = [name for name in table.columns if name.startswith("attr:")]
    levels = {name: tuple(table[name].drop_nulls().unique().sort()) for name in attributes}
    labels = None
    if "label" in table.columns:
        values = table["label"].drop_nulls().unique().sort().to_list()
        labels = LabelSpace.of(names or [f"class {v}" if v.isdecimal() else v for v in values], "Hugging Face")
        if not names and all(v.isdecimal() for v in values):
            labels = LabelSpace(labels.name, labels.names, {v: f"class {v}" for v in values})
    given = tuple(Attribute(name.removeprefix("attr:"), values, "unknown") for name, values in levels.items())
    return Draft(table, given, labels=labels)


def _shard(files: Files, file: str) -> tuple[pl.DataFrame, list[str] | None]:
    """Read all columns of a file but the pictures."""
    import polars as pl

    path = files.prefix + file
    try:
        about, schema = pl.read_parquet_metadata(path), pl.read_parquet_schema(path)
        image = next((name for name, kind in schema.items() if _holds_bytes(kind)), None)
        if image is None:
            raise InputError(f"{path} has no column of pictures; its columns are {', '.join(schema)}.")
        roles: dict[str, str] = {}
        for wanted, role in ((_LABELS, "label"), (_PEOPLE, "subject")):
            roles |= dict.fromkeys([n for n in wanted if n in schema][:1], role)
        roles |= {name: f"attr:{name}" for name in _ATTRIBUTES if name in schema}
        roles |= {name: name for name in schema if name.startswith("attr:")}
        row = pl.int_range(pl.len()).cast(pl.String)
        place = (pl.lit(f"{file}{INSIDE}{image}/") + row).alias("file")
        texts = [pl.col(name).cast(pl.String).alias(role) for name, role in roles.items()]
        frame = (
            pl.scan_parquet(path, glob=False).select(place, (pl.lit(f"{file}#") + row).alias("face"), *texts).collect()
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}.") from error
    label = next((name for name, role in roles.items() if role == "label"), None)
    return frame, _class_names(about.get("huggingface"), label)


def _holds_bytes(kind: Any) -> bool:
    import polars as pl

    if isinstance(kind, pl.Struct):
        return any(field.name == "bytes" and field.dtype == pl.Binary for field in kind.fields)
    return bool(kind == pl.Binary)


def _class_names(about: str | None, label: str | None) -> list[str] | None:
    """Find the names of codes in the metadata that the library writes."""
    if not about or not label:
        return None
    features = json.loads(about).get("info", {}).get("features", {})
    names = features.get(label, {}).get("names")
    return [str(name) for name in names] if names else None


HUGGINGFACE = DataSet(
    name="huggingface",
    title="Parquet files of Hugging Face datasets",
    doc=__doc__,
    source="Our own definition; Lhoest et al., EMNLP 2021, arXiv:2109.02846",
    licence="that of the set",
    layout="data/train-00000-of-00002.parquet with a column image and a column label.",
    signs=(r"(^|/)(train|training|validation|valid|val|test)[-_.][^/]*\.parquet$",),
    reader=_read,
)
