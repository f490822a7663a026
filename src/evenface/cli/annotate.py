"""`evenface data annotate`: estimated gender, race and age for faces of which nobody said them, for auditing only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.audit.estimator import read_estimator
from evenface.cli.options import manifest_to_write, names, plain_errors, progress_bar, say, wrote
from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest
from evenface.core.writing import write_files

if TYPE_CHECKING:
    from evenface.models.annotate import Annotated as Faces

ANNOTATE_HELP = """Estimate gender, race and age band of the faces of a manifest, for auditing only.

Writes OUT, the manifest with attributes marked as estimated, and beside it the estimator's error rates, one table for
each attribute, which `evenface audit --estimator` reads. Estimates are often wrong: read the error rates that are
printed. They say what an annotator would call a face, and never who someone is.

[bold]Examples[/bold]

evenface data annotate ferplus.parquet annotated.parquet

evenface data annotate photos.parquet annotated.parquet --by gender,race4,age4 --detector windows
"""


def annotate(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Made by `evenface data import`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Parquet file to write.")],
    by: Annotated[str, typer.Option(help="Of gender, race, age, and the coarser race4, age4.")] = "gender,race,age",
    weights: Annotated[str, typer.Option(help="Name of weights that ship, or a file.")] = "attributes",
    detector: Annotated[
        str | None,
        typer.Option(help="What finds the face in each picture, such as windows; not given: crops of faces."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace attributes that the manifest has.")] = False,
    chances: Annotated[
        bool, typer.Option("--chances", help="Add a column with the probability of each level.")
    ] = False,
) -> None:
    """Parse, call, print."""
    from evenface.models.annotate import annotate as estimate

    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        manifest_to_write(out)
        given = Manifest.load(manifest)
        with progress_bar(errors) as progress:
            task = progress.add_task("Estimating", total=None)
            found = estimate(
                given.moved(manifest.parent, out.parent),
                out.parent,
                names(by),
                weights=weights,
                detector=detector,
                again=again,
                chances=chances,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        written = [found.manifest.save(out), *_write_errors(found, out)]
    _show(console, found)
    wrote(console, written)


def _write_errors(found: Faces, out: Path) -> list[Path]:
    """Write `<OUT>-errors/<attribute>.csv`, and who is mistaken for whom in each group."""
    contents = {f"{name}.csv": found.errors(name).write_csv().encode() for name in found.estimated}
    contents["by_group.csv"] = found.errors_by_group().write_csv().encode()
    return write_files(out.parent / f"{out.stem}-errors", contents, "error rates")


def _show(console: Console, found: Faces) -> None:
    """Print the estimates, how often such estimates are right, and what to do with them."""
    faces = len(found.manifest.frame)
    like = "in colour" if found.pictures == "colour" else "small or grey"
    console.print(Text(f"{faces:,} faces, most pictures {like}. For auditing only: estimates are not facts of people."))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("attribute", "right", "estimated faces"):
        table.add_column(head, overflow="fold")
    for name in found.estimated:
        counts = dict(found.manifest.frame[f"attr:{name}"].drop_nulls().value_counts().iter_rows())
        told = ", ".join(f"{level} {counts[level]:,}" for level in found.levels(name))
        table.add_row(name, f"{found.accuracy(name):.1%}", told or "none")
    console.print(table)
    console.print(Text("right: of FairFace's validation faces in pictures like these; in each group: by_group.csv."))
    say(console, (f"{name} is in the manifest and was kept; --again replaces it." for name in found.kept), "yellow")
    for why, count in found.reasons.items():
        console.print(Text(f"{count:,} faces without estimates: {why}.", style="yellow"))
    for name in found.estimated:
        if fault := _uncorrectable(found, name):
            console.print(Text(fault, style="yellow"))


def _uncorrectable(found: Faces, name: str) -> str | None:
    """Why an audit could not correct for the errors of an attribute."""
    table = found.errors(name)
    rates = {row.pop("true"): row for row in table.to_dicts()}
    try:
        read_estimator(name, found.levels(name), rates)
    except SettingsError as error:
        return f"{error} Coarser attributes are race4 and age4."
    return None
