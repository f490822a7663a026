"""`evenface data split`: which faces are for training, validation and test, written into a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.cli.options import manifest_to_write, names, pairs, plain_errors, say, wrote
from evenface.core.errors import SettingsError, did_you_mean
from evenface.core.manifest import SPLITS, Manifest, manifest_file

if TYPE_CHECKING:
    from evenface.datasets.splits import Split

_SHARES = "train=0.7,validation=0.1,test=0.2"

SPLIT_HELP = f"""Say which faces are for training, validation and test, without one person on two sides.

Writes OUT, the manifest with its column `split`. Shares of each label, and of attributes named by --by, are kept alike
as far as whole persons allow. Same faces and seed, same split.

One of --shares (if nothing is said: {_SHARES}), --folds and --leave-out;
with the last two, what is not for test is for training.

[bold]Examples[/bold]

evenface data split faces.parquet split.parquet

evenface data split faces.parquet split.parquet --shares train=0.8,validation=0.2 --by gender --seed 1

evenface data split faces.parquet fold1.parquet --folds 5 --fold 1

evenface data split jaffe.parquet without-KA.parquet --leave-out KA

evenface data split found/manifest.parquet split.parquet --together copies
"""


def split(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Made by `evenface data import`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Parquet file to write.")],
    shares: Annotated[str | None, typer.Option(help=f"Share of the faces in each part: {_SHARES}.")] = None,
    folds: Annotated[int | None, typer.Option(help="Number of equal folds, one of which is for test.")] = None,
    fold: Annotated[int | None, typer.Option(help="Which fold is for test, from 1.")] = None,
    leave_out: Annotated[str | None, typer.Option(metavar="SUBJECT", help="The person who is for test.")] = None,
    by: Annotated[str | None, typer.Option(help="Attributes whose shares are kept alike too: gender,age.")] = None,
    together: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Equal values stay on one side; `data check` writes copies.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the order in which equals are dealt; 0 if not given.")
    ] = None,
) -> None:
    """Parse, call, print."""
    console = Console()
    with plain_errors():
        manifest_to_write(out)
        source = manifest_file(manifest)
        _one_way(shares, folds, fold, leave_out, dealt_by=(by, together, seed))
        given = Manifest.load(source)
        if folds is not None and fold is not None:
            found, how = _fold(given, folds, fold, names(by), together, seed or 0), f"fold {fold} of {folds} for test"
        elif leave_out is not None:
            found, how = _without(given, leave_out), f"subject {leave_out} for test"
        else:
            found, how = _shared(given, shares or _SHARES, names(by), together, seed or 0), shares or _SHARES
        how += "".join(f", {word} {value}" for word, value in (("by", by), ("together", together)) if value)
        how += "" if leave_out is not None else f", seed {seed or 0}"
        done = found.apply(given, f"Split by person: {how}; sha256 {found.sha256[:12]}.")
        written = done.moved(source.parent, out.parent).save(out)
    _show(console, given, done)
    console.print(Text(f"{how}; hash of the parts {found.sha256[:12]}.", style="dim"))
    wrote(console, [written])


def _one_way(
    shares: str | None, folds: int | None, fold: int | None, leave_out: str | None, dealt_by: tuple[object, ...]
) -> None:
    """Refuse options that contradict each other, or would do nothing."""
    ways = {"--shares": shares, "--folds": folds, "--leave-out": leave_out}
    if len(said := [name for name, value in ways.items() if value is not None]) > 1:
        raise SettingsError(f"{' and '.join(said)} are ways to split; choose one.")
    if (folds is None) != (fold is None):
        raise SettingsError("--folds says how many there are and --fold which is for test: --folds 5 --fold 1.")
    if leave_out is not None and any(value is not None for value in dealt_by):
        raise SettingsError("--leave-out deals nothing: leave out --by, --together and --seed.")


def _shared(given: Manifest, shares: str, by: list[str], together: str | None, seed: int) -> Split:
    from evenface.datasets.splits import split as deal

    found = {}
    for name, text in pairs(shares.split(","), "--shares", "train=0.7").items():
        if name not in SPLITS:
            raise SettingsError(
                f"--shares names a part {name!r}.{did_you_mean(name, SPLITS)} Parts: {', '.join(SPLITS)}."
            )
        try:
            found[name] = float(text)
        except ValueError as error:
            raise SettingsError(f"--shares takes numbers that sum to 1: {_SHARES}; got {name}={text}.") from error
    return deal(given, found, by=by, together=together, seed=seed)


def _fold(given: Manifest, count: int, fold: int, by: list[str], together: str | None, seed: int) -> Split:
    from evenface.datasets.splits import folds

    found = folds(given, count, by=by, together=together, seed=seed)
    if not 1 <= fold <= count:
        raise SettingsError(f"--fold is from 1 to {count}, got {fold}.")
    return found.held_out(f"fold {fold}")


def _without(given: Manifest, subject: str) -> Split:
    from evenface.datasets.splits import leave_one_subject_out

    people = given.frame["subject"].drop_nulls().unique().sort().to_list()
    found = leave_one_subject_out(given)
    if subject not in people:
        near = did_you_mean(subject, people)
        raise SettingsError(
            f"No face is of a subject {subject!r}.{near} There are {len(people):,}, such as {', '.join(people[:3])}."
        )
    return found.held_out(f"subject {subject}")


def _show(console: Console, given: Manifest, done: Manifest) -> None:
    """Print each part's faces, persons and labels, and what a reader of the split must know."""
    import polars as pl

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("part", "faces", "persons", "labels"):
        table.add_column(head, justify="right" if head in ("faces", "persons") else "left", overflow="fold")
    for name in SPLITS:
        part = done.frame.filter(pl.col("split") == name)
        counts = dict(part["label"].drop_nulls().value_counts().iter_rows())
        named = [(label, counts.get(i, 0)) for i, label in enumerate(done.labels.names)]
        named += [("no label", missing)] if (missing := part["label"].null_count()) else []
        told = ", ".join(f"{label} {count:,}" for label, count in named)
        people = part["subject"].drop_nulls().n_unique()
        if len(part):
            table.add_row(name, f"{len(part):,}", f"{people:,}" if people else "–", told)
    console.print(table)
    before = given.frame["split"]
    if before.count():
        changed = (before != done.frame["split"]).sum() + before.null_count()
        say(console, [f"The manifest had a split: {changed:,} faces are in another part now."], "yellow")
    if alone := given.frame["subject"].null_count():
        say(
            console,
            [f"{alone:,} faces have no subject: each stands for itself, so a person may be on two sides."],
            "yellow",
        )
