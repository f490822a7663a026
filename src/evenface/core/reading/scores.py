"""Scores: from columns or lists of numbers to one probability per class and face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from evenface.core.errors import InputError
from evenface.core.tables import Notice

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_JSON_LIST = r"^\s*\[\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)*\s*\]\s*$"
_ANY_NUMBER = rf"(?i){_NUMBER}|[+-]?\binf\b|[+-]?\binfinity\b|\bnan\b"
MOST_WRONG = 0.1  # share of rows that may break the rule which the others follow


@dataclass(frozen=True, slots=True)
class Kind:
    """What the numbers are.

    Attributes:
        name: `"probabilities"`, `"percentages"`, `"logits"` or `"unnormalised"`.
        notes: In words.
        warnings: Rows whose scores cannot be used.
    """

    name: str
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


def list_expression(frame: pl.LazyFrame, column: str) -> pl.Expr:
    """Give lists, or text such as `"[0.1, 2e-3]"`, `"0.1 0.2"` or `"tensor([1., 2.])"`, as lists of numbers."""
    dtype = frame.collect_schema()[column]
    if isinstance(dtype, pl.Array):
        return pl.col(column).arr.to_list().cast(pl.List(pl.Float64), strict=False)
    if isinstance(dtype, pl.List):
        return pl.col(column).cast(pl.List(pl.Float64), strict=False)
    if dtype != pl.String:
        raise InputError(f"Column {column!r} is {dtype}, where a list of scores per face is needed.")
    text = pl.col(column)
    if not frame.select((~text.str.contains(_JSON_LIST)).any()).collect(engine="streaming").item():
        return text.str.json_decode(pl.List(pl.Float64))
    numbers = text.str.strip_prefix("tensor").str.extract_all(_ANY_NUMBER)
    return numbers.list.eval(pl.element().str.to_lowercase().cast(pl.Float64, strict=False))


def list_width(frame: pl.LazyFrame, column: str) -> int:
    """Give the number of scores per face.

    Raises:
        InputError: Lists differ in length, or there are none.
    """
    lengths = (
        frame.select(pl.col(column).list.len().alias("n")).group_by("n").len().drop_nulls().sort("len", descending=True)
    )
    found = dict(lengths.collect(engine="streaming").iter_rows())
    if not found:
        raise InputError(f"Column {column!r} holds no scores.")
    if len(found) > 1:
        shown = ", ".join(f"{count:,} rows with {length}" for length, count in found.items())
        raise InputError(
            f"Column {column!r}: rows have different numbers of scores ({shown}). Each face needs one per class."
        )
    return int(next(iter(found)))


def number_expression(schema: pl.Schema, column: str) -> pl.Expr:
    """Give a column as numbers, with null for what is none."""
    if schema[column].is_nested() or schema[column] == pl.Boolean:
        raise InputError(f"Score column {column!r} holds {schema[column]}, where one number per face is needed.")
    value = pl.col(column)
    return (value.str.strip_chars() if schema[column] == pl.String else value).cast(pl.Float64, strict=False)


def usable(raw: Sequence[pl.Expr]) -> pl.Expr:
    """Tell whether all scores of a face are finite numbers."""
    return pl.all_horizontal(value.is_finite().fill_null(value=False) for value in raw)


def summary(raw: Sequence[pl.Expr]) -> list[pl.Expr]:
    """Give the aggregates that `kind_of` needs."""
    finite, total, low = usable(raw), pl.sum_horizontal(raw), pl.min_horizontal(raw)
    slack = 0.005 * len(raw)  # two decimals each
    return [
        pl.len().alias("rows"),
        finite.sum().alias("finite"),
        (finite & (low >= 0) & ((total - 1).abs() <= slack)).sum().alias("ones"),
        (finite & (low >= 0) & ((total - 100).abs() <= 100 * slack)).sum().alias("hundreds"),
        (finite & (low >= 0) & (pl.max_horizontal(raw) <= 1) & (total > 0)).sum().alias("units"),
        (pl.when(finite).then((total - 1).abs()).max() > 1e-3).alias("rounded"),
    ]


def kind_of(seen: Mapping[str, int], classes: int) -> Kind:
    """Tell what the numbers are from how many rows follow which rule.

    Args:
        seen: Counts named as in `summary`; `rows` without those that have no answer, as they need no scores.
        classes: Number of classes.

    Raises:
        InputError: No row has usable scores.
    """
    rows, finite = seen["rows"], seen["finite"]
    if finite == 0:
        raise InputError(
            "The scores hold no row of finite numbers (written with a decimal point). Leave them out, or mend them."
        )
    warnings: list[Notice] = []
    if finite < rows:
        warnings.append(
            Notice(
                "scores_not_finite",
                f"Scores of {rows - finite:,} of {rows:,} rows are missing, NaN or infinite and are left out.",
            )
        )
    for name, key, whole in (("probabilities", "ones", "one"), ("percentages", "hundreds", "100")):
        if seen[key] >= (1 - MOST_WRONG) * finite:
            if wrong := finite - seen[key]:
                said = f"Scores of {wrong:,} rows do not sum to {whole}: no probabilities are measured there."
                warnings.append(Notice("scores_do_not_sum", said))
            scaled = "; rounded ones are scaled to sum to one" if key == "ones" and seen["rounded"] else ""
            return Kind(name, (f"Scores are {name}{scaled}.",), tuple(warnings))
    if seen["units"] >= finite:
        said = (
            f"Scores are between 0 and 1 but the {classes} of a face do not sum to one; each is divided by their sum."
        )
        warnings.append(Notice("scores_not_normalised", said))
        return Kind("unnormalised", ("Scores are divided by their sum per face.",), tuple(warnings))
    return Kind("logits", ("Scores are logits: probabilities are their softmax.",), tuple(warnings))


def probabilities(raw: Sequence[pl.Expr], kind: Kind) -> list[pl.Expr]:
    """Give one probability per class; null in all classes where the scores cannot be used."""
    finite, slack = usable(raw), 0.005 * len(raw)
    if kind.name == "logits":
        top = pl.max_horizontal(raw)
        raw = [(value - top).exp() for value in raw]
    total = pl.sum_horizontal(raw)
    if kind.name in {"probabilities", "percentages"}:
        whole = 1.0 if kind.name == "probabilities" else 100.0
        finite = finite & (pl.min_horizontal(raw) >= 0) & ((total - whole).abs() <= whole * slack)
    return [pl.when(finite).then(value / total) for value in raw]


def highest(raw: Sequence[pl.Expr], places: Sequence[int | None] | None = None) -> pl.Expr:
    """Give the place of the highest score, the first of equal ones; null where the scores cannot be used.

    Args:
        raw: One score per class.
        places: What to give for each class instead of its place in `raw`.
    """
    top = pl.max_horizontal(raw)
    chosen = pl.lit(None, pl.Int16)
    for value, place in reversed(list(zip(raw, places or range(len(raw)), strict=True))):
        chosen = pl.when(value == top).then(pl.lit(place, pl.Int16)).otherwise(chosen)
    return pl.when(usable(raw)).then(chosen)
