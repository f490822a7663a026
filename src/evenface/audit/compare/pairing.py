"""Two tables of predictions become one: each face once, with its label, who is shown, and both answers.

What the tables say differently is settled so that A and B count alike:

* a face in one table only is left out;
* a face whose true class differs is left out, since one of the two answers was measured against another truth;
* an attribute value that differs becomes "not known": the face stays, but in no group of that attribute. A value known
  in one table only is used.

Each of these is counted and becomes a warning.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute, Notice, Predictions

NAMED = 3  # faces named in a message


@dataclass(frozen=True)
class Pair:
    """The faces that both tables hold.

    Attributes:
        frame: One row per face: `true`, `a`, `b` (indices into `labels.names`, null = no answer), `attr:<name>`, and
            `subject` if either table knows it.
        labels: The classes, in A's order.
        attributes: Those of A, then those only B has.
        faces: Number of faces.
        left_out: Why -> number of faces: `only_a`, `only_b`, `true_differs`.
        warnings: What had to be settled.
    """

    frame: pl.DataFrame
    labels: LabelSpace
    attributes: tuple[Attribute, ...]
    faces: int
    left_out: dict[str, int]
    warnings: tuple[Notice, ...]


def pair(a: Predictions, b: Predictions) -> Pair:
    """Join two tables on `face`.

    Raises:
        InputError: A table has no face ids, or one twice; the classes differ; no or hardly a face is in both with the
            same label.
    """
    tables = {"A": a, "B": b}
    _check(tables)
    order = [a.labels.index(name) for name in b.labels.names]
    moved = b.frame.with_columns(
        pl.col("true", "predicted").replace_strict(list(range(len(order))), order, return_dtype=pl.Int16)
    )
    left, right = _side(a.frame, "a"), _side(moved, "b")
    both = left.join(right, on="face", how="inner").collect(engine="streaming")
    out = {"only_a": a.rows - both.height, "only_b": b.rows - both.height}
    if not both.height:
        raise InputError(_nothing_shared(tables))
    same = both.filter(pl.col("true_a") == pl.col("true_b"))
    out["true_differs"] = both.height - same.height
    if same.height * 2 < both.height:
        raise InputError(
            f"A and B label {out['true_differs']:,} of their {both.height:,} common faces differently, so they are "
            "hardly the same faces with the same truth. Check that face ids mean the same in both, and the class order "
            "of each (labels)."
        )
    attributes = _attributes(a, b)
    frame, warnings = _settle(same, attributes)
    return Pair(frame, a.labels, attributes, frame.height, out, (*_left_out(tables, out), *warnings))


def _check(tables: dict[str, Predictions]) -> None:
    faults = []
    for which, table in tables.items():
        if "face" not in table.frame.collect_schema():
            faults.append(
                f"{which} ({table.source}) has no column that identifies the face, so its rows cannot be paired. "
                "Name it with face."
            )
            continue
        face = table.frame.select(pl.col("face").cast(pl.String))
        twice = face.group_by("face").len().filter((pl.col("len") > 1) & pl.col("face").is_not_null()).sort("face")
        found = twice.collect(engine="streaming")
        if found.height:
            named = ", ".join(map(repr, found["face"].head(NAMED)))
            faults.append(
                f"{which} ({table.source}) holds {found.height:,} face ids more than once, such as {named}. "
                "Keep one row per face."
            )
    own = {which: set(table.labels.names) for which, table in tables.items()}
    if own["A"] != own["B"]:
        only = [f"only in {w}: {', '.join(sorted(own[w] - own[o]))}" for w, o in ("AB", "BA") if own[w] - own[o]]
        faults.append(
            f"A and B have other classes ({'; '.join(only)}). Give labels with all classes, or into, to bring both to "
            "the same ones."
        )
    if faults:
        raise InputError("\n".join(faults))


def _side(frame: pl.LazyFrame, which: str) -> pl.LazyFrame:
    schema = frame.collect_schema()
    keep = [c for c in schema.names() if c in ("true", "subject") or c.startswith("attr:")]
    named = [pl.col(c).alias(f"{c}_{which}") for c in keep]
    return frame.select(pl.col("face").cast(pl.String), pl.col("predicted").alias(which), *named)


def _attributes(a: Predictions, b: Predictions) -> tuple[Attribute, ...]:
    """Attributes of both, levels in A's order, then those that only B has."""
    found = {attribute.name: attribute for attribute in a.attributes}
    for other in b.attributes:
        mine = found.get(other.name)
        if mine is None:
            found[other.name] = other
            continue
        more = tuple(level for level in other.levels if level not in mine.levels)
        origin = mine.provenance if mine.provenance == other.provenance else "unknown"
        found[other.name] = Attribute(other.name, mine.levels + more, origin)
    return tuple(found.values())


def _settle(both: pl.DataFrame, attributes: tuple[Attribute, ...]) -> tuple[pl.DataFrame, list[Notice]]:
    """One column for what each table says of the face itself."""
    warnings = []
    columns = [pl.col("true_a").alias("true"), pl.col("a"), pl.col("b")]
    for attribute in attributes:
        name = f"attr:{attribute.name}"
        one, two = (f"{name}_{which}" for which in "ab")
        if one not in both.columns or two not in both.columns:
            columns.append(pl.col(one if one in both.columns else two).alias(name))
            continue
        differs = (pl.col(one) != pl.col(two)).fill_null(False)
        count = both.select(differs.sum()).item()
        columns.append(pl.when(differs).then(None).otherwise(pl.coalesce(one, two)).alias(name))
        if count:
            text = f"{attribute.name} differs between A and B for {count:,} faces: counted as not known there."
            warnings.append(Notice("attribute_differs", text))
    subjects = [c for c in ("subject_a", "subject_b") if c in both.columns]
    if subjects:
        texts = [pl.col(c).cast(pl.String) for c in subjects]
        # A face whose person is not known stands for a person of its own.
        columns.append(pl.coalesce(*texts, pl.concat_str(pl.lit("\0"), pl.col("face"))).alias("subject"))
    if len(subjects) == 2:
        differ = both.select((texts[0] != texts[1]).fill_null(False).sum()).item()
        if differ:
            text = f"The person differs between A and B for {differ:,} faces: A's was used."
            warnings.append(Notice("subject_differs", text))
    return both.select(columns), warnings


def _left_out(tables: dict[str, Predictions], out: dict[str, int]) -> list[Notice]:
    found = []
    for which, table in tables.items():
        count = out[f"only_{which.lower()}"]
        if count:
            text = f"{count:,} of {table.rows:,} faces are in {which} only (or have no id): left out."
            found.append(Notice(f"only_{which.lower()}", text))
    if out["true_differs"]:
        text = f"{out['true_differs']:,} faces have another true class in A than in B: left out."
        found.append(Notice("true_differs", text))
    return found


def _nothing_shared(tables: dict[str, Predictions]) -> str:
    shown = []
    for which, table in tables.items():
        few = table.frame.select(pl.col("face").cast(pl.String)).head(NAMED).collect()["face"]
        shown.append(f"{which} ({table.source}) has {', '.join(map(repr, few))}, …")
    return f"No face id is in both tables. {'; '.join(shown)}. Name the column that identifies the face with face."
