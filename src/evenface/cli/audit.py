"""`evenface audit`: what differs between groups in a table of predictions, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from evenface.audit.gate import Outcome, check_gate, read_gate
from evenface.audit.result import Audit
from evenface.audit.run import audit as run_audit
from evenface.cli.counterfactual import audit_families
from evenface.cli.options import (
    GATE_FAILED,
    edges,
    names,
    pairs,
    plain_errors,
    progress_bar,
    provenance,
    say,
    some_names,
    writable,
    wrote,
)
from evenface.core.errors import SettingsError
from evenface.report import write
from evenface.report.terminal import render

_EXAMPLE = """Audit any model's predictions for demographic bias.

PREDICTIONS has one row per face: the true class, the predicted class, attributes of the people shown and, if there are,
a probability per class. Usual column names are recognised, and what was recognised is printed.

[bold]Examples[/bold] (the first command makes the table that the others read, in minutes)

evenface demo

evenface audit demo/predictions.csv --by gender,skin_tone --out report/

evenface audit demo/predictions.csv --by age --cross 1 --fail-if "gap(accuracy, age) > 0.05"

evenface audit demo/predictions.csv --by gender --estimator gender=0.9

[bold]Exit codes[/bold]

0: done. 2: something given cannot be used. 3: a --fail-if condition holds.
"""


def audit(
    context: typer.Context,
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS", help="CSV, TSV, Parquet, Arrow or JSON lines.")],
    by: Annotated[str | None, typer.Option(help="Attribute columns, separated by commas.")] = None,
    cross: Annotated[int, typer.Option(help="Cross up to this many attributes.")] = 2,
    label: Annotated[str | None, typer.Option(help="Column of the true class.")] = None,
    pred: Annotated[str | None, typer.Option(help="Column of the predicted class.")] = None,
    scores: Annotated[
        str | None, typer.Option(help="Column with a list of scores, or one column per class, separated by commas.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Column of the person shown; persons are resampled whole.")
    ] = None,
    face: Annotated[str | None, typer.Option(help="Column that identifies the face.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Classes that codes stand for: FER2013, RAF-DB, AffectNet-8, … or a,b,c.")
    ] = None,
    into: Annotated[str | None, typer.Option(help="Classes to report instead, such as SMIC-3.")] = None,
    bins: Annotated[
        list[str] | None, typer.Option(help="Lower edges for a number, such as age=0,18,40; may be repeated.")
    ] = None,
    estimated: Annotated[str | None, typer.Option(help="Attributes that a model estimated, with commas.")] = None,
    annotated: Annotated[str | None, typer.Option(help="Attributes that annotators judged, with commas.")] = None,
    self_reported: Annotated[
        str | None, typer.Option(help="Attributes that the people shown gave, with commas.")
    ] = None,
    generated: Annotated[
        str | None, typer.Option(help="Attributes that were set when the faces were generated, with commas.")
    ] = None,
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            help="How well an attribute was estimated, to correct its gap: race=0.72 (share that is right), or "
            "race=confusion.csv (rates or counts; a row per true level, a column per estimated one); may be repeated."
        ),
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="Only these metrics, with commas; all if not given.")] = None,
    resamples: Annotated[int, typer.Option(help="Resamples behind intervals, and chance tables behind p.")] = 1000,
    min_group: Annotated[int, typer.Option(help="Fewer answered faces: shown, but left out of gaps.")] = 20,
    min_rate: Annotated[int, typer.Option(help="Rates of a class on fewer faces: shown, but left out of gaps.")] = 10,
    seed: Annotated[int, typer.Option(help="Of all random draws; the same seed gives the same bytes.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", help="What to write there: html, json, md, csv, svg, png, pdf; html,json,md if not given."
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help='Exit with 3 if it holds: "gap(accuracy, gender) > 0.05". Also ratio, low and high (of the interval), '
            "p, worst, group(accuracy, gender=Female), overall(accuracy); may be repeated."
        ),
    ] = None,
    counterfactual: Annotated[
        bool,
        typer.Option(
            "--counterfactual",
            help="The rows are images in families, alike but for one attribute (columns family, variant and changed): "
            "count how often the answer changes with it.",
        ),
    ] = False,
) -> None:
    """Parse, call, print."""
    if counterfactual:
        audit_families(context, predictions)
        return
    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        gates = [read_gate(text) for text in fail_if or []]
        wanted = _formats(formats, out)
        rates = pairs(estimator, "--estimator", "race=0.72")
        with progress_bar(errors) as progress:
            task = progress.add_task("Auditing", total=1.0)
            result = run_audit(
                predictions,
                some_names(by, "--by"),
                metrics=some_names(metrics, "--metrics"),
                error_rates=rates,
                progress=lambda share: progress.update(task, completed=share),
                cross=cross,
                resamples=resamples,
                permutations=resamples,
                min_group=min_group,
                min_rate=min_rate,
                seed=seed,
                label=label,
                pred=pred,
                scores=_scores(scores),
                subject=subject,
                face=face,
                labels=labels,
                into=into,
                bins=edges(bins) or None,
                provenance=provenance(
                    rates,
                    estimated=estimated,
                    annotated=annotated,
                    self_reported=self_reported,
                    generated=generated,
                ),
            )
        outcomes = [check_gate(result, gate) for gate in gates]
        written = write(result.data, out, wanted) if out else []
    show(console, result, written)
    if _report(outcomes, console, errors):
        raise typer.Exit(GATE_FAILED)


audit.__doc__ = _EXAMPLE


def show(console: Console, result: Audit, written: list[Path]) -> None:
    """Print what was read, the table with the verdicts, and the files written."""
    say(console, result.data["notes"], "dim")
    console.print(render(result.data))
    wrote(console, written)


def _formats(given: str | None, out: Path | None) -> list[str]:
    """What to write, and see that it can be written before the long run."""
    if out is None:
        if given is not None:
            raise SettingsError(f"--format {given} says what to write, but not where. Give a folder with --out.")
        return []
    wanted = some_names(given, "--format") or ["html", "json", "md"]
    writable(out, wanted)
    return wanted


def _scores(given: str | None) -> str | list[str] | None:
    columns = names(given)
    return columns[0] if len(columns) == 1 else columns or None


def _report(outcomes: list[Outcome], console: Console, errors: Console) -> bool:
    """Print each condition's outcome; True if any holds."""
    for outcome in outcomes:
        if outcome.value is None:
            said = f"Undecided: {outcome.gate.text} cannot be checked, as the number is undefined. This fails no gate."
            errors.print(Text(said, style="yellow"))
        elif outcome.holds:
            errors.print(Text(f"Failed: {outcome.gate.text} holds, it is {outcome.value:.4g}.", style="bold red"))
        else:
            console.print(Text(f"Passed: {outcome.gate.text} does not hold, it is {outcome.value:.4g}."))
    return any(outcome.holds for outcome in outcomes)
