"""The page: what the benchmark found as HTML and Markdown, with its tables as data beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from evenface.benchmark.charts import critical, pareto
from evenface.benchmark.results import MEASURES, write_rows
from evenface.benchmark.words import Block, paragraph, table
from evenface.core.writing import write_files
from evenface.report.page import style, template
from evenface.report.svg import Figure
from evenface.training.folder import plain


def write_page(rows: pl.DataFrame, data: Mapping[str, Any], out: Path) -> list[Path]:
    """Write `results.parquet`, `results.json`, `report.html`, `report.md` and the pictures.

    Raises:
        InputError: The folder cannot be written.
    """
    rules = data["protocol"]["rules"]
    measures = [*MEASURES, *(name for name in data["summary"][0] if name.startswith("f["))]
    tables = {(suite, rule): table(data, suite, rule, measures) for suite in data["suites"] for rule in rules}
    fronts = {(suite, rule): pareto(data, suite, rule) for suite, rule in tables if tables[suite, rule].lines}
    ranks = [critical(each, MEASURES[each["measure"]][0].lower()) for each in data["ranks"]]
    page = template("benchmark.html.jinja").render(
        data=data, said=paragraph(data), tables=tables, fronts=_inline(fronts), ranks=[r.inline() for r in ranks],
        rules=rules, style=style(),
    )  # fmt: skip
    pictures = {f"pictures/{each.name}.svg": each for each in (*fronts.values(), *ranks)}
    contents = {
        "results.json": json.dumps(plain(data), indent=1, allow_nan=False) + "\n",
        "report.html": page,
        "report.md": _markdown(data, tables, fronts, ranks),
        **{name: each.standalone() for name, each in pictures.items()},
    }
    written = write_files(out, {name: text.encode() for name, text in contents.items()}, "the benchmark")
    write_rows(rows, out / "results.parquet")
    return [out / "results.parquet", *written[:3]]


def _inline(figures: Mapping[tuple[str, str], Figure]) -> dict[tuple[str, str], str]:
    return {key: figure.inline() for key, figure in figures.items()}


def _markdown(
    data: Mapping[str, Any],
    tables: Mapping[tuple[str, str], Block],
    fronts: Mapping[tuple[str, str], Figure],
    ranks: list[Figure],
) -> str:
    lines = ["# Benchmark of mitigations", "", *(f"{sentence}\n" for sentence in paragraph(data))]
    for (suite, rule), block in tables.items():
        lines += [f"## {suite}, epoch chosen by `{rule}`", "", data["suites"][suite]["about"], ""]
        lines += [f"| {' | '.join(block.head)} |", f"|{'---|' * len(block.head)}"]
        lines += [f"| {' | '.join(line)} |" for line in block.lines]
        if front := fronts.get((suite, rule)):
            lines += ["", f"![{front.alt}](pictures/{front.name}.svg)"]
        lines.append("")
    for each in ranks:
        lines += [f"![{each.alt}](pictures/{each.name}.svg)", ""]
    lines += [f"- {each['suite']}, {each['method']}, seed {each['seed']}: {each['reason']}" for each in data["failed"]]
    return "\n".join(lines).rstrip() + "\n"
