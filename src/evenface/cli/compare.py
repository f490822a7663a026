"""`evenface compare`: is B fairer than A, or only luckier?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.audit.compare.run import compare as measure
from evenface.audit.compare.tables import TextTable, tables
from evenface.audit.compare.write import FORMATS, write
from evenface.cli.options import edges, names, plain_errors, tell

EXAMPLE = """Compare two models on the same faces: is B fairer than A, or only luckier?

Rows are paired by face id. Every change comes with a paired interval, and each change of a gap with the p of a test
that swaps the two models' answers.

[bold]Examples[/bold]

evenface compare before.csv after.csv --by gender,race,age --out comparison/

evenface compare both.csv both.csv --pred model_1 --pred-b model_2 --by gender
"""


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="First model: CSV, TSV, Parquet, Arrow or JSON lines.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Second model, on the same faces.")],
    by: Annotated[
        str | None, typer.Option(help="Attribute columns, separated by commas; usual names are found if not given.")
    ] = None,
    cross: Annotated[int, typer.Option(help="Cross up to this many attributes.")] = 2,
    label: Annotated[str | None, typer.Option(help="Column of the true class.")] = None,
    pred: Annotated[str | None, typer.Option(help="Column of the predicted class.")] = None,
    pred_b: Annotated[str | None, typer.Option(help="Column of B's predicted class, if named otherwise.")] = None,
    scores: Annotated[
        str | None, typer.Option(help="Columns of scores; the highest is the answer where none is given.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Column of the person shown; persons are then resampled.")] = None,
    face: Annotated[str | None, typer.Option(help="Column that identifies the face.")] = None,
    labels: Annotated[str | None, typer.Option(help="Class names or a label space, such as RAF-DB.")] = None,
    into: Annotated[str | None, typer.Option(help="Classes to report instead, such as SMIC-3.")] = None,
    bins: Annotated[
        list[str] | None, typer.Option(help="Lower edges for a number, such as age=0,18,40; may be repeated.")
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="Metrics, separated by commas; all if not given.")] = None,
    resamples: Annotated[int, typer.Option(help="Paired bootstrap tables, and tables with answers swapped.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of all random draws.")] = 0,
    min_group: Annotated[int, typer.Option(help="Groups with fewer answered faces take no part in gaps.")] = 20,
    min_rate: Annotated[int, typer.Option(help="Rates of a class on fewer faces take no part in gaps.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Folder for compare.json, .md, .html and .svg.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Which of json, md, html.")] = ",".join(FORMATS),
) -> None:
    """Parse, call, print."""
    console = Console()
    listed = names(scores)
    with plain_errors():
        found = measure(
            a,
            b,
            names(by) or None,
            metrics=names(metrics) or None,
            pred_b=pred_b,
            cross=cross,
            label=label,
            pred=pred,
            scores=listed if len(listed) > 1 else scores,
            subject=subject,
            face=face,
            labels=labels,
            into=into,
            bins=edges(bins) or None,
            resamples=resamples,
            permutations=resamples,
            seed=seed,
            min_group=min_group,
            min_rate=min_rate,
        )
        written = write(found, out, names(formats)) if out else []
    tell(console, found.data, map(_rich, tables(found.data)), written)


def _rich(table: TextTable) -> Table:
    made = Table(
        title=Text(table.title),
        caption=Text(table.foot),
        box=SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    for place, name in enumerate(table.header):
        words = place in (0, len(table.header) - 1)
        made.add_column(name, overflow="fold", justify="left" if words else "right")
    for row in table.rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


compare.__doc__ = EXAMPLE
