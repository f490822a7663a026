"""`evenface transfer`: what is learnt from faces of one region, read in others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import TimeRemainingColumn
from rich.text import Text

from evenface.cli.options import counted, plain_errors, progress_bar, say, wrote
from evenface.core.errors import needs

_EXAMPLE = """Train fusions of cues in each region, read them in all, and report.

CONFIG is a TOML file (docs/FUSION.md lists what it can say; configs/ has some). The folder of the study gets
transfer.parquet with every accuracy, transfer.html and transfer.md, and tables of predictions for `evenface audit`.

[bold]Examples[/bold]

evenface generate regions-v1 faces/ --set "biases=[]" --set "regions=['jaffe_like','tfeid_like','ckplus_like','wild']"

evenface cues read faces/ cues/

evenface transfer configs/transfer.toml --set data.manifest=faces/ --set data.cues=cues/

evenface transfer configs/transfer.toml --set "subsets=['all']" --set name=shapley --resume
"""


def transfer(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file.")],
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any key: detectors.source=wild, forgetting.run=false; repeatable."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a study that was stopped.")] = False,
) -> None:
    """Parse, call, print."""
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        with needs("Fusion", "evenface[models]"):
            from evenface.fusion.run import transfer as run
            from evenface.fusion.settings import TransferSettings
        from evenface.report.transfer.files import write

        settings = TransferSettings.load(config, given or [])
        with progress_bar(errors, *counted(TimeRemainingColumn())) as progress:
            task = progress.add_task("Reading cues", total=None)

            def report(said: str, done: int, total: int) -> None:
                progress.update(task, description=said, completed=done, total=total)

            told = run(settings, resume=resume, report=report)
        folder = Path(settings.out) / settings.name
        written = write(told, folder)
    say(console, (f"Warning: {notice['message']}" for notice in told["notices"]), "yellow")
    say(console, (f"• {line}" for line in told["summary"]))
    wrote(console, [*written, folder / "transfer.parquet", folder / "transfer.json"])
    regime, fusion = settings.regimes[0], settings.fusions[0]
    console.print(Text(f"Next: evenface audit {folder}/predictions/{regime}-{fusion}-own.parquet --by region"))


transfer.__doc__ = _EXAMPLE
