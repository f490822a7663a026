"""`evenface predict`: the expression that people would see in each face of photographs and videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from evenface.cli.options import BAD_INPUT, plain_errors, progress_bar, say, some_names, wrote
from evenface.core.errors import SettingsError
from evenface.core.words import counted

if TYPE_CHECKING:
    import polars as pl

    from evenface.serve.predictor import Predictor
    from evenface.serve.sources import Shown
    from evenface.serve.table import Answer

_MOST_SHOWN = 40  # rows on the screen
_STILL = (
    "each picture was read as a still photo, frames of a video too. Nothing moves in one: micro then knows next to "
    "nothing, and micro_plus what the face looks like. `evenface cues read` reads clips."
)
_EXAMPLE = """Read the expression of every face in photos and videos: as people would perceive it, not what is felt.

A face that is missed, or too uncertain to answer for, is a row with its reason. With a Manifest the table goes straight
into `evenface audit`.

[bold]Examples[/bold]

evenface predict photo.jpg

evenface predict holiday/ party.mp4 --every 5 --out predictions.parquet --draw drawn/

evenface predict manifest.parquet --out predictions.parquet && evenface audit predictions.parquet

evenface predict photo.jpg --cue action_units,head_pose --out units.csv

evenface predict archive.zip --base-rates estimated --out predictions.parquet

[bold]Exit codes[/bold]

0: done. 2: something given cannot be used, or no face could be read in any of it; the table is written all the same.
"""


def predict(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Photos, videos, folders, patterns, zip archives, manifests (.parquet), camera:0.",
        ),
    ],
    weights: Annotated[
        str, typer.Option(help="Name of weights that ship, a file, or the folder of a run of `evenface train`.")
    ] = "macro",
    out: Annotated[Path | None, typer.Option(help="Table to write: .parquet, .csv or .jsonl.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Of a video, look at one frame in so many.")] = 5,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Where to stop in a video or camera.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Folder for pictures with the answers drawn on them.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="No answer where the highest probability is below it.")
    ] = 0.4,
    detector: Annotated[
        str, typer.Option(help="What finds faces: windows (small ones too) or mediapipe (the whole picture only).")
    ] = "windows",
    cue: Annotated[
        str | None, typer.Option(help="Cues to read from the same faces, separated by commas: `evenface cues list`.")
    ] = None,
    base_rates: Annotated[
        str,
        typer.Option(
            help="How frequent expressions are held to be: trained (as where the model learnt), uniform (all alike) or "
            "estimated (from all faces of this run, without labels; 100 or more)."
        ),
    ] = "trained",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Pictures looked at at once; one per processor if not given.")
    ] = None,
) -> None:
    """Parse, call, print."""
    from evenface.serve.predictor import Predictor
    from evenface.serve.sources import Skipped, pictures
    from evenface.serve.table import check_format, write

    console, errors, skipped = Console(), Console(stderr=True), Skipped()
    with plain_errors():
        if out is not None:
            check_format(out)
        if draw is not None and base_rates == "estimated":
            raise SettingsError(
                "--draw draws answers as they come, and base rates are estimated from all of them. "
                "Leave --draw out, or use --base-rates uniform or trained."
            )
        shown = pictures(sources, every, seconds, skipped)
        cues = some_names(cue, "--cue") or []
        with Predictor(
            weights,
            detector=detector,
            threshold=threshold,
            workers=workers,
            cues=cues,
            base_rates=base_rates,  # type: ignore[arg-type]  # it is checked there
        ) as predictor:
            classes = predictor.model.classes
            answers = predictor.tabulated(_answers(predictor, shown, draw, errors))
        written = [write(answers, out)] if out is not None else []
    _show(console, answers, classes)
    _show_cues(console, answers)
    _show_base_rates(console, answers)
    say(console, filter(None, [str(skipped)]), "yellow")
    wrote(console, [*written, *([draw] if draw is not None else [])])
    if answers["box_left"].count() == 0:
        raise typer.Exit(BAD_INPUT)


predict.__doc__ = _EXAMPLE


def _answers(predictor: Predictor, shown: Iterator[Shown], folder: Path | None, errors: Console) -> Iterator[Answer]:
    """Give the answers as they come, drawing them if asked to, and count pictures on the terminal."""
    from evenface.serve.draw import draw, save

    with progress_bar(
        errors,
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:,} pictures"),
    ) as progress:
        task = progress.add_task("Reading", total=None)
        for seen, answers in predictor.stream(shown, keep=folder is not None):
            if folder is not None and seen.image is not None:
                name = answers[0].face.rpartition("#")[0] or answers[0].face
                save(folder, name, draw(seen.image, answers, predictor.model.classes))
            progress.advance(task)
            yield from answers


def _show(console: Console, answers: pl.DataFrame, classes: tuple[str, ...]) -> None:
    """Print the first rows, and how many faces got which answer."""
    import polars as pl

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("face", "expression", "probability", "why no answer"):
        table.add_column(head, justify="right" if head == "probability" else "left", overflow="fold")
    best = answers.select(pl.max_horizontal(f"score_{name}" for name in classes).alias("best"))["best"]
    for row, value in zip(answers.head(_MOST_SHOWN).iter_rows(named=True), best, strict=False):
        cells = (row["face"], row["predicted"] or "–", "–" if value is None else f"{value:.2f}", row["reason"] or "")
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if len(answers) > _MOST_SHOWN:
        console.print(Text(f"… and {len(answers) - _MOST_SHOWN:,} rows more; --out keeps all.", style="dim"))
    counts = dict(answers["predicted"].drop_nulls().value_counts(sort=True).iter_rows())
    found, missed = answers["box_left"].count(), answers["box_left"].null_count()
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none answered"
    console.print(Text(f"{counted(found, 'face')}: {told}."))
    if unsure := found - sum(counts.values()):
        console.print(
            Text(f"{counted(unsure, 'face')} without an answer: the model is not sure enough.", style="yellow")
        )
    if missed:
        said = f"{counted(missed, 'picture')} without a face that could be read; each has its reason."
        console.print(Text(said, style="yellow"))


def _show_cues(console: Console, answers: pl.DataFrame) -> None:
    """Tell how many faces each cue could read, why not the others, and of which groups it read none."""
    import polars as pl

    from evenface.cues import CUES
    from evenface.cues._findings import findings, unread_by
    from evenface.serve.table import group_columns

    groups = {name: name for name in group_columns(answers)}
    for column in (name for name in answers.columns if name.startswith("cue_reason:")):
        name = column.partition(":")[2]
        reasons = answers.filter(pl.col("box_left").is_not_null())[column]
        why = reasons.drop_nulls().value_counts(sort=True).iter_rows()
        told = "".join(f"; {reason}: {count:,}" for reason, count in why)
        console.print(Text(f"{name}: {counted(reasons.null_count(), 'face')} read{told}."))
        lost = findings(unread_by(answers, groups, name, answers[column].to_list()))
        say(console, (f"Finding: {notice.message}" for notice in lost), "yellow")
        if CUES.get(name).frames:
            say(console, [f"{name}: {_STILL}"], "yellow")


def _show_base_rates(console: Console, answers: pl.DataFrame) -> None:
    """Tell under which base rates the answers are, if not under those that the model learnt."""
    if "base_rates" not in answers.columns or answers.is_empty():
        return
    name = answers["base_rates"][0]
    console.print(Text(f"Base rates: {name}."))
    if name.startswith("estimated"):
        said = "Estimated without labels: right only if nothing but how frequent expressions are differs from training."
        console.print(Text(said, style="yellow"))
