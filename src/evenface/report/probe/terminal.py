"""What probes found, on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenface.report.probe.rows import HEADS, LEGEND, NUMBER_HEADS, Block, blocks, cells, foot
from evenface.report.text import clean

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def render(data: Mapping[str, Any]) -> Group:
    """Lay out for `rich.print`; names that a user chose are shown as they are, never read as markup."""
    from rich.console import Group
    from rich.text import Text

    warnings = [Text(f"! {clean(warning['message'])}", style="yellow") for warning in data["warnings"]]
    tables = [part for block in blocks(data) for part in (_table(block), Text(foot(block), style="dim"), Text())]
    said = [Text(f"• {clean(sentence)}") for sentence in data["summary"]]
    return Group(*warnings, *tables, Text(LEGEND, style="dim"), Text(), *said)


def _table(block: Block) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    title = Text(clean(block.title), style="bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title, title_justify="left")
    for i, name in enumerate(NUMBER_HEADS if block.main == "r2" else HEADS):
        table.add_column(name, overflow="fold", justify="left" if i < 2 else "right", no_wrap=i >= 2)
    previous = None
    for place, *rest in cells(block):
        table.add_row(*(Text(clean(text)) for text in ("" if place == previous else place, *rest)))
        previous = place
    return table
