"""Attributes: from raw columns to named levels in a sensible order, missing values set apart, numbers binned."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.reading.files import OpenTable
from evenface.core.reading.values import different_values, listed, mapped, number, plain_integer
from evenface.core.tables import ORIGINS, Attribute, Notice

#: Texts that say that an attribute is not known. "none" is not among them: it can be a real category.
NOT_KNOWN = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "unknown", "not known", "?", "inf", "-inf"})
#: Lower edges of the age bands used where nothing else is asked for; they coarsen FairFace's bands.
AGE_EDGES: tuple[float, ...] = (0, 3, 10, 20, 40, 60)
MOST_NUMBERS = 20  # a number with more different values is binned
MOST_LEVELS = 200  # more levels than that are names of people or files, not groups
_WORDS = (
    ("infant", "baby", "toddler", "child", "kid", "teen", "teenager", "adolescent", "young", "young adult", "adult"),
    ("young", "middle", "middle-aged", "middle aged", "old", "older", "senior", "elderly"),
    ("very light", "light", "medium", "intermediate", "tan", "brown", "dark", "very dark"),
    ("low", "medium", "high"),
    ("i", "ii", "iii", "iv", "v", "vi"),
)
_BELOW = re.compile(r"(<=?|under|below|less than|younger than|up to)")
_ABOVE = re.compile(r"(>=?|over|above|more than|older than|\+$|and (over|above|older|up)|or (more|older))")


#: Expressions that yield `attr:<name>`, the attributes, notes, and warnings.
Attributes = tuple[list[pl.Expr], tuple[Attribute, ...], tuple[str, ...], tuple[Notice, ...]]


@dataclass(frozen=True, slots=True)
class _Column:
    expression: pl.Expr
    levels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


def attribute_expressions(
    table: OpenTable,
    by: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None = None,
    provenance: Mapping[str, str] | None = None,
    *,
    lenient: bool = False,
) -> Attributes:
    """Turn columns into attributes.

    Text is a category, trimmed, in natural order (`"00-02"` before `"10-19"`, `"70+"` last). A number with at most 20
    different values is a category too; ages with more get the bands 0-2, 3-9, 10-19, 20-39, 40-59, 60+; any other
    number needs `bins`. Empty text, NaN, NA, null and "unknown" mean that the attribute is not known for that face.

    Args:
        table: An opened table.
        by: Names of the columns, in the order to report them.
        bins: Column name -> increasing lower edges; `[0, 18, 40]` makes 0-17, 18-39, 40+ (and <0, if there are any).
        provenance: Column name -> self-reported, annotated, estimated, generated or unknown.
        lenient: Leave out an attribute that cannot be used, with a warning, as long as one is left. For columns that
            nobody asked for by name.

    Returns:
        Expressions over `table.frame` that yield `attr:<name>` (String), the attributes, notes, and warnings.

    Raises:
        SettingsError: A column does not exist, or `bins` or `provenance` do not fit.
        InputError: A column has no known value, is an identifier, or is a number without bins.
    """
    bins, provenance = dict(bins or {}), dict(provenance or {})
    _check_settings(table, by, bins, provenance)
    values = different_values(table, list(by))
    columns: dict[str, _Column] = {}
    faults: dict[str, InputError] = {}
    for name in by:
        try:
            columns[name] = _column(table, name, values[name], bins.get(name))
        except InputError as fault:
            faults[name] = fault
    if faults and not (lenient and columns and not faults.keys() & bins.keys()):
        raise InputError("\n".join(f"{table.source}: {fault}" for fault in faults.values()))
    left_out = tuple(Notice("attribute_left_out", f"{fault} It was left out.") for fault in faults.values())
    attributes = tuple(
        Attribute(name, found.levels, provenance.get(name, "unknown")) for name, found in columns.items()
    )
    expressions = [found.expression.alias(f"attr:{name}") for name, found in columns.items()]
    notes = tuple(note for found in columns.values() for note in found.notes)
    warnings = tuple(notice for found in columns.values() for notice in found.warnings)
    return expressions, attributes, notes, left_out + warnings


def _check_settings(
    table: OpenTable, by: Sequence[str], bins: Mapping[str, Sequence[float]], provenance: Mapping[str, str]
) -> None:
    names, faults = table.frame.collect_schema().names(), []
    if not by:
        faults.append(f"No attribute is given. Name columns to compare groups by; the table has: {', '.join(names)}.")
    if len(set(by)) != len(by):
        faults.append(f"An attribute is named twice in {', '.join(by)}.")
    faults += [
        f"{table.source} has no column {name!r}.{did_you_mean(name, names)} Columns: {', '.join(names)}."
        for name in by
        if name not in names
    ]
    for what, given in (("bins", bins), ("provenance", provenance)):
        if extra := [name for name in given if name not in by]:
            faults.append(
                f"{what} names {listed(extra)}, which is not an attribute "
                f"here.{did_you_mean(extra[0], by)} By: {', '.join(by)}."
            )
    for name, edges in bins.items():
        if not edges or not all(math.isfinite(edge) for edge in edges) or any(a >= b for a, b in pairwise(edges)):
            faults.append(f"bins for {name!r} must be increasing finite numbers, got {list(edges)}.")
    for name, origin in provenance.items():
        if origin not in ORIGINS:
            faults.append(
                f"provenance of {name!r} is {origin!r}.{did_you_mean(origin, ORIGINS)} Allowed: {', '.join(ORIGINS)}."
            )
    if faults:
        raise SettingsError("\n".join(faults))


def _column(
    table: OpenTable, name: str, counts: Mapping[str | None, int] | None, edges: Sequence[float] | None
) -> _Column:
    numeric = table.frame.collect_schema()[name].is_numeric()
    known = (
        None
        if counts is None
        else {value: n for value, n in counts.items() if value is not None and value.lower() not in NOT_KNOWN}
    )
    if known is not None and not known:
        raise InputError(
            f"Attribute {name!r} has no known value: every row is empty or not a number. Leave it out, or fill it in."
        )
    numbers = numeric if known is None else all(number(value) is not None for value in known)
    if edges is None and known is not None and (not numbers or len({number(value) for value in known}) <= MOST_NUMBERS):
        return _category(table.frame.collect_schema(), name, known, counts or {})
    if known is not None and not numbers:
        odd = {value: n for value, n in known.items() if number(value) is None}
        raise InputError(
            f"Attribute {name!r} has bins but is not a number: it holds {listed(odd)}. Drop the bins, or mend "
            "the column."
        )
    return _binned(table, name, edges)


def _category(schema: pl.Schema, name: str, known: Mapping[str, int], counts: Mapping[str | None, int]) -> _Column:
    if len(known) > MOST_LEVELS:
        raise InputError(
            f"Attribute {name!r} has {len(known):,} different values, such as {listed(list(known), 3)}: it "
            "names faces or people rather than "
            "groups. Choose another column, or join its values into groups."
        )
    whole = all(number(value) is not None for value in known)
    mapping = {value: plain_integer(value) if whole else value for value in known}
    levels = tuple(in_natural_order(set(mapping.values())))
    notes, warnings = _missing(
        name, sum(counts.values()) - sum(known.values()), sum(counts.values()), counts.keys() - known.keys()
    )
    if len(levels) == 1:
        warnings += (
            Notice(
                "one_group",
                f"Attribute {name!r} has one group only, {levels[0]!r}: there is nothing to compare it with.",
            ),
        )
    folded: dict[str, list[str]] = {}
    for level in levels:
        folded.setdefault(" ".join(re.split(r"[\s_-]+", level.casefold())), []).append(level)
    if alike := [same for same in folded.values() if len(same) > 1]:
        shown = "; ".join(" and ".join(repr(level) for level in same) for same in alike)
        warnings += (
            Notice(
                "similar_levels",
                f"Attribute {name!r} has groups that differ only in spelling and are kept apart: {shown}.",
            ),
        )
    return _Column(mapped(schema, name, mapping, pl.String), levels, notes, warnings)


def _missing(
    name: str, missing: int, rows: int, spelled: set[str | None]
) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    if not missing:
        return (), ()
    words = sorted({"empty" if not value else repr(value) for value in spelled})
    return (f"{name}: not known for {missing:,} of {rows:,} rows ({', '.join(words)}).",), ()


def _binned(table: OpenTable, name: str, edges: Sequence[float] | None) -> _Column:
    value = (
        pl.col(name).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
        if not table.frame.collect_schema()[name].is_numeric()
        else pl.col(name).cast(pl.Float64)
    )
    value = pl.when(value.is_finite()).then(value)
    seen = table.frame.select(_summary(name, value)).collect(engine="streaming").row(0, named=True)
    if seen["known"] == 0 or seen["unreadable"]:
        raise InputError(
            f"Attribute {name!r} has {seen['known']:,} numbers and {seen['unreadable']:,} values that are "
            "not, over 10,000 different ones "
            "in all: it names faces or people rather than groups. Choose another column."
        )
    notes: tuple[str, ...] = ()
    if edges is None:
        if not re.search(r"(^|_)age($|_)", name.lower()):
            suggestion = ",".join(f"{seen[q]:g}" for q in ("low", "q1", "q2", "q3"))
            raise InputError(
                f"Attribute {name!r} is a number with more than {MOST_NUMBERS} different values. Give bins "
                f"for it, such as {name}={suggestion}."
            )
        edges = AGE_EDGES
    levels = _bin_names(edges, seen["whole"])
    notes = (f"{name}: numbers are put into bins {', '.join(levels[1:])}.",)
    used = tuple(levels[int(seen["low"] >= edges[0]) :])
    choice = pl.when(value < edges[0]).then(pl.lit(levels[0]))
    for edge, level in zip(edges[1:], levels[1:-1], strict=True):
        choice = choice.when(value < edge).then(pl.lit(level))  # type: ignore[assignment]
    missing, _ = _missing(name, seen["rows"] - seen["known"], seen["rows"], {None})
    return _Column(choice.when(value.is_not_null()).then(pl.lit(levels[-1])).otherwise(None), used, notes + missing)


def _summary(name: str, value: pl.Expr) -> list[pl.Expr]:
    text = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    quartiles = [value.quantile(q, "nearest").alias(f"q{i}") for i, q in enumerate((0.25, 0.5, 0.75), start=1)]
    return [
        pl.len().alias("rows"),
        value.count().alias("known"),
        (value.is_null() & text.is_not_null() & ~text.is_in(list(NOT_KNOWN))).sum().alias("unreadable"),
        (value == value.floor()).all().alias("whole"),
        value.min().alias("low"),
        *quartiles,
    ]


def _bin_names(edges: Sequence[float], whole: bool) -> list[str]:
    """Name the bin below the first edge, each between two edges, and the one above the last."""
    integers = whole and all(float(edge).is_integer() for edge in edges)
    names = [f"<{edges[0]:g}"]
    for low, high in pairwise(edges):
        if integers:
            names.append(f"{low:g}" if high - low == 1 else f"{low:g}-{high - 1:g}")
        else:
            names.append(f"{low:g} to <{high:g}")
    return [*names, f"{edges[-1]:g}+"]


def in_natural_order(levels: set[str]) -> list[str]:
    """Order level names as a person would: numbers by size, bands by their start, words by meaning.

    An open end goes before or after the band that starts with the same number.

    Example:
        >>> in_natural_order({"70+", "10-19", "3-9", "<3"})
        ['<3', '3-9', '10-19', '70+']
    """
    folded = {level: level.casefold().replace("_", " ").strip() for level in levels}
    for words in _WORDS:
        if set(folded.values()) <= set(words):
            return sorted(levels, key=lambda level: words.index(folded[level]))
    if all(re.search(r"\d", level) for level in levels):
        return sorted(levels, key=lambda level: (*_start(folded[level]), level))
    return sorted(levels, key=lambda level: (_chunks(folded[level]), level))


def _start(level: str) -> tuple[float, int]:
    match = re.search(r"(?<![\w.])-?\d+\.?\d*|\d+\.?\d*", level)
    first = float(match[0]) if match else math.inf
    return first, -1 if _BELOW.search(level) else 1 if _ABOVE.search(level) else 0


def _chunks(level: str) -> list[tuple[int, float, str]]:
    """Split into words and numbers, so that "group 2" comes before "group 10"."""
    return [(0, float(part), "") if part.isdecimal() else (1, 0.0, part) for part in re.split(r"(\d+)", level) if part]
