"""`evenface data`: look at a data set before any training; the command `bias`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.audit.dataset.run import dataset_bias
from evenface.audit.dataset.tables import TextTable, tables
from evenface.audit.dataset.write import write_result
from evenface.cli.data_sets import opened_table, with_sets
from evenface.cli.options import edges, names, plain_errors, provenance, tell

data_app = with_sets(
    typer.Typer(help="Look at a data set before any training.", no_args_is_help=True, rich_markup_mode="rich")
)

_FIRST = 20  # letters that the first column of a table gets even on a narrow terminal
_EXAMPLE = """Measure whom a data set shows and which expression goes with whom.

One row per face, with columns for attributes and, if there is one, the expression label. Several tables are compared
with each other. Manifests made by `evenface data import` bring names of classes and origins of attributes.

[bold]Examples[/bold]

evenface data bias raf-db.csv --by gender,race,age --estimated race,age,gender --out bias/

evenface data bias train.csv --by gender --against deployment.parquet
"""


@data_app.callback()
def _data() -> None:
    """Look at a data set before any training."""


@data_app.command("bias", help=_EXAMPLE)
def bias(
    tables_given: Annotated[
        list[Path], typer.Argument(metavar="TABLE...", help="CSV, TSV, Parquet, Arrow or JSON lines.")
    ],
    by: Annotated[str, typer.Option(help="Attribute columns, separated by commas.")],
    label: Annotated[
        str | None, typer.Option(help="Column of the expression label; found by its usual names if not given.")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="One more table that each TABLE is compared with.")] = None,
    cross: Annotated[int, typer.Option(min=1, help="Cross up to this many attributes.")] = 1,
    bins: Annotated[
        list[str] | None, typer.Option(help="Lower edges for a number, such as age=0,18,40; may be repeated.")
    ] = None,
    estimated: Annotated[
        str | None, typer.Option(help="Attributes that a model estimated, separated by commas.")
    ] = None,
    annotated: Annotated[
        str | None, typer.Option(help="Attributes that annotators judged, separated by commas.")
    ] = None,
    self_reported: Annotated[
        str | None, typer.Option(help="Attributes that the people shown gave, separated by commas.")
    ] = None,
    generated: Annotated[
        str | None, typer.Option(help="Attributes that were set when the faces were generated, separated by commas.")
    ] = None,
    resamples: Annotated[int, typer.Option(help="Resamples behind the intervals; 0 for none.")] = 1000,
    permutations: Annotated[int, typer.Option(help="Chance tables behind p and chance levels; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of all random draws.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for dataset_bias.json, dataset_bias.md and pictures.")
    ] = None,
) -> None:
    """Parse, call, print."""
    console = Console()
    with plain_errors():
        opened = [opened_table(path) for path in (*tables_given, *([against] if against else []))]
        known = {name: origin for each in opened for name, origin in each.provenance.items() if name in names(by)}
        tables_read = [each.table for each in opened]
        result = dataset_bias(
            tables_read[: len(tables_given)],
            names(by),
            label,
            against=tables_read[-1] if against else None,
            names=[each.name for each in opened] if any(each.provenance for each in opened) else None,
            cross=cross,
            bins=edges(bins),
            provenance=known
            | provenance(estimated=estimated, annotated=annotated, self_reported=self_reported, generated=generated),
            resamples=resamples,
            permutations=permutations,
            seed=seed,
        )
        written = write_result(result, out) if out else []
    tell(console, result, map(_rich, tables(result)), written)


def _rich(table: TextTable) -> Table:
    shown = Table(
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        title=Text(table.title, style="bold"),
        title_justify="left",
        caption=Text(table.foot, style="dim"),
        caption_justify="left",
    )
    longest = max(len(row[0]) for row in table.rows)
    shown.add_column(Text(table.columns[0]), overflow="fold", min_width=min(longest, _FIRST))
    for head in table.columns[1:]:
        shown.add_column(Text(head), justify="right", overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown
