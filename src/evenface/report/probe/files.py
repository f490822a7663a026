"""Writes what probes found into a folder, each file whole or not at all."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evenface.core.errors import UnknownNameError
from evenface.core.writing import write_files
from evenface.report import page
from evenface.report.charts import slug
from evenface.report.probe.charts import figures
from evenface.report.probe.rows import LEGEND, blocks, tables
from evenface.report.serial import to_json_bytes

FORMATS = ("html", "json")
METHODS = (
    "Half of the persons fit each probe and the others are scored, then the other way round. No face probed was learnt "
    "from by the net, unless a warning says so.",
    "The band of chance holds 95 % of what the same probe reads when the attribute is dealt to other persons.",
    "Bits are what features save in telling the attribute of a face that the probe was not fitted to.",
    "Places with rows and columns are averaged to a coarse grid before they are probed.",
    "Layers have their names in the net. Answers, where a run has them, are scores changed by the group that a face is "
    "known to be in.",
)
LIMITS = (
    "A value within the band says that these probes find nothing in so many faces, not that nothing is there.",
    "A latent that holds an attribute need not use it: what the answers do with it is for the audit to say.",
    "A map shows two directions of many. Groups that lie on each other there can be apart elsewhere.",
)


def write(
    data: Mapping[str, Any], out: Path, formats: Sequence[str] = FORMATS, *, sheets: Mapping[str, bytes] | None = None
) -> list[Path]:
    """Write `probe.html`, `probe.json` and a `sheet-<run>.png` of each run that draws.

    Args:
        data: As `docs/PROBE_SCHEMA.md` describes it.
        out: Folder; made if missing. Files of the same name are replaced.
        formats: Which of `html` and `json`.
        sheets: Run -> PNG.

    Returns:
        The files written.

    Raises:
        UnknownNameError: A format that there is not.
        InputError: The folder cannot be made or written.
    """
    made: dict[str, bytes] = {}
    for name in dict.fromkeys(formats):
        if name not in FORMATS:
            raise UnknownNameError("format", name, FORMATS)
        text = to_json_bytes(data) if name == "json" else to_html(data, sheets or {}).encode("utf-8", "replace")
        made[f"probe.{name}"] = text
    made |= {f"sheet-{slug(run)}.png": picture for run, picture in (sheets or {}).items()}
    return write_files(out, made, "the report")


def to_html(data: Mapping[str, Any], sheets: Mapping[str, bytes]) -> str:
    """The page, which holds everything it needs and asks nothing of a network."""
    drawn = {kind: [figure.inline() for figure in found] for kind, found in figures(data).items()}
    return page.template("probe.html.jinja").render(
        data=data,
        charts=drawn,
        tables=[table for block in blocks(data) for table in tables(block)],
        sheets={run: base64.b64encode(picture).decode("ascii") for run, picture in sheets.items()},
        legend=LEGEND,
        methods=METHODS,
        limits=LIMITS,
        style=page.style(),
    )
