"""`evenface counterfactual`: show a model faces that differ in one thing alone, and audit what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console

from evenface.audit.counterfactual import Counterfactual
from evenface.audit.counterfactual import counterfactual as measure
from evenface.cli.options import names, plain_errors, progress_bar, say, some_names, writable, wrote
from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.labels import get_space
from evenface.outside.faces import open_faces
from evenface.outside.onnx import Range
from evenface.outside.run import Calling, kind_of, predict, predictions, save, see
from evenface.report.counterfactual import FORMATS, write
from evenface.report.counterfactual.files import check_formats
from evenface.report.counterfactual.terminal import render

PREDICTIONS = "predictions.parquet"
_READ = ("label", "pred", "subject", "labels", "into")
_OF_FAMILIES = (*_READ, "scores", "resamples", "min_group", "seed", "out", "formats")  # what the switch goes with
EXAMPLE = """Show a model the same face, changed in one thing alone: does its answer change?

MODEL is module:function or file.py:function (it gets images as an array (face, row, column, 3) of uint8 and returns
names, or a score per class), a file.onnx, a URL on this machine that pictures are posted to, or with --command a
command that is run once. It sees pictures and nothing else. Answers are kept in OUT/predictions.parquet, which
`evenface audit --counterfactual` reads again.

[bold]Examples[/bold]

evenface counterfactual mymodel.py:predict --out flips/

evenface counterfactual fer.onnx --classes angry,disgust,fear,happy,sad,surprise,neutral --faces set/ --out flips/

evenface counterfactual --command "python predict.py {images} {out}" --faces set/ --out flips/
"""


def counterfactual(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Function, ONNX file, URL on this machine or command.")],
    out: Annotated[Path, typer.Option(help="Folder for the predictions and the report.")],
    suite: Annotated[str, typer.Option(help="Suite of faces to generate.")] = "counterfactual-v1",
    faces: Annotated[
        Path | None, typer.Option(help="Folder with manifest.parquet and pictures, instead of a suite.")
    ] = None,
    command: Annotated[bool, typer.Option("--command", help="MODEL is a command, run once over all pictures.")] = False,
    classes: Annotated[
        str | None,
        typer.Option(help="The model's classes in the order of its scores, with commas, or FER+, RAF-DB, …."),
    ] = None,
    size: Annotated[int | None, typer.Option(help="Bring pictures to this width and height.")] = None,
    batch: Annotated[int, typer.Option(help="Pictures at a time.")] = 32,
    input_range: Annotated[str | None, typer.Option(help="ONNX: range of its input: 0-255, 0-1 or -1-1.")] = None,
    mean: Annotated[
        str | None, typer.Option(help="ONNX: mean per channel in that range, such as .485,.456,.406.")
    ] = None,
    std: Annotated[str | None, typer.Option(help="ONNX: standard deviation per channel.")] = None,
    layout: Annotated[str | None, typer.Option(help="ONNX: NCHW or NHWC, where its shape does not tell.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for the command, or for one request.")] = None,
    resamples: Annotated[int, typer.Option(help="Sets of coins behind p.")] = 1000,
    min_group: Annotated[int, typer.Option(help="Pairs of variants with fewer families are not tested.")] = 20,
    seed: Annotated[int, typer.Option(help="Of all random draws of the audit.")] = 0,
    formats: Annotated[str | None, typer.Option("--format", help="What to write: html, json, md.")] = None,
) -> None:
    """Parse, call, print."""
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        wanted = checked_formats(formats, out)
        kind = kind_of(model, command=command)
        calling = Calling(
            classes=None if classes is None else get_space(classes).names,
            size=size,
            batch=batch,
            timeout=timeout,
            range=_choice(input_range, get_args(Range), "input range"),
            mean=_numbers(mean, "--mean"),
            std=_numbers(std, "--std"),
            layout=_choice(layout, ("NCHW", "NHWC"), "layout"),
        )
        calling.check(kind)
        if faces is None:
            see(model, kind)
        shown = open_faces(faces if faces is not None else _generate(suite, out / "faces", errors))
        with progress_bar(errors) as progress:
            task = progress.add_task("Asking the model", total=1.0)
            given, notes = predict(model, kind, shown, calling, lambda share: progress.update(task, completed=share))
        table = predictions(shown, given, out)
        save(table, out / PREDICTIONS)
        if lost := len(shown.paths) - table.height:
            notes.append(f"{lost:,} faces show an expression that the model has no class for: left out.")
        found = measure(
            out / PREDICTIONS, label="label", pred="predicted", resamples=resamples, min_families=min_group, seed=seed
        )
        written = [out / PREDICTIONS, *write(found.data, out, wanted, images=found.folder)]
    say(console, notes, "dim")
    show(console, found, written)


counterfactual.__doc__ = EXAMPLE


def audit_families(context: typer.Context, predictions: Path) -> None:
    """Do `evenface audit PREDICTIONS --counterfactual`; an option that would do nothing is an error."""
    console, given = Console(), context.params
    with plain_errors():
        known = (*_OF_FAMILIES, "predictions", "counterfactual")
        sources = {name: context.get_parameter_source(name) for name in given if name not in known}
        if useless := [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]:
            raise SettingsError(
                f"{_options(useless)} would do nothing with --counterfactual: what is compared is what each family "
                f"changes. With it go {_options(_OF_FAMILIES)}."
            )
        out, listed = given["out"], names(given["scores"])
        wanted = _formats(given["formats"], out)
        found = measure(
            predictions,
            **{name: given[name] for name in _READ},
            scores=listed if len(listed) > 1 else given["scores"],
            resamples=given["resamples"],
            min_families=given["min_group"],
            seed=given["seed"],
        )
        written = write(found.data, out, wanted, images=found.folder) if out else []
    show(console, found, written)


def _options(parameters: Sequence[str]) -> str:
    return ", ".join("--" + name.replace("_", "-").replace("formats", "format") for name in parameters)


def _formats(given: str | None, out: Path | None) -> list[str]:
    if out is not None:
        return checked_formats(given, out)
    if given is not None:
        raise SettingsError(f"--format {given} says what to write, but not where. Give a folder with --out.")
    return []


def show(console: Console, found: Counterfactual, written: Sequence[Path]) -> None:
    """Print what was read, the tables, the sentences and the files written."""
    say(console, found.data["notes"], "dim")
    console.print(render(found.data))
    wrote(console, written)


def checked_formats(given: str | None, out: Path) -> list[str]:
    """What to write, and see that it can be written before the long run."""
    wanted = some_names(given, "--format") or list(FORMATS)
    check_formats(wanted)
    writable(out, ())
    return wanted


def _generate(suite: str, folder: Path, errors: Console) -> Path:
    """Make the faces of a suite, or go on where a run was stopped."""
    from evenface.synthesis import generate, load_spec

    spec = load_spec(suite)
    with progress_bar(errors) as progress:
        task = progress.add_task("Drawing faces", total=1.0)
        generate(spec, folder, workers=None, progress=lambda done, total: progress.update(task, completed=done / total))
    return folder


def _choice(given: str | None, allowed: Sequence[str], what: str) -> Any:
    if given is not None and given not in allowed:
        raise UnknownNameError(what, given, allowed)
    return given


def _numbers(given: str | None, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in names(given))
    except ValueError as error:
        raise SettingsError(f"{option} takes numbers separated by commas, got {given!r}.") from error
