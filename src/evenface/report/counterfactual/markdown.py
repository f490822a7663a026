"""`counterfactual.md`: the audit for a repository, as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.counterfactual import prose
from evenface.report.counterfactual.tables import tables
from evenface.report.markdown import study


def render(data: Mapping[str, Any]) -> str:
    """Write summary, tables, methods and limits."""
    return study(
        f"Counterfactual audit of {data['input']['source']}",
        (warning["message"] for warning in data["warnings"]),
        data["summary"],
        tables(data).values(),
        prose.methods(data),
        prose.LIMITS,
        f"Input sha256 {data['input']['sha256']}, schema {data['schema']}, evenface {data['evenface']}.",
    )
