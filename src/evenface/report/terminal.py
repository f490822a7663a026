"""The audit on a terminal of 80 columns: verdicts, the summary and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenface.report.text import clean, number, p_value
from evenface.report.words import Findings, corrected_p

if TYPE_CHECKING:
    from rich.console import Group

_STYLE = {"larger": "bold yellow", "within": "", "unclear": "dim"}
_SHORT = {"larger": "larger than chance", "within": "within chance", "unclear": "too little data"}


def render(audit: Mapping[str, Any]) -> Group:
    """Lay out an audit for `rich.print`; names that a user chose are shown as they are, never read as markup."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    found = Findings(audit)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("Groups by", "Metric"):
        table.add_column(name, overflow="fold", ratio=1)
    for name in ("Gap", "Chance", "Seen", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    previous = None
    for gap in found.headline_gaps:
        judged = found.judge(gap)
        names = ("" if gap["by"] == previous else gap["by"], found.title(gap["metric"]))
        numbers = [number(gap[name]) for name in ("value", "chance_95", "smallest_detectable")]
        cells = (*names, *numbers, p_value(corrected_p(gap)), f"{judged.mark} {_SHORT[judged.key]}")
        table.add_row(*(Text(clean(cell), style=_STYLE[judged.key]) for cell in cells))
        previous = gap["by"]
    warnings = [Text(f"! {clean(warning['message'])}", style="yellow") for warning in audit["warnings"]]
    legend = Text(
        f"Gap: best minus worst group. Chance: what it stays below in {found.level} of cases "
        "without a true difference. Seen: the smallest true gap that this sample would have shown with 80 % power, if "
        "tested alone; noise adds to it, so it may be below Chance. p: corrected for all "
        "comparisons of its family (headline gaps, other gaps, single classes, pairs).",
        style="dim",
    )
    lowest = [Text(), Text(clean(found.worst_off()))] if found.worst_off() else []
    return Group(*warnings, table, legend, *lowest, Text(), *(Text(clean(sentence)) for sentence in found.summary()))
