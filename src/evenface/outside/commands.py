"""A command as a model: run once, with a table of pictures to read and a table of answers to write."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess  # the command is the user's own, and no shell reads it
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from evenface.core.errors import InputError, SettingsError
from evenface.core.reading.columns import FACE, PREDICTED, TRUE, plain
from evenface.core.reading.files import open_table
from evenface.outside.answers import Given, WrongAnswerError, join, read_given

TIMEOUT = 3600.0  # seconds for all pictures
TAIL = 600  # letters of what a failed command said
_PREFIX = re.compile(r"^(p|probs?|proba|probability|scores?|logits?)[\s_.:-]+", re.IGNORECASE)
HELP = (
    "It is given a CSV file with a column `image` (in place of {images}, or as its last argument), and must write a "
    "CSV table, to the file in place of {out} or to its output, with that column and `predicted`, or one column per "
    "class."
)


def run_command(command: str, paths: tuple[Path, ...], classes: list[str] | None, timeout: float | None) -> Given:
    """Run a command once over all pictures.

    The pictures are shown under names that say nothing about them. `{images}`, `{folder}` and `{out}` in the command
    stand for the CSV file, the folder of pictures and the file to write.

    Raises:
        SettingsError: The command is empty or cannot be started.
        WrongAnswerError: It fails, takes too long, or does not write one row for each picture.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingsError(f"--command {command!r} cannot be read: {error}.") from error
    if not words:
        raise SettingsError(f"The command is empty. {HELP}")
    with tempfile.TemporaryDirectory(prefix="evenface-") as name:
        folder = Path(name)
        shown = _show(paths, folder / "images")
        table, out = folder / "images.csv", folder / "answers.csv"
        pl.DataFrame({"image": [str(path) for path in shown]}).write_csv(table)
        places = {"{images}": str(table), "{folder}": str(folder / "images"), "{out}": str(out)}
        filled = [_fill(word, places) for word in words]
        if filled == words:
            filled.append(str(table))
        said = _run(filled, timeout or TIMEOUT)
        if "{out}" not in command:
            out.write_bytes(said)
        elif not out.is_file():
            raise WrongAnswerError(f"{words[0]} ended without writing the file given as {{out}}. {HELP}")
        return _read(out, shown, classes, words[0])


def _fill(word: str, places: dict[str, str]) -> str:
    for key, value in places.items():
        word = word.replace(key, value)
    return word


def _show(paths: tuple[Path, ...], folder: Path) -> list[Path]:
    """Put the pictures into a folder under numbers: a name such as `ethnicity=asian.png` would tell too much."""
    folder.mkdir()
    shown = []
    for i, path in enumerate(paths):
        target = folder / f"{i:07d}{path.suffix.lower()}"
        try:
            os.link(path, target)
        except OSError:  # another disk, or one without links
            shutil.copyfile(path, target)
        shown.append(target)
    return shown


def _run(words: list[str], timeout: float) -> bytes:
    try:
        done = subprocess.run(words, capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise SettingsError(f"There is no command {words[0]!r} that could be run. {HELP}") from error
    except PermissionError as error:
        raise SettingsError(
            f"{words[0]!r} may not be run. Make it executable, or name its interpreter first."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise WrongAnswerError(f"{words[0]} was stopped after {timeout:g} seconds. --timeout gives it more.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[-TAIL:]
        raise WrongAnswerError(f"{words[0]} ended with code {done.returncode}. It said: {said or '(nothing)'}")
    return done.stdout


def _read(out: Path, shown: list[Path], classes: list[str] | None, who: str) -> Given:
    try:
        frame = open_table(out).frame.collect()
    except InputError as error:
        raise WrongAnswerError(f"{who} wrote no table that can be read: {error}\n{HELP}") from error
    key = _column(frame, FACE[::-1])
    if key is None:
        raise WrongAnswerError(f"{who} wrote no column `image`; its columns: {', '.join(frame.columns)}. {HELP}")
    order = pl.DataFrame({" at": [path.stem for path in shown]})
    stem = pl.col(key).cast(pl.String).str.replace_all("\\", "/", literal=True).str.extract(r"([^/.]+)(?:\.[^/]*)?$")
    rows = frame.with_columns(stem.alias(" at"))
    _one_each(rows[" at"], order[" at"], who)
    rows = order.join(rows, on=" at", how="left", maintain_order="left").drop(" at", key)
    answer = _column(rows, (*PREDICTED, *TRUE[1:]))
    numbers = rows.select(pl.exclude(answer or "").cast(pl.Float64, strict=False).fill_nan(None))
    scored = [column.name for column in numbers if column.null_count() < rows.height]
    parts = []
    if len(scored) > 1:
        named = {_PREFIX.sub("", name): numbers[name].fill_null(float("nan")).to_numpy() for name in scored}
        parts.append(read_given(named, len(shown), classes, who))
    if answer is not None:
        given = [None if text is None else _code(text) for text in rows[answer].cast(pl.String)]
        parts.append(read_given(given, len(shown), classes, who))
    if not parts:
        raise WrongAnswerError(f"{who} wrote neither a column `predicted` nor one of numbers per class. {HELP}")
    return join([replace(parts[0], labels=parts[-1].labels)], who)


def _code(text: str) -> str | int:
    return int(text) if text.strip().isdigit() else text


def _column(frame: pl.DataFrame, tiers: Sequence[re.Pattern[str]]) -> str | None:
    return next((c for tier in tiers for c in frame.columns if tier.fullmatch(plain(c))), None)


def _one_each(got: pl.Series, wanted: pl.Series, who: str) -> None:
    """One row for each picture, no more and no less."""
    faults = []
    if lost := wanted.filter(~wanted.is_in(got.drop_nulls().to_list())).len():
        faults.append(f"{lost:,} of {len(wanted):,} pictures have no row (write an empty answer where there is none)")
    if twice := got.drop_nulls().filter(got.drop_nulls().is_duplicated()).n_unique():
        faults.append(f"{twice:,} pictures have several rows")
    if strange := got.filter(~got.is_in(wanted.to_list())).len():
        faults.append(f"{strange:,} rows name no picture that was given")
    if faults:
        raise WrongAnswerError(f"{who} did not answer each picture once: {'; '.join(faults)}. {HELP}")
