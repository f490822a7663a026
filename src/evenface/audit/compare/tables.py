"""The two tables of a comparison as text, once for the terminal, Markdown and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenface.audit.compare.words import p_text
from evenface.audit.gaps import HEADLINE
from evenface.core.words import percent

VERDICTS = {
    "smaller": "smaller, more than luck",
    "larger": "larger, more than luck",
    "not firm": "not firm after correction",
    "within luck": "within luck",
    "undefined": "undefined",
}


@dataclass(frozen=True)
class TextTable:
    """A table in words: title, names of columns, rows, and what must be known to read it."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: str


def first_metric(data: Mapping[str, Any]) -> str | None:
    """The metric that is shown first: accuracy if there is one."""
    names = list(data["overall"]["metrics"])
    return next((name for name in (*HEADLINE, *names) if name in names), None)


def tables(data: Mapping[str, Any]) -> list[TextTable]:
    """Gaps of the headline metrics, and changes of each single attribute's groups."""
    return [table for table in (gap_table(data), group_table(data)) if table.rows]


def gap_table(data: Mapping[str, Any]) -> TextTable:
    """How the gaps of the headline metrics changed; of all main metrics if none of these was asked for."""
    titles = {m["name"]: m["title"] for m in data["metrics"]}
    shown = [g for g in data["gaps"] if g["family"] == "headline"] or [g for g in data["gaps"] if g["family"] == "main"]
    rows = [
        (
            f"{titles[g['metric']]}, {g['by']}",
            plain(g["a"]),
            plain(g["b"]),
            change(g),
            "" if g["p"] is None else p_text(g["p"])[2:].removeprefix("= "),
            "" if g["p_adjusted"] is None else p_text(g["p_adjusted"])[2:].removeprefix("= "),
            VERDICTS[g["verdict"]] + (f" ({g['how']})" if g["verdict"] == "smaller" and g["how"] else ""),
        )
        for g in shown
    ]
    foot = "Gap: best less worst group. p: swap test; corrected p: over all gaps of this table."
    header = ("gap in", "A", "B", f"B - A ({percent(data['settings']['level'])})", "p", "corrected p", "change")
    return TextTable("Gaps between groups", header, rows, foot)


def group_table(data: Mapping[str, Any]) -> TextTable:
    """How each group of each single attribute changed, by the first metric."""
    metric = first_metric(data)
    title = next((m["title"] for m in data["metrics"] if m["name"] == metric), "")
    rows = []
    for group in data["groups"]:
        if len(group["levels"]) > 1 or metric is None:
            continue
        m = group["metrics"][metric]
        rows.append(
            (
                group["group"] + (" †" if group["small"] else ""),
                f"{group['n']:,}",
                plain(m["a"]),
                plain(m["b"]),
                change(m),
                f"{group['only_a_right']:,} / {group['only_b_right']:,}",
                "" if m["p_adjusted"] is None else p_text(m["p_adjusted"])[2:].removeprefix("= "),
            )
        )
    foot = "Right only in: faces that one model alone got right. Corrected p: over the groups of an attribute."
    foot += " †: few answered faces." if any(g["small"] for g in data["groups"]) else ""
    level = percent(data["settings"]["level"])
    header = ("group", "faces", "A", "B", f"B - A ({level})", "right only in A / B", "corrected p")
    return TextTable(title, header, rows, foot)


def plain(value: float | None, sign: str = "") -> str:
    """Three decimals, or `-` where undefined."""
    return "-" if value is None else f"{value:{sign}.3f}"


def change(entry: Mapping[str, Any]) -> str:
    """A change and its interval."""
    if entry["change"] is None:
        return "-"
    return f"{plain(entry['change'], '+')} [{plain(entry['low'], '+')}, {plain(entry['high'], '+')}]"
