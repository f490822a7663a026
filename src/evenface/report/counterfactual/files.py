"""Writes a counterfactual audit into a folder, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evenface.core.errors import UnknownNameError
from evenface.core.writing import write_files
from evenface.report import page
from evenface.report.counterfactual import markdown, prose
from evenface.report.counterfactual.charts import figures
from evenface.report.counterfactual.portraits import portraits
from evenface.report.counterfactual.tables import tables
from evenface.report.serial import to_json_bytes

FORMATS = ("html", "json", "md")
NAME = "counterfactual"


def check_formats(formats: Sequence[str]) -> None:
    """Raise UnknownNameError for a format that there is not."""
    for name in formats:
        if name not in FORMATS:
            raise UnknownNameError("format", name, FORMATS)


def write(
    data: Mapping[str, Any], out: Path, formats: Sequence[str] = FORMATS, *, images: Path | None = None
) -> list[Path]:
    """Write `counterfactual.html`, `.json` and `.md`.

    Args:
        data: The audit as `docs/COUNTERFACTUAL_SCHEMA.md` describes it.
        out: Folder; made if missing. Files of the same name are replaced.
        formats: Which of them.
        images: Where relative paths of pictures start, for those that the page shows.

    Returns:
        The files written, in the order of `formats`.

    Raises:
        UnknownNameError: A format that there is not.
        InputError: The folder cannot be made or written.
    """
    check_formats(formats)
    made: dict[str, bytes] = {}
    for name in dict.fromkeys(formats):
        if name == "json":
            made[f"{NAME}.json"] = to_json_bytes(data)
        else:
            text = markdown.render(data) if name == "md" else to_html(data, images)
            made[f"{NAME}.{name}"] = text.encode("utf-8", "backslashreplace")
    return write_files(out, made, "the report")


def to_html(data: Mapping[str, Any], images: Path | None) -> str:
    """The page, which holds everything it needs and asks nothing of a network."""
    drawn = {
        kind: [{"by": figure.by, "svg": figure.inline()} for figure in found] for kind, found in figures(data).items()
    }
    return page.template("counterfactual.html.jinja").render(
        data=data,
        charts=drawn,
        tables=tables(data),
        faces=portraits(data, images),
        methods=prose.methods(data),
        limits=prose.LIMITS,
        style=page.style(),
    )
