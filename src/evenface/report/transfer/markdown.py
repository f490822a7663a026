"""`transfer.md`: the study for a repository, as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.markdown import study
from evenface.report.transfer import prose
from evenface.report.transfer.tables import tables


def render(data: Mapping[str, Any]) -> str:
    """Write summary, tables, methods and limits."""
    return study(
        "Transfer between regions",
        (notice["message"] for notice in data["notices"]),
        data["summary"],
        tables(data).values(),
        prose.methods(data),
        prose.LIMITS,
        f"Schema {data['schema']}, evenface {data['evenface']}.",
    )
