"""`evenface demo`: the whole audit on a table that the package makes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from evenface.audit.example import PLANTED, planted_table
from evenface.audit.run import audit as run_audit
from evenface.cli.audit import show
from evenface.cli.options import plain_errors, writable
from evenface.core.errors import InputError
from evenface.report import write

FORMATS_WRITTEN = ("html", "json", "md")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the table and its report.")] = Path("demo"),
    faces: Annotated[int, typer.Option(min=500, help="Rows of the table.")] = 6000,
    seed: Annotated[int, typer.Option(help="Of the table and of all draws.")] = 0,
) -> None:
    """Audit a made table whose gaps are known: a first look that needs no data and no network.

    [bold]Example[/bold]

    evenface demo --out demo/
    """
    console = Console()
    with plain_errors():
        path = out / "predictions.csv"
        writable(out, FORMATS_WRITTEN)
        try:
            out.mkdir(parents=True, exist_ok=True)
            planted_table(faces, seed).write_csv(path)
        except OSError as error:
            raise InputError(f"Cannot write {path}: {error}. Give another folder with --out.") from error
        result = run_audit(path, ["gender", "race", "age"], seed=seed)
        written = write(result.data, out, FORMATS_WRITTEN)
    console.print(Text(f"{path}: {faces:,} rows about people who do not exist. {PLANTED}", style="italic"))
    show(console, result, written)
    console.print(
        Text(f"Open {out / 'report.html'} in a browser; audit your own table with: evenface audit FILE --by …")
    )
