"""`transfer.md`: the study for a repository, as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.markdown import escape
from evenface.report.transfer import prose
from evenface.report.transfer.tables import tables


def render(data: Mapping[str, Any]) -> str:
    """Write summary, tables, methods and limits."""
    lines = ["# Transfer between regions", ""]
    lines += [f"> **Note.** {escape(notice['message'])}\n" for notice in data["notices"]]
    lines += [*(f"- {escape(sentence)}" for sentence in data["summary"]), ""]
    for table in tables(data).values():
        lines += [f"## {table.title}", "", f"| {' | '.join(map(escape, table.head))} |", f"|{'---|' * len(table.head)}"]
        lines += [f"| {' | '.join(map(escape, row))} |" for row in table.rows]
        lines += ["", escape(table.foot), ""]
    for title, sentences in (("How the numbers were made", prose.methods(data)), ("Limits", prose.LIMITS)):
        lines += [f"## {title}", "", *(f"- {escape(line)}" for line in sentences), ""]
    return "\n".join([*lines, escape(f"Schema {data['schema']}, evenface {data['evenface']}."), ""])
