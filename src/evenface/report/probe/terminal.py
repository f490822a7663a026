"""What probes found, on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenface.report.probe import rows
from evenface.report.text import clean

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def render(data: Mapping[str, Any]) -> Group:
    """Lay out for `rich.print`; names that a user chose are shown as they are, never read as markup."""
    from rich.console import Group
    from rich.text import Text

    warnings = [Text(f"! {clean(warning['message'])}", style="yellow") for warning in data["warnings"]]
    shown = [table for block in rows.blocks(data) for table in rows.tables(block)]
    tables = [part for each in shown for part in (_table(each), Text(each.foot, style="dim"), Text())]
    said = [Text(f"• {clean(sentence)}") for sentence in data["summary"]]
    return Group(*warnings, *tables, Text(rows.LEGEND, style="dim"), Text(), *said)


def _table(shown: rows.Table) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    title = Text(clean(shown.title), style="bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title, title_justify="left")
    for i, name in enumerate(shown.head):
        table.add_column(name, overflow="fold", justify="left" if i < 2 else "right", no_wrap=i >= 2)
    previous = None
    for place, *rest in shown.rows:
        table.add_row(*(Text(clean(text)) for text in ("" if place == previous else place, *rest)))
        previous = place
    return table
