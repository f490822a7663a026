"""`evenface demo`: a bias is planted in faces that the package makes, found in what learns from them, and reduced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import TimeElapsedColumn
from rich.text import Text

from evenface.cli.options import counted, plain_errors, progress_bar, writable
from evenface.core.errors import SettingsError


def demo(
    out: Annotated[Path, typer.Option(help="Folder for faces, nets and reports.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Of training and of all draws.")] = 0,
) -> None:
    """Plant a bias, find it, reduce it, and see what that costs: no data, no network, under five minutes.

    Faces are drawn, a net is taught plainly and another by latent alignment, both are audited and probed, and one page
    shows it all.

    [bold]Example[/bold]

    evenface demo --out demo/
    """
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        writable(out, ("html", "json"))
        try:
            from evenface.demo.run import tell_story
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"The demo needs {error.name}, which is not installed: pip install 'evenface[synthesis,models]'"
            ) from error
        with progress_bar(errors, *counted(TimeElapsedColumn())) as progress:
            task = progress.add_task("Starting", total=None)

            def tell(what: str, done: int, total: int) -> None:
                progress.update(task, description=what, completed=done, total=total)

            story = tell_story(out, seed=seed, tell=tell)
    for sentence in story.said:
        console.print(Text(sentence))
    console.print(Text(f"Open {story.page} in a browser. Audit your own table with: evenface audit FILE --by …"))
