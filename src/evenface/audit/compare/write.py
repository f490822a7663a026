"""Write a comparison into a folder: JSON, Markdown, a page without network, and its picture."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from evenface.audit.compare.picture import picture
from evenface.audit.compare.tables import TextTable, tables
from evenface.core.errors import SettingsError, did_you_mean
from evenface.core.writing import write_files

FORMATS = ("json", "md", "html")
NAME = "compare"
DIGITS = 12  # significant digits kept of a float
LIMITS = (
    "Measured is agreement with the labels given, which is perceived expression. Beyond luck means beyond what another "
    "sample of faces like these, or a coin deciding which model answered, would give; it does not say that the same "
    "holds for other faces. That no difference was found does not show that there is none."
)


def write(data: Mapping[str, Any], folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write `compare.json`, `compare.md`, `compare.html` and, with either of the last two, `compare.svg`.

    Args:
        data: A `Comparison`, or its data.
        folder: Made if it does not exist; files of the same names are replaced.
        formats: Which of them.

    Returns:
        What was written.

    Raises:
        SettingsError: A format is unknown.
        InputError: The folder cannot be made or written.
    """
    wrong = [each for each in formats if each not in FORMATS]
    if wrong:
        near = did_you_mean(wrong[0], FORMATS)
        raise SettingsError(f"Unknown format {wrong[0]!r}.{near} Formats: {', '.join(FORMATS)}.")
    drawn = to_svg(data) if set(formats) & {"md", "html"} else None
    texts: dict[str, str] = {}
    if "json" in formats:
        texts[f"{NAME}.json"] = to_json(data)
    if "md" in formats:
        texts[f"{NAME}.md"] = to_markdown(data, drawn is not None)
    if "html" in formats:
        texts[f"{NAME}.html"] = to_html(data, drawn)
    if drawn is not None:
        texts[f"{NAME}.svg"] = drawn
    contents = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()}
    return write_files(folder, contents, "the comparison")


def to_json(data: Mapping[str, Any]) -> str:
    """The comparison as JSON: the same comparison, the same bytes."""
    return json.dumps(_rounded(dict(data)), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def to_svg(data: Mapping[str, Any]) -> str | None:
    """The picture, if there is something to draw."""
    spec = picture(data)
    if spec is None:
        return None
    import vl_convert  # heavy, and only needed here

    return str(vl_convert.vegalite_to_svg(spec))


def to_markdown(data: Mapping[str, Any], drawn: bool) -> str:
    """The comparison for a repository: sentences, picture, tables, limits."""
    parts = [f"# {_cell(_title(data))}", _cell(_models(data)), "\n".join(f"- {_cell(s)}" for s in data["summary"])]
    if drawn:
        parts.append(f"![Values of each group under A and B, and the change with its interval]({NAME}.svg)")
    for table in tables(data):
        lines = [table.header, ["---"] * len(table.header), *table.rows]
        body = "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)
        parts += [f"## {_cell(table.title)}", body, table.foot]
    if data["warnings"]:
        parts += ["## Mind", "\n".join(f"- {_cell(w['message'])}" for w in data["warnings"])]
    return "\n\n".join([*parts, "## Limits", LIMITS]) + "\n"


def _cell(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))


def _title(data: Mapping[str, Any]) -> str:
    return f"Is B fairer than A? {data['input']['faces']:,} faces, read by both"


def _models(data: Mapping[str, Any]) -> str:
    unit = "persons" if data["settings"]["unit"] == "subject" else "faces"
    return (
        f"A: {data['input']['a']['source']}. B: {data['input']['b']['source']}. Paired by face; {unit} resampled "
        f"{data['settings']['resamples']:,} times and answers swapped {data['settings']['permutations']:,} times."
    )


_STYLE = """
:root{color-scheme:light dark;--line:#8886}
body{font:16px/1.5 Helvetica,Arial,'Liberation Sans',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;font-size:.9rem}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
td{font-variant-numeric:tabular-nums}.wide{overflow-x:auto}figure{margin:1.5rem 0;overflow-x:auto}
figure svg{background:#fff;max-width:100%;height:auto}small{opacity:.8}
@media (max-width:700px){h1{font-size:1.5rem}ul{padding-left:1.2rem}td+td{white-space:nowrap}figure svg{max-width:none}}
"""


def to_html(data: Mapping[str, Any], drawn: str | None) -> str:
    """The comparison as one page that loads nothing; all text from the data is escaped."""
    title = escape(_title(data))
    sentences = "".join(f"<li>{escape(s)}</li>" for s in data["summary"])
    body = [f"<h1>{title}</h1><p>{escape(_models(data))}</p><ul>{sentences}</ul>"]
    if drawn:
        body.append(f"<figure>{drawn}</figure>")
    body += [_html_table(table) for table in tables(data)]
    if data["warnings"]:
        items = "".join(f"<li>{escape(w['message'])}</li>" for w in data["warnings"])
        body.append(f"<h2>Mind</h2><ul>{items}</ul>")
    body.append(f"<h2>Limits</h2><p>{escape(LIMITS)}</p>")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{title}</title><style>{_STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _html_table(table: TextTable) -> str:
    head = "".join(f"<th>{escape(c)}</th>" for c in table.header)
    rows = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in table.rows)
    whole = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<h2>{escape(table.title)}</h2><div class="wide">{whole}</div><p><small>{escape(table.foot)}</small></p>'
