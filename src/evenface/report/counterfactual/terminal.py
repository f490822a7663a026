"""A counterfactual audit on a terminal of 80 columns: flips, pairs and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenface.report.counterfactual.charts import short
from evenface.report.counterfactual.tables import points
from evenface.report.text import clean, number, p_value

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

MOST_PAIRS = 12


def render(data: Mapping[str, Any]) -> Group:
    """Lay an audit out for `rich.print`; names that a user chose are shown as they are, never read as markup."""
    from rich.console import Group
    from rich.text import Text

    warnings = [Text(f"! {clean(warning['message'])}", style="yellow") for warning in data["warnings"]]
    level = f"{100 * data['settings']['level']:g} %"
    foot = f"Flips: pairs of answered images whose answers differ, {level}. p: corrected for all pairs (max-T)."
    parts: list[Any] = [_attributes(data), _pairs(data), Text(foot, style="dim"), Text()]
    return Group(*warnings, *parts, *(Text(f"• {clean(sentence)}") for sentence in data["summary"]))


def _table(*columns: str, words: int) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for i, name in enumerate(columns):
        table.add_column(name, overflow="fold", justify="left" if i < words else "right", no_wrap=i >= words)
    return table


def _attributes(data: Mapping[str, Any]) -> Table:
    from rich.text import Text

    table = _table("Changed", "Families", "Flips", "Above noise", "p of Q", words=1)
    for each in data["attributes"]:
        flip = each["flip"]
        ends = "" if flip["low"] is None else f" [{number(flip['low'])}, {number(flip['high'])}]"
        name = each["attribute"] + (" (control)" if each["control"] else "")
        cells = (name, f"{each['families']:,}", number(flip["value"]) + ends, points(each["excess"], "value"))
        table.add_row(*(Text(clean(cell)) for cell in (*cells, p_value(each["cochran"]["p"]))))
    return table


def _pairs(data: Mapping[str, Any]) -> Table:
    """The pairs whose accuracy differs most."""
    from rich.text import Text

    shown = [pair for pair in data["pairs"] if not pair["control"]]
    shown.sort(key=lambda pair: -abs(pair["accuracy"]["change"] or 0))
    title = "From → to" if len(shown) <= MOST_PAIRS else f"From → to ({MOST_PAIRS} of {len(shown)})"
    table = _table(title, "Families", "Flips", "Accuracy, points", "p", words=1)
    several = len({pair["attribute"] for pair in shown}) > 1
    for pair in shown[:MOST_PAIRS]:
        names = " → ".join(short(pair[key], pair["attribute"]) for key in ("a", "b"))
        names = f"{pair['attribute']}: {names}" if several else names
        cells = (names + (" †" if pair["small"] else ""), f"{pair['n']:,}", number(pair["flip"]["value"]))
        tested = (points(pair["accuracy"]), p_value(pair["accuracy"]["p_adjusted"]))
        table.add_row(*(Text(clean(cell)) for cell in (*cells, *tested)))
    return table
