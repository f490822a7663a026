"""Writes an audit into a folder, each file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenface.core.errors import UnknownNameError
from evenface.core.writing import write_files
from evenface.report import charts, markdown, page, spreadsheet
from evenface.report.serial import to_json_bytes
from evenface.report.svg import Figure
from evenface.report.words import Findings

FORMATS = ("html", "json", "md", "csv", "svg", "png", "pdf")
_PIXELS = 2.0  # of a PNG per CSS pixel


def write(
    audit: Mapping[str, Any], out: str | os.PathLike[str], formats: Sequence[str] = ("html", "json", "md")
) -> list[Path]:
    """Write an audit in the formats asked for.

    Args:
        audit: The audit as `docs/AUDIT_SCHEMA.md` describes it.
        out: Folder; made if missing. Files of the same name are replaced.
        formats: `html` (report.html), `json` (audit.json), `md` (report.md), `csv` (groups.csv, gaps.csv), and `svg`,
            `png`, `pdf` for each chart as a file in `charts/`, in the light theme.

    Returns:
        The files written, in the order of `formats`.

    Raises:
        UnknownNameError: A format that there is not.
        InputError: The folder cannot be made or written.
    """
    check_formats(formats)
    folder, found = Path(out), Findings(audit)
    drawn = charts.figures(found) if {"html", "svg", "png", "pdf"} & set(formats) else {}
    made: dict[str, bytes] = {}
    for name in dict.fromkeys(formats):
        made.update(_contents(name, found, drawn))
    return write_files(folder, made, "the report")


def check_formats(formats: Sequence[str]) -> None:
    """Raise UnknownNameError for a format that there is not."""
    for name in formats:
        if name not in FORMATS:
            raise UnknownNameError("format", name, FORMATS)


def _contents(name: str, found: Findings, drawn: Mapping[str, Sequence[Figure]]) -> Iterable[tuple[str, bytes]]:
    """Give each file of one format as its path in the folder and its bytes."""
    if name == "json":
        return [("audit.json", to_json_bytes(found.audit))]
    if name == "md":
        return [("report.md", _text(markdown.render(found)))]
    if name == "html":
        return [("report.html", _text(page.render(found, drawn)))]
    if name == "csv":
        return [(path, _text(text)) for path, text in spreadsheet.tables(found).items()]
    convert = _converter(name)
    return [
        (f"charts/{figure.name}.{name}", convert(figure.standalone()))
        for figures in drawn.values()
        for figure in figures
    ]


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _converter(name: str) -> Callable[[str], bytes]:
    """How an SVG becomes a file of this format; the converter is loaded only where it is needed."""
    if name == "svg":
        return _text
    import vl_convert

    if name == "png":
        return lambda svg: vl_convert.svg_to_png(svg, scale=_PIXELS)
    return lambda svg: vl_convert.svg_to_pdf(svg)
