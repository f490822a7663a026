"""`evenface`: the commands, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

from evenface import __version__
from evenface.cli.assets import assets_app
from evenface.cli.audit import audit
from evenface.cli.benchmark import benchmark_app
from evenface.cli.compare import compare
from evenface.cli.counterfactual import counterfactual
from evenface.cli.cues import cues_app
from evenface.cli.data import data_app
from evenface.cli.demo import demo
from evenface.cli.generate import generate
from evenface.cli.predict import predict
from evenface.cli.probe import probe
from evenface.cli.train import train
from evenface.cli.transfer import transfer


def program() -> typer.Typer:
    """Put the commands together."""
    app = typer.Typer(
        help="Facial expression recognition that treats every face alike. It measures perceived expression, not felt "
        "emotion.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_evenface)
    app.add_typer(assets_app, name="assets")
    app.command("audit")(audit)
    app.add_typer(benchmark_app, name="benchmark")
    app.command("compare")(compare)
    app.command("counterfactual")(counterfactual)
    app.add_typer(cues_app, name="cues")
    app.add_typer(data_app, name="data")
    app.command("demo")(demo)
    app.command("generate")(generate)
    app.command("predict")(predict)
    app.command("probe")(probe)
    app.command("train")(train)
    app.command("transfer")(transfer)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evenface {__version__}")
        raise typer.Exit


def _evenface(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and stop.")
    ] = False,
) -> None:
    """Hold the options of the program itself."""


def main() -> None:
    """Run the program."""
    program()()
