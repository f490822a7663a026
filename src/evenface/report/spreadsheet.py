"""`groups.csv` and `gaps.csv`: every value of an audit in long form, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from evenface.report.text import clean
from evenface.report.words import Findings

VALUE_COLUMNS = ("value", "low", "high", "low_simultaneous", "high_simultaneous", "shrunken", "undefined")
GROUP_COLUMNS = ("by", "group", "faces", "answered", "small", "metric", *VALUE_COLUMNS)
TEST_COLUMNS = ("chance_50", "chance_95", "p", "p_adjusted", "p_holm", "smallest_detectable")
GAP_COLUMNS = ("by", "metric", "family", "kind", "value", "low", "high", *TEST_COLUMNS, "best", "worst", "undefined")


def _safe(value: Any) -> Any:
    """Keep a spreadsheet from running text as a formula: such text gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


def _write(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return buffer.getvalue()


def tables(found: Findings) -> dict[str, str]:
    """Give file names and contents; an undefined value is an empty field with its reason in the last column."""
    groups = (
        (
            group["by"],
            group["group"],
            group["n"],
            group["answered"],
            group["small"],
            metric,
            *(cell.get(name) for name in VALUE_COLUMNS),
        )
        for group in found.audit["groups"]
        for metric, cell in group["metrics"].items()
    )
    gaps = ([gap.get(name) for name in GAP_COLUMNS] for gap in found.audit["gaps"])
    return {"groups.csv": _write(GROUP_COLUMNS, groups), "gaps.csv": _write(GAP_COLUMNS, gaps)}
