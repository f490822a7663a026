"""The different values of a column, as text: what classes and attributes are recognised by.

Values are looked at once per different value, never once per row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from evenface.core.errors import InputError
from evenface.core.reading.files import ROWS, SAMPLE, OpenTable

MOST_VALUES = 10_000  # a column with more different values is not a category


def as_text(column: str) -> pl.Expr:
    """Give a column as text, without blanks around it."""
    return pl.col(column).cast(pl.String).str.strip_chars()


def different_values(table: OpenTable, columns: Sequence[str]) -> dict[str, dict[str | None, int] | None]:
    """Count each different value of each column, as stripped text.

    Returns:
        Per column: value -> count, or None where there are more than 10,000 different values.

    Raises:
        InputError: A column holds lists or structs.
    """
    schema = table.frame.collect_schema()
    if nested := [name for name in columns if schema[name].is_nested()]:
        raise InputError(f"Column {nested[0]!r} holds lists ({schema[nested[0]]}), where one value per face is needed.")
    sample = table.frame.select(columns).head(SAMPLE).collect(engine="streaming")
    few = [name for name in columns if sample[name].n_unique() <= MOST_VALUES]
    # One pass each: passes that are run together share the rows, and so hold them all.
    return {name: _merged(table.count([name])) if name in few else None for name in columns}


def _merged(counts: pl.DataFrame) -> dict[str | None, int] | None:
    """Join values that are the same as stripped text, in the order of the text."""
    if counts.height > MOST_VALUES:
        return None
    name = counts.columns[0]
    text = counts.group_by(as_text(name).alias(name)).agg(pl.col(ROWS).sum())
    return dict(text.sort(name, nulls_last=True).iter_rows())


def number(text: str) -> float | None:
    """Give the finite number that a text spells, or None."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None


def plain_integer(text: str) -> str:
    """Write whole numbers one way: `"3.0"` and `"03"` as `"3"`, keeping every digit; other text as it is.

    Example:
        >>> plain_integer("3.0"), plain_integer("12345678901234567890"), plain_integer("happy")
        ('3', '12345678901234567890', 'happy')
    """
    match = re.fullmatch(r"([+-]?)0*(\d+)(\.0*)?", text, re.ASCII)
    if not match:
        value = number(text) if re.search(r"\d", text) else None
        return str(int(value)) if value is not None and value.is_integer() and abs(value) < 2**53 else text
    digits = match[2] or "0"
    return f"-{digits}" if match[1] == "-" and digits != "0" else digits


def is_code(text: str) -> bool:
    """Tell whether a text is a whole number, as codes of classes are."""
    return re.fullmatch(r"[+-]?\d+", plain_integer(text), re.ASCII) is not None


def mapped(
    schema: pl.Schema, column: str, mapping: Mapping[str, str] | Mapping[str, int], dtype: type[pl.DataType]
) -> pl.Expr:
    """Give the expression that replaces each value of a column (as stripped text) by what `mapping` has for it.

    Comparisons are used, as they stream: `replace_strict` holds all rows in memory.
    """
    whole = schema[column].is_integer()
    value = pl.col(column) if whole else as_text(column)
    sources: dict[str | int | None, list[str | int]] = {}
    for key, target in mapping.items():
        sources.setdefault(None if key == target else target, []).append(int(key) if whole else key)
    result = pl.lit(None, dtype)
    for goes_to, keys in sources.items():
        found = value == keys[0] if len(keys) == 1 else value.is_in(keys)
        result = pl.when(found).then(as_text(column) if goes_to is None else pl.lit(goes_to, dtype)).otherwise(result)
    return result


def listed(values: Mapping[str, int] | Iterable[str], most: int = 6) -> str:
    """Write values (with counts, if there are) as a short list."""
    parts = [f"{v!r} ({n:,})" for v, n in values.items()] if isinstance(values, Mapping) else [repr(v) for v in values]
    return ", ".join(parts[:most]) + (f" and {len(parts) - most} more" if len(parts) > most else "")
