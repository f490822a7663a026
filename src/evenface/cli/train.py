"""`evenface train`: from a manifest and a configuration to weights and tables that the audit reads."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from evenface.cli.options import counted, plain_errors, progress_bar, say
from evenface.core.errors import needs

if TYPE_CHECKING:
    from evenface.training.loop import Report
    from evenface.training.run import Run

_EXAMPLE = """Train a model on the faces of a manifest, once for each seed.

CONFIG is a TOML file (docs/TRAINING.md lists what it can say; configs/ has some). Each run gets a folder with settings,
environment, data hashes, history, weights, and predictions for each split that go straight into `evenface audit`.

[bold]Examples[/bold]

evenface generate train-biased faces/

evenface train configs/generated.toml --set data.manifest=faces/

evenface train configs/generated.toml --set mitigation=group_dro --set "seeds=[0,1,2]" --set name=dro --resume
"""


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", help="Any key: optimiser.rate=1e-3, mitigation.kind=erm; repeatable.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with runs that were stopped; start those that are not there.")
    ] = False,
) -> None:
    """Parse, call, print."""
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        with needs("Training", "evenface[models]"):
            from evenface.training.run import train as run
        from evenface.training.settings import TrainSettings

        settings = TrainSettings.load(config, given or [])
        with progress_bar(errors, *counted(TextColumn("{task.fields[said]}"), TimeRemainingColumn())) as progress:
            task = progress.add_task("Reading pictures", total=None, said="")

            def decoding(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            def report(seed: int, at: Report) -> None:
                said = f"loss {at.loss:.3f}, {at.speed:,.0f} faces/s"
                title = f"Seed {seed}, epoch {at.epoch}"
                progress.update(task, description=title, completed=at.step, total=at.steps, said=said)

            runs = run(settings, resume=resume, decoding=decoding, report=report)
    _show(console, runs)


train.__doc__ = _EXAMPLE


def _show(console: Console, runs: Sequence[Run]) -> None:
    """Print a line for each run, their mean, and what to do next."""
    import json

    ended = [run for run in runs if run.result]
    if not ended:  # one of several processes, of which the first prints
        return
    about = json.loads((ended[0].folder / "data.json").read_text(encoding="utf-8"))
    said_of_runs = [notice for run in ended for notice in run.result["notices"]]
    say(console, dict.fromkeys([*about["notices"], *said_of_runs]), "yellow")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("seed", "epoch", "split", "faces", "accuracy", "worst group"):
        table.add_column(head, justify="left" if head in ("split", "worst group") else "right", no_wrap=True)
    for run in ended:
        for number, split in enumerate(name for name in run.result["splits"] if name != "train"):
            found = run.result["splits"][split]
            which = ("", "") if number else (str(run.seed), f"{run.result['epoch'] or '–'} of {run.result['epochs']}")
            worst = found["worst_group"]
            said = f"{found['groups'][worst]:.1%}  {worst}" if worst else ""
            table.add_row(*which, split, f"{found['n']:,}", f"{found['accuracy']:.1%}", said)
    console.print(table)
    for run in ended:
        if run.was_done:
            console.print(Text(f"Seed {run.seed} had ended before; nothing was trained.", style="dim"))
    if len(ended) > 1:
        for split in ("validation", "test"):
            values = [run.result["splits"][split]["accuracy"] for run in ended if split in run.result["splits"]]
            if values:
                spread = f"{statistics.fmean(values):.2%}, standard deviation {statistics.stdev(values):.2%}"
                console.print(Text(f"Accuracy over {len(values)} seeds ({split}): mean {spread}"))
    for run in ended:
        speed = run.result["faces_per_second"]
        console.print(Text(f"Wrote {run.folder}" + (f"; {speed:,.0f} faces/s" if speed else ""), style="dim"))
    if about["attributes"]:
        split = "test" if "test" in ended[-1].result["splits"] else "validation"
        table_of_answers = ended[-1].folder / "predictions" / f"{split}.parquet"
        console.print(Text(f"Next: evenface audit {table_of_answers} --by {','.join(about['attributes'])}"))
