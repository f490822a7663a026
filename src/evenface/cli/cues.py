"""`evenface cues`: what can be read from faces, and reading it."""

from __future__ import annotations

import inspect
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from evenface.cli.options import counted, plain_errors, progress_bar, say, some_names, wrote
from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest, manifest_file
from evenface.cues import CUES

if TYPE_CHECKING:
    import polars as pl

cues_app = typer.Typer(
    help="Cues: what can be read from a face, such as action units, each a table of its own.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_LIST = """List the cues, with their channels.

[bold]Examples[/bold]

evenface cues list

evenface cues list action_units
"""
_READ = """Read cues from every face of a manifest, and write a table of each: OUT/<cue>.parquet.

What was read is kept in OUT/.cache by the pixels it was read from; a run that was stopped goes on.

[bold]Examples[/bold]

evenface cues read faces/ cues/ --cue macro,action_units

evenface cues read ferplus.parquet cues/ --detector none
"""
_IMPORT = """Take over action units that OpenFace 2 or py-feat read, as OUT/openface.parquet or OUT/pyfeat.parquet.

[bold]Examples[/bold]

evenface cues import processed/ faces/ cues/

evenface cues import fex.csv faces.parquet cues/

evenface cues import openface3/ faces/ cues/ --units AU01,AU02,AU04,AU06,AU09,AU12,AU25,AU26
"""
_SCORE = """Score what a cue read of labelled micro-expressions: UF1 and UAR, over all and for each data set.

Labels are merged as the field does it: positive, negative, surprise. Intervals of 95 % are over persons. The nets that
ship learned from generated people alone: nobody of a real data set was seen in training.

[bold]Examples[/bold]

evenface data import casme2 CASME2/ casme2.parquet

evenface cues read casme2.parquet cues/ --cue micro

evenface cues score casme2.parquet cues/
"""


@cues_app.command("list", help=_LIST)
def show(
    name: Annotated[str | None, typer.Argument(help="One of them: tell all that is known of it.")] = None,
) -> None:
    """Parse, call, print."""
    console = Console()
    with plain_errors():
        if name is not None:
            kind = CUES.get(name)
            lines = (inspect.getdoc(kind), f"Confidence: {kind.confidence}.", f"Channels: {', '.join(kind.channels)}.")
            console.print(Text("\n\n".join(line or "" for line in (*lines, f"Version: {kind.version}"))))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for head in ("name", "reads", "channels", "what"):
            table.add_column(head, overflow="fold")
        for each in CUES:
            kind = CUES.get(each)
            reads = f"{kind.frames} frames of {kind.size} px" if kind.frames else f"{kind.size} px"
            table.add_row(each, reads, str(len(kind.channels)), (inspect.getdoc(kind) or "").splitlines()[0])
        console.print(table)


@cues_app.command("read", help=_READ)
def read(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Or a folder with manifest.parquet.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the tables.")],
    cue: Annotated[str | None, typer.Option(help="Which, separated by commas; all if not given.")] = None,
    detector: Annotated[
        str, typer.Option(help="What finds the face: mediapipe, windows; none: pictures are aligned faces.")
    ] = "mediapipe",
    cache: Annotated[Path | None, typer.Option(help="Folder for chips and stretches; OUT/.cache if not given.")] = None,
) -> None:
    """Parse, call, print."""
    from evenface.cues._findings import findings, unanswered
    from evenface.cues._read import read_cues

    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        path = manifest_file(manifest)
        faces = Manifest.load(path)
        with progress_bar(errors, *counted(TimeRemainingColumn())) as bar:
            task = bar.add_task("faces", total=len(faces.frame))
            done = read_cues(
                faces,
                path.parent,
                out,
                some_names(cue, "--cue"),
                detector=None if detector == "none" else detector,
                cache=cache,
                progress=lambda what, n, total: bar.update(task, description=what, completed=n, total=total),
            )
    for each in done:
        counts = unanswered(faces, each.name, each.reading)
        _tell(console, counts, each.notes)
        say(console, (f"Finding: {notice.message}" for notice in findings(counts)), "yellow")
        known = " It was known from an earlier run." if each.cached else ""
        console.print(Text(f"Wrote {each.path}.{known}", style="dim"))


@cues_app.command("import", help=_IMPORT)
def import_(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV file, or a folder of such.")],
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Or a folder with manifest.parquet.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the tables.")],
    units: Annotated[
        str | None,
        typer.Option(help="Which unit each column is, in order, where columns are only numbered, as with OpenFace 3."),
    ] = None,
) -> None:
    """Parse, call, print."""
    from evenface.cues._findings import findings, unanswered
    from evenface.cues._imported import import_units
    from evenface.cues._table import save_cue

    console = Console()
    with plain_errors():
        faces = Manifest.load(manifest_file(manifest))
        named = some_names(units, "--units")
        got = import_units(table, faces, named)
        about = {"source": table.name, "units_named_by_user": named is not None}
        written = save_cue(out, got.name, got.channels, got.reading, faces, about)
    counts = unanswered(faces, got.name, got.reading)
    _tell(console, counts, got.notes)
    say(console, (f"Finding: {notice.message}" for notice in findings(counts)), "yellow")
    wrote(console, [written])


@cues_app.command("score", help=_SCORE)
def score(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Or a folder with manifest.parquet.")],
    cues: Annotated[Path, typer.Argument(metavar="CUES", help="Folder of the tables, of `evenface cues read`.")],
    cue: Annotated[str, typer.Option(help="Which: micro or micro_plus.")] = "micro",
) -> None:
    """Parse, call, print."""
    from evenface.cues._score import score_clips
    from evenface.cues._table import load_cues

    console = Console()
    with plain_errors():
        if not CUES.get(cue).frames:
            known = ", ".join(name for name in CUES if CUES.get(name).frames)
            raise SettingsError(f"--cue {cue}: UF1 and UAR are of cues that read clips: {known}.")
        faces = Manifest.load(manifest_file(manifest))
        table = load_cues(cues, faces, [cue])
        scores, notes = score_clips(faces, table.channels[cue], table.readings[cue])
    say(console, notes, "dim")
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("set", "clips", "read", "persons", "UF1", "UAR"):
        left = head == "set"
        shown.add_column(head, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    for name, each in scores.items():
        numbers = (f"{count:,}" for count in (each.clips, each.answered, each.persons))
        shown.add_row(Text(name), *numbers, Text(_ranged(*each.uf1)), Text(_ranged(*each.uar)))
    console.print(shown)
    say(console, (f"{name}: {each.reason}." for name, each in scores.items() if each.reason), "yellow")


def _ranged(value: float, low: float, high: float) -> str:
    """Write a number with its interval, and a dash for what is not defined."""
    if isnan(value):
        return "–"
    return f"{value:.3f}" if isnan(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _tell(console: Console, counts: pl.DataFrame, notes: tuple[str, ...]) -> None:
    """Print how many faces a cue read, and whose it did not."""
    import polars as pl

    row = counts.filter(pl.col("attribute") == "all").row(0, named=True)
    console.print(Text(f"{row['cue']}: {row['faces'] - row['unread']:,} of {row['faces']:,} faces read."))
    say(console, notes, "dim")
    if not row["unread"]:
        return
    console.print(Text(f"Not read: {row['reasons']}."))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("group", "faces", "not read", "share"):
        table.add_column(head, justify="left" if head == "group" else "right")
    for each in counts.filter(pl.col("attribute") != "all").iter_rows(named=True):
        group = f"{each['attribute']}={each['level']}"
        table.add_row(group, f"{each['faces']:,}", f"{each['unread']:,}", f"{each['share']:.1%}")
    if table.row_count:
        console.print(table)
