"""How names, numbers, intervals and p-values are written, alike in every form of the report.

Names come from a user's table: `clean` makes what hides or reorders text visible; escaping is each form's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evenface.core.words import p_digits

Record = Mapping[str, Any]

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> str:
    """Make characters visible that would move, hide or reorder what stands beside them (controls, bidi marks)."""
    return _UNSEEN.sub(lambda match: " " if match[0] in "\t\n\r" else f"\\u{ord(match[0]):04x}", text)


def number(value: float | None, digits: int = 3) -> str:
    """Write a value with fixed decimals; undefined is a dash and never a zero."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(record: Record, digits: int = 3) -> str:
    """Write `low` to `high` of a record."""
    if record.get("low") is None or record.get("high") is None:
        return "–"
    return f"{number(record['low'], digits)} to {number(record['high'], digits)}"


def p_value(p: float | None) -> str:
    """Write a p-value: two significant digits (more where they would hide on which side of .05 it is), never "0"."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else p_digits(p)


def p_phrase(p: float | None) -> str:
    """Write a p-value with its sign: "p = 0.02", "p < 0.001"."""
    return f"p {p_value(p)}" if p is not None and p < 0.001 else f"p = {p_value(p)}"


def listing(items: Sequence[str]) -> str:
    """Join with commas and a last "and"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def short_levels(levels: Iterable[str], room: int) -> str:
    """Name a group by its levels in at most about `room` characters, cutting the longest level first."""
    parts = [clean(level) for level in levels]
    while sum(map(len, parts)) + 3 * (len(parts) - 1) > room:
        longest = max(range(len(parts)), key=lambda i: len(parts[i]))
        if len(parts[longest]) < 5:
            break
        parts[longest] = parts[longest].removesuffix("…")[:-1] + "…"
    return " · ".join(parts)
