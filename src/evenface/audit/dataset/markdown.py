"""A result of `dataset_bias` as Markdown, for a repository or a data sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from evenface.audit.dataset.tables import TextTable, tables
from evenface.audit.dataset.words import percent, titled


def to_markdown(result: dict[str, Any], pictures: Iterable[str] = ()) -> str:
    """Write a result as Markdown.

    Args:
        result: From `dataset_bias`.
        pictures: File names of pictures to show, relative to the Markdown file.
    """
    parts = [f"# Data set bias: {', '.join(safe(data['name']) for data in result['datasets'])}", *_input(result)]
    parts += ["## In short", "\n".join(f"- {safe(line)}" for line in result["summary"])]
    parts += [f"![{safe(name)}]({name})" for name in pictures]
    parts += [_table(table) for table in tables(result)]
    for data in result["datasets"]:
        parts += [f"## {safe(data['name'])}: all groups", *(_groups(entry) for entry in data["profiles"])]
    parts += [
        "## How the numbers were made",
        "\n".join(f"- {safe(line)}" for line in [*_settings(result), *result["notes"]]),
    ]
    if result["warnings"]:
        parts += ["## Warnings", "\n".join(f"- {safe(warning['message'])}" for warning in result["warnings"])]
    return "\n\n".join(parts) + "\n"


def safe(text: str) -> str:
    """Keep names from the data from becoming markup."""
    escaped = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return re.sub(r"\s+", " ", escaped)


def _input(result: dict[str, Any]) -> list[str]:
    return [
        f"{safe(data['name'])}: {given['rows']:,} faces from {safe(given['source'])}, sha256 {given['sha256'][:12]}."
        for data in result["datasets"]
        for given in [data["input"]]
    ]


def _table(table: TextTable) -> str:
    lines = [
        f"## {safe(table.title[0].upper() + table.title[1:])}",
        "",
        _row(table.columns),
        _row(["---", *["---:"] * (len(table.columns) - 1)], raw=True),
    ]
    return "\n".join([*lines, *(_row(row) for row in table.rows), "", safe(table.foot)])


def _row(cells: Iterable[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else safe(cell) for cell in cells)} |"


def _groups(entry: dict[str, Any]) -> str:
    rows = [
        (
            group["group"],
            f"{group['n']:,}",
            f"{percent(group['share'])} [{percent(group['low'])}, {percent(group['high'])}]",
            "small" if group["small"] else "",
        )
        for group in entry["groups"]
    ] + [(name, "0", "no face", "") for name in entry["absent"]]
    missing = f"Not known for {entry['missing']:,} faces." if entry["missing"] else "Known for every face."
    return _table(TextTable(titled(entry), ("group", "faces", "share", ""), rows, missing)).replace("## ", "### ", 1)


def _settings(result: dict[str, Any]) -> list[str]:
    s = result["settings"]
    return [
        f"evenface {result['evenface']}, {result['schema']}; {s['resamples']:,} resamples, "
        f"{s['permutations']:,} chance tables, seed {s['seed']}.",
        "Formula and source of every metric are in dataset_bias.json under metrics.",
    ]
