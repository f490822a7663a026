"""`evenface probe`: what the latent of a trained net still tells of an attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evenface.cli.options import names, plain_errors, progress_bar, some_names, writable, wrote
from evenface.core.errors import needs
from evenface.report.probe import write
from evenface.report.probe.terminal import render

_EXAMPLE = """Measure what runs of `evenface train` still tell of an attribute: pixels, latent and scores.

Linear, MLP and k-NN probes are fitted to half of the persons of a split that the net never learnt from, and scored on
the others. Beside each value stands what chance alone would show. Several runs are shown side by side.

[bold]Examples[/bold]

evenface probe runs/erm-seed0

evenface probe runs/erm-seed0 runs/aligned-seed0 --by gender,age --given-expression --out leak/

evenface probe runs/erm-seed0 --by number:age --layers

evenface probe runs/erm-seed0 --all-probes --permutations 50
"""


def probe(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN [OTHER…]", help="Folders of runs that have ended.")],
    by: Annotated[
        str | None,
        typer.Option(
            help="Attributes, with commas; number:NAME is a column of numbers. Left out: those of the run, but no "
            "action units."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Whose faces: test, validation or train.")] = "test",
    given_expression: Annotated[
        bool, typer.Option("--given-expression", help="Also what is read beyond what the expression tells.")
    ] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also each layer before and after the latent, by the linear probe.")
    ] = False,
    all_probes: Annotated[
        bool,
        typer.Option(
            "--all-probes", help="As --layers, by MLP and k-NN too: each layer takes two to five times as long."
        ),
    ] = False,
    permutations: Annotated[int, typer.Option(help="How often attributes are dealt to other persons.")] = 100,
    seed: Annotated[int, typer.Option(help="Of all random draws.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for probe.html, probe.json and pictures.")] = None,
) -> None:
    """Parse, call, print."""
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        with needs("Probing", "evenface[models]"):
            from evenface.probe.run import probe_runs
        wanted = some_names(by, "--by") or names(by)
        if out is not None:
            writable(out, ())
        with progress_bar(errors) as progress:
            task = progress.add_task("Reading faces", total=None)

            def report(done: int, total: int, what: str) -> None:
                progress.update(task, completed=done, total=total, description=what)

            found = probe_runs(
                runs,
                by=wanted,
                split=split,
                given_expression=given_expression,
                layers=layers,
                all_probes=all_probes,
                permutations=permutations,
                seed=seed,
                progress=report,
            )
        written = write(found.data, out, sheets=found.sheets) if out is not None else []
    console.print(render(found.data))
    wrote(console, written)


probe.__doc__ = _EXAMPLE
