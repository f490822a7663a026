"""`evenface generate`: a set of faces whose truth is known, and is uneven only where it was asked to be."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from evenface.cli.options import counted, names, plain_errors, progress_bar, wrote
from evenface.core.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from evenface.synthesis.plan import Plan

_EXAMPLE = """Make a set of faces whose truth is known: images and a table.

SPEC is the name of a suite or a TOML file (docs/GENERATE.md lists what it can say). OUT gets images/, manifest.parquet,
spec.toml and about.json. A run that was stopped goes on when it is started again.

[bold]Examples[/bold]

evenface generate --list

evenface generate smoke faces/ --sheet

evenface generate train-biased train/ --count 1000 --size 96 --set "biases=[]" --format webdataset,jpeg
"""
_FORMATS = {
    "png": ("image", "png"),
    "jpeg": ("image", "jpeg"),
    "files": ("store", "files"),
    "parquet": ("store", "parquet"),
    "webdataset": ("store", "webdataset"),
}


def generate(
    spec: Annotated[str | None, typer.Argument(metavar="SPEC", help="Name of a suite, or a TOML file.")] = None,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Folder of the set.")] = None,
    count: Annotated[int | None, typer.Option(help="Faces to make, instead of what the spec says.")] = None,
    size: Annotated[int | None, typer.Option(help="Width and height in pixels, instead of what the spec says.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of all draws, instead of what the spec says.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as there are processors if not given.")
    ] = None,
    device: Annotated[str, typer.Option(help="What draws: cpu, or a GPU such as cuda:0.")] = "cpu",
    formats: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(_FORMATS)}; one of each kind, with a comma.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="Any key of the spec: people=20, design.kind=natural; repeatable.")
    ] = None,
    sheet: Annotated[bool, typer.Option("--sheet", help="Also write sheet.png: people x expressions x light.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made; draw nothing.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List suites, designs, biases and regions, and stop.")] = False,
) -> None:
    """Parse, call, print."""
    from evenface.synthesis.plan import Plan
    from evenface.synthesis.run import generate as run
    from evenface.synthesis.run import renderer
    from evenface.synthesis.sheet import write_sheet
    from evenface.synthesis.suites import load_spec

    console, errors = Console(), Console(stderr=True)
    if listed:
        _show_list(console)
        return
    with plain_errors():
        if spec is None or (out is None and not dry_run):
            raise SettingsError("Give a SPEC and a folder OUT, such as: evenface generate smoke faces/. See --list.")
        options = {"count": count, "size": size, "seed": seed} | _format(formats)
        overrides = [*(given or []), *(f"{key}={value}" for key, value in options.items() if value is not None)]
        wanted = load_spec(spec, overrides)
        if dry_run or out is None:
            _show_plan(console, Plan(wanted))
            return
        with progress_bar(errors, *counted(TimeRemainingColumn())) as progress:
            task = progress.add_task("Drawing", total=wanted.count)
            made = run(
                wanted,
                out,
                workers=workers,
                device=device,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        written = [out / name for name in ("manifest.parquet", "spec.toml", "about.json")]
        if sheet:
            written.append(write_sheet(Plan(wanted), out / "sheet.png", renderer(device)))
    seconds = made.about["seconds"]
    if made.made < made.rows:
        console.print(Text(f"{made.rows - made.made:,} of {made.rows:,} faces were there already.", style="dim"))
    if made.rows < wanted.count:
        console.print(Text(f"{wanted.count:,} faces have room for {made.rows:,} in whole families or clips."))
    console.print(Text(f"{made.rows:,} faces of {wanted.size} pixels in {out}"))
    stages = ", ".join(f"{stage} {spent:.1f} s" for stage, spent in seconds.items() if stage != "wall")
    console.print(Text(f"Drawn in {seconds['wall']:.1f} s; summed over workers: {stages}", style="dim"))
    wrote(console, written)


generate.__doc__ = _EXAMPLE


def _format(given: str | None) -> dict[str, str]:
    """Read `--format`: how images are coded, how they are kept, or both."""
    chosen: dict[str, str] = {}
    for name in names(given):
        if name not in _FORMATS:
            near = did_you_mean(name, tuple(_FORMATS))
            raise SettingsError(f"--format {name!r} is not known.{near} Choose from {', '.join(_FORMATS)}.")
        key, value = _FORMATS[name]
        if key in chosen:
            raise SettingsError(f"--format {given}: {chosen[key]} and {value} exclude each other.")
        chosen[key] = value
    return chosen


def _show_plan(console: Console, plan: Plan) -> None:
    """Print what a plan makes: faces, and shares of what they show."""
    faces = plan.counts()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("", "level", "faces", "share"):
        table.add_column(head, justify="left" if head in ("", "level") else "right")
    for name, levels in faces.items():
        for number, (level, n) in enumerate(levels.items()):
            table.add_row(name if not number else "", level, f"{n:,}", f"{n / plan.rows:.1%}")
    console.print(table)
    console.print(Text(f"{plan.rows:,} faces of {plan.spec.size} pixels; plan {plan.sha256[:16]}. Nothing was drawn."))


def _show_list(console: Console) -> None:
    """Print suites, designs, biases and regions, each with its first sentence."""
    from evenface.synthesis.biases import BIASES
    from evenface.synthesis.designs import DESIGNS
    from evenface.synthesis.regions import REGIONS
    from evenface.synthesis.suites import SUITES

    kinds = {
        "Suites": SUITES,
        "Designs": {name: _first_line(DESIGNS.get(name)) for name in DESIGNS},
        "Biases": {name: _first_line(BIASES.get(name)) for name in BIASES},
        "Regions (simulations)": {name: REGIONS.get(name).about for name in REGIONS},
    }
    for title, lines in kinds.items():
        table = Table(
            box=None, pad_edge=False, show_header=False, title=Text(title, style="bold"), title_justify="left"
        )
        for name, about in lines.items():
            table.add_row(Text(f"  {name}"), Text(about.split(". ")[0].rstrip(".")))
        console.print(table)
        console.print()


def _first_line(plugin: type) -> str:
    return (inspect.getdoc(plugin) or "").splitlines()[0]
