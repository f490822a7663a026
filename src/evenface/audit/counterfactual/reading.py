"""Read predictions on a counterfactual set: rows in families whose images are alike in everything but what was changed.

Beside what any table of predictions has (`evenface.core.reading`), such a table says which **family** a row is of,
which **variant** of it, and which attribute or crossed attributes were **changed**. A row whose `changed` is empty is
the family's base and stands in a comparison with the variants of each attribute that the family changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.groups import by_name
from evenface.core.labels import LabelSpace
from evenface.core.reading import read_predictions
from evenface.core.reading.columns import FACE, plain
from evenface.core.reading.files import open_table
from evenface.core.tables import Notice

ROLES: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "family": (re.compile("family|familyid|counterfactual|counterfactualid"),),
    "variant": (re.compile("variant|variation|version"),),
    "changed": (re.compile("changed|changes|changedattribute|intervention"),),
    "image": FACE[2:],
}
NEEDED = ("family", "variant")
ROW, ALL = " row", " all"  # columns of ours beside the user's; the blank sets them apart
NOT_CHANGED = frozenset({"", "none", "base", "null", "nan", "-"})
_OURS = ("Face: ", "Attributes: ", "Columns not used: ")  # notes about the two columns of ours


@dataclass(frozen=True)
class Answers:
    """Every row that can be used, once per attribute that it takes part in.

    Attributes:
        frame: `row` (of the scores), `family`, `attribute`, `variant` (text), `true`, `answer` (Int16 index of a class;
            null: no answer), `cluster` (text: the person, or else the family), `image` (text or null).
        scores: (row, class) probabilities, NaN where there are none; None if the table has none at all.
        labels: The classes.
        rows: Rows with a family and a known label.
        persons: Whether persons are known.
        source: File name, or `"table in memory"`.
        sha256: Hash of the input's bytes.
        folder: Where relative paths of images start; None for a table in memory.
        notes: Each choice made while reading.
        warnings: What looks wrong but can be worked with.
    """

    frame: pl.DataFrame
    scores: pl.DataFrame | None
    labels: LabelSpace
    rows: int
    persons: bool
    source: str
    sha256: str
    folder: Path | None
    notes: tuple[str, ...]
    warnings: tuple[Notice, ...]


def read_answers(source: object, roles: Mapping[str, str | None], **reading: Any) -> Answers:
    """Read a table of predictions on a counterfactual set.

    Args:
        source: A path or table, as for `read_predictions`.
        roles: `family`, `variant`, `changed`, `image` -> the column, None where its name is to be recognised.
        **reading: How to read the rest: `label`, `pred`, `scores`, `subject`, `labels`, `into`.

    Raises:
        InputError: No families, or the table cannot be read as predictions.
        SettingsError: A named column does not exist.
    """
    table = open_table(source)
    found = _roles(table.frame.collect_schema().names(), table.source, roles)
    raw = table.frame.collect().with_row_index(ROW).with_columns(pl.lit("all").alias(ALL))
    # Attributes of the people shown are not read here: what varies within a family is what is compared.
    read = read_predictions(raw, by=[ALL], face=ROW, **reading)
    canonical = read.frame.collect().rename({"face": ROW, "predicted": "answer"}).drop(f"attr:{ALL}")
    texts = [_text(raw, column).alias(f" {role}") for role, column in found.items()]
    rows = canonical.join(raw.select(ROW, *texts), on=ROW, how="left", maintain_order="left")
    lone = rows[" family"].null_count()
    rows = rows.filter(pl.col(" family").is_not_null())
    if not rows.height:
        raise InputError(
            f"{table.source}: column {found['family']!r} names no family. A family is a set of images "
            "alike in everything but one attribute; each row says which family it is of."
        )
    warnings = [w for w in read.warnings if w.code not in ("one_class", "one_group", "repeated_faces")]
    if lone:
        warnings.append(Notice("no_family", f"{lone:,} rows belong to no family: left out."))
    scores = [name for name in canonical.columns if name.startswith("score:")]
    persons = "subject" in rows.columns and rows["subject"].null_count() < rows.height
    return Answers(
        frame=_long(rows.with_row_index("row"), found, persons),
        scores=rows.select(scores) if scores else None,
        labels=read.labels,
        rows=rows.height,
        persons=persons,
        source=table.source,
        sha256=table.sha256,
        folder=Path(source).absolute().parent if isinstance(source, str | Path) else None,
        notes=(*table.notes, *_notes(read.notes, found)),
        warnings=(*table.warnings, *warnings),
    )


def _roles(names: Sequence[str], source: str, given: Mapping[str, str | None]) -> dict[str, str]:
    """Find the column of each role; all faults at once."""
    lost = [(role, name) for role, name in given.items() if name is not None and name not in names]
    if lost:
        said = "\n".join(f"{source} has no column {n!r} (for {role}).{did_you_mean(n, names)}" for role, n in lost)
        raise SettingsError(f"{said}\nColumns: {', '.join(names)}.")
    taken = {name for name in given.values() if name is not None}
    found = {}
    for role, tiers in ROLES.items():
        fitting = (n for tier in tiers for n in names if n not in taken and tier.fullmatch(plain(n)))
        name = given.get(role) or next(fitting, None)
        if name is not None:
            found[role] = name
    if missing := [role for role in NEEDED if role not in found]:
        raise InputError(
            f"{source}: no column was recognised as the {' or the '.join(missing)} of a counterfactual set, where "
            "each row says its family and its variant (such as gender=female). Call the columns so, or in Python name "
            f"them with {' and '.join(f'{role}=…' for role in missing)}. To audit groups of people, leave "
            "counterfactual out.\n"
            f"Columns: {', '.join(names)}."
        )
    return found


def _text(raw: pl.DataFrame, column: str) -> pl.Expr:
    value = pl.col(column)
    if isinstance(raw.schema[column], pl.List):
        value = value.cast(pl.List(pl.String)).list.join(",")
    elif raw.schema[column].is_nested():
        raise InputError(f"Column {column!r} holds {raw.schema[column]}, where one value per face is needed.")
    text = value.cast(pl.String).str.strip_chars()
    return pl.when(text.str.len_chars() > 0).then(text)


def _notes(notes: Sequence[str], found: Mapping[str, str]) -> list[str]:
    kept = [note for note in notes if not note.startswith(_OURS)]
    return [*kept, *(f"{role.capitalize()}: column {name!r}." for role, name in found.items())]


def _long(rows: pl.DataFrame, found: Mapping[str, str], persons: bool) -> pl.DataFrame:
    """One row per answer and attribute: the base of a family is repeated for each attribute that the family changes."""
    variant = pl.col(" variant").fill_null("base")
    changed = pl.col(" changed") if "changed" in found else _keys(variant)
    names = rows.select(changed.unique().alias("raw")).drop_nulls()["raw"].to_list()
    known = {raw: name for raw in names if (name := attribute_name(raw))}
    attribute = changed.replace_strict(known, default=None, return_dtype=pl.String)
    person = pl.concat_str(pl.lit("person "), pl.col("subject").cast(pl.String)) if persons else pl.lit(None, pl.String)
    image = pl.col(" image") if "image" in found else pl.lit(None, pl.String)
    frame = rows.select(
        pl.col("row", "true", "answer"),
        pl.col(" family").alias("family"),
        variant.alias("variant"),
        attribute.alias("attribute"),
        image.alias("image"),
        pl.coalesce(person.min().over(" family"), pl.concat_str(pl.lit("family "), " family")).alias("cluster"),
    )
    own = frame.filter(pl.col("attribute").is_not_null())
    kinds = own.select("family", "attribute").unique()
    base = frame.filter(pl.col("attribute").is_null()).drop("attribute").join(kinds, on="family")
    return pl.concat([own, base.select(own.columns)])


def _keys(variant: pl.Expr) -> pl.Expr:
    """What a variant such as `ethnicity=asian,gender=female` sets; without any `=`, the variant is the change."""
    keys = variant.str.extract_all(r"[^,;=]+=").list.join(",").str.replace_all("=", "")
    return pl.when(keys.str.len_chars() > 0).then(keys).when(variant != "base").then(pl.lit("variant"))


def attribute_name(changed: str) -> str | None:
    """Name what was changed as groupings are named; None where nothing was.

    Example:
        >>> attribute_name("gender, ethnicity"), attribute_name("gender"), attribute_name("base")
        ('ethnicity × gender', 'gender', None)
    """
    parts = [part.strip() for part in re.split(r"[,;+*×|]", changed)]
    return by_name(sorted({part for part in parts if part.casefold() not in NOT_CHANGED})) or None
