"""`evenface benchmark`: methods against each other, by one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import TimeElapsedColumn
from rich.table import Table

from evenface.cli.options import counted, plain_errors, progress_bar, say, wrote
from evenface.core.errors import needs

if TYPE_CHECKING:
    from evenface.benchmark.run import Benchmark

benchmark_app = typer.Typer(help="Compare methods with each other, by one protocol.", no_args_is_help=True)

_EXAMPLE = """Try mitigations on faces whose bias is planted and known, and write a page of what each gives and costs.

Suites, measures and what is written: docs/MITIGATION_BENCHMARK.md. Stopped, it goes on when the same command is given.

[bold]Examples[/bold]

evenface benchmark mitigation --suite stereotypical-90 --seeds 1 --out try/

evenface benchmark mitigation --search 8 --seeds 0 --out runs/benchmark

evenface benchmark mitigation --suite ferplus --manifest ferplus/ --methods erm,group_dro --out runs/benchmark
"""


@benchmark_app.callback()
def _benchmark() -> None:
    """Hold the commands of this group."""


@benchmark_app.command("mitigation")
def mitigation(
    suite: Annotated[
        list[str] | None, typer.Option("--suite", help="A suite's name, or a TOML file; repeatable. 'all': every one.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=0, help="Runs of each method on each suite; 0 with --search: search alone.")
    ] = 5,
    methods: Annotated[str, typer.Option(help="Names with commas between; none: all.")] = "",
    out: Annotated[Path, typer.Option(help="Folder of everything.")] = Path("runs/benchmark"),
    manifest: Annotated[Path | None, typer.Option(help="Of a suite that generates no faces.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes at a time.")] = None,
    search: Annotated[int, typer.Option(min=0, help="Trials of each method's settings, on validation faces.")] = 0,
    search_suite: Annotated[str, typer.Option(help="The suite that is searched on.")] = "stereotypical-90",
    winners: Annotated[Path | None, typer.Option(help="What an earlier search chose; by itself, OUT's.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="A key of `evenface train`, for all methods: epochs=2.")
    ] = None,
) -> None:
    """Parse, call, print."""
    console, errors = Console(), Console(stderr=True)
    with plain_errors("what had ended is kept, and the same command goes on from there."):
        with needs("The benchmark", "evenface[models,benchmark]"):
            from evenface.benchmark.run import GENERATED, Asked, benchmark
            from evenface.benchmark.suites import SUITES
        from evenface.core.config import parse_override

        suites = SUITES if suite == ["all"] else tuple(suite or GENERATED)
        asked = Asked(
            out=out,
            suites=suites,
            methods=tuple(name.strip() for name in methods.split(",") if name.strip()),
            seeds=seeds,
            manifest=manifest,
            workers=workers,
            search=search,
            search_suite=search_suite,
            winners=winners,
            changes=dict(parse_override(each) for each in given or []),
        )
        with progress_bar(errors, *counted(TimeElapsedColumn())) as progress:
            task = progress.add_task("Starting", total=None)

            def tell(done: int, total: int, what: str) -> None:
                progress.update(task, description=what.capitalize(), completed=done, total=total)

            found = benchmark(asked, tell)
    _show(console, found)


mitigation.__doc__ = _EXAMPLE


def _show(console: Console, found: Benchmark) -> None:
    """Print a table for each suite, what it says in words, and what was written."""
    from evenface.benchmark.words import brief, paragraph

    if not found.data:
        say(console, ["The search has ended. Next: the same command without --search and --seeds 0."])
        wrote(console, found.written)
        return
    for suite, head, lines in brief(found.data):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title=suite, title_justify="left")
        for number, name in enumerate(head):
            table.add_column(name, justify="right" if number else "left", no_wrap=not number)
        for line in lines:
            table.add_row(*line)
        console.print(table)
    say(console, paragraph(found.data))
    wrote(console, found.written)
