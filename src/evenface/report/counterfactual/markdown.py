"""`counterfactual.md`: the audit for a repository, as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.counterfactual import prose
from evenface.report.counterfactual.tables import tables
from evenface.report.markdown import escape


def render(data: Mapping[str, Any]) -> str:
    """Write summary, tables, methods and limits."""
    lines = [f"# Counterfactual audit of {escape(data['input']['source'])}", ""]
    lines += [f"> **Note.** {escape(warning['message'])}\n" for warning in data["warnings"]]
    lines += [*(f"- {escape(sentence)}" for sentence in data["summary"]), ""]
    for table in tables(data).values():
        lines += [f"## {table.title}", "", f"| {' | '.join(table.head)} |", f"|{'---|' * len(table.head)}"]
        lines += [f"| {' | '.join(map(escape, row))} |" for row in table.rows]
        lines += ["", escape(table.foot), ""]
    for title, sentences in (("How the numbers were made", prose.methods(data)), ("Limits", prose.LIMITS)):
        lines += [f"## {title}", "", *(f"- {escape(line)}" for line in sentences), ""]
    made = f"Input sha256 {data['input']['sha256']}, schema {data['schema']}, evenface {data['evenface']}."
    return "\n".join([*lines, escape(made), ""])
