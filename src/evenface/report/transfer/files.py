"""Writes the report of a study of transfer, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenface.core.writing import write_files
from evenface.report import page
from evenface.report.transfer import markdown, prose
from evenface.report.transfer.charts import figures
from evenface.report.transfer.tables import tables


def write(data: Mapping[str, Any], out: Path) -> list[Path]:
    """Write `transfer.html` and `transfer.md`.

    Args:
        data: The document as `docs/FUSION.md` describes it.
        out: Folder; made if missing. Files of the same name are replaced.

    Returns:
        The files written.

    Raises:
        InputError: The folder cannot be made or written.
    """
    made = {
        "transfer.html": to_html(data).encode("utf-8", "backslashreplace"),
        "transfer.md": markdown.render(data).encode("utf-8", "backslashreplace"),
    }
    return write_files(out, made, "the report")


def to_html(data: Mapping[str, Any]) -> str:
    """The page, which holds everything it needs and asks nothing of a network."""
    return page.template("transfer.html.jinja").render(
        data=data,
        charts={kind: [figure.inline() for figure in drawn] for kind, drawn in figures(data).items()},
        tables=tables(data),
        methods=prose.methods(data),
        limits=prose.LIMITS,
        style=page.style(),
    )
