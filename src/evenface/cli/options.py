"""What several commands parse and print alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn
from rich.table import Table
from rich.text import Text

from evenface.core.errors import EvenfaceError, InputError, SettingsError
from evenface.report.files import check_formats

BAD_INPUT = 2  # exit code of a user's error
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it
GATE_FAILED = 3  # exit code when a --fail-if condition holds


@contextmanager
def plain_errors(after: str = "files already there were left as they were.") -> Iterator[None]:
    """Print an error that a user's input caused as a message, and exit with code 2; with 130 on Ctrl-C.

    Args:
        after: What is said of work that Ctrl-C stopped.
    """
    try:
        yield
    except EvenfaceError as error:
        Console(stderr=True).print(Text(str(error), style="red"))
        raise typer.Exit(BAD_INPUT) from error
    except KeyboardInterrupt as stop:
        Console(stderr=True).print(Text(f"Stopped before the end; {after}"))
        raise typer.Exit(INTERRUPTED) from stop


def tell(console: Console, result: Mapping[str, Any], tables: Iterable[Table], written: Iterable[Path]) -> None:
    """Print a result: what was read, warnings, its tables, the summary, and the files written."""
    say(console, result["notes"], "dim")
    say(console, (f"Warning: {warning['message']}" for warning in result["warnings"]), "yellow")
    for table in tables:
        console.print(table)
    say(console, (f"• {line}" for line in result["summary"]))
    wrote(console, written)


def say(console: Console, lines: Iterable[str], style: str = "") -> None:
    """Print lines as they are: what looks like markup in them stays text."""
    for line in lines:
        console.print(Text(line, style=style))


def wrote(console: Console, written: Iterable[object]) -> None:
    """Print which files were written."""
    say(console, (f"Wrote {path}" for path in written), "dim")


def progress_bar(errors: Console, *columns: str | ProgressColumn) -> Progress:
    """Make a bar on the error stream that is gone when all is done, and silent where nobody looks on.

    Args:
        errors: The console of the error stream.
        columns: What it shows; rich's own choice if none are given.
    """
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def counted(*last: ProgressColumn) -> tuple[str | ProgressColumn, ...]:
    """Give the columns of a bar that counts: what is being done, how many of how many, and `last`."""
    return "{task.description}", BarColumn(), MofNCompleteColumn(), *last


def names(given: str | None) -> list[str]:
    """Split names at commas."""
    return [name.strip() for name in (given or "").split(",") if name.strip()]


def some_names(given: str | None, option: str) -> list[str] | None:
    """Split names at commas; None if the option was not given.

    Raises:
        SettingsError: It was given, but names nothing.
    """
    if given is not None and not names(given):
        raise SettingsError(f"{option} {given!r} names nothing. Leave it out, or give names separated by commas.")
    return None if given is None else names(given)


def writable(folder: Path, formats: Sequence[str]) -> None:
    """See before a long run that a report could be written.

    Raises:
        UnknownNameError: A format that there is not.
        InputError: The folder cannot be made or written.
    """
    check_formats(formats)
    near = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not near.is_dir() or not os.access(near, os.W_OK):
        why = "is not a folder" if not near.is_dir() else "cannot be written to"
        raise InputError(f"Cannot write to {folder}: {near} {why}. Give another folder with --out.")


def manifest_to_write(out: Path) -> None:
    """See before a long run that a manifest could be written there, under a name that says what it is.

    Raises:
        SettingsError: The name does not end in .parquet.
        InputError: There is no such folder.
    """
    if out.suffix.casefold() != ".parquet":
        raise SettingsError(f"OUT is a manifest, a file that ends in .parquet; got {out}.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"OUT {out}: there is no folder {out.parent}.")


def edges(given: Sequence[str] | None) -> dict[str, list[float]]:
    """Read bins such as `age=0,18,40`.

    Raises:
        SettingsError: One is not of that form.
    """
    found = {}
    for name, text in pairs(given, "--bins", "age=0,18,40").items():
        try:
            found[name] = [float(edge) for edge in text.split(",")]
        except ValueError as error:
            raise SettingsError(
                f"--bins takes lower edges, increasing numbers such as age=0,18,40; got {name}={text}."
            ) from error
    return found


def pairs(given: Sequence[str] | None, option: str, example: str) -> dict[str, str]:
    """Read options of the form NAME=VALUE.

    Raises:
        SettingsError: One has no name or no value.
    """
    found = {}
    for text in given or []:
        name, _, value = text.partition("=")
        if not name.strip() or not value.strip():
            raise SettingsError(f"{option} takes NAME=VALUE, such as {example}; got {text!r}.")
        if name.strip() in found:
            raise SettingsError(f"{option} is given twice for {name.strip()!r}.")
        found[name.strip()] = value.strip()
    return found


def provenance(error_rates: Iterable[str] = (), **given: str | None) -> dict[str, str]:
    """Attribute -> origin, from lists such as `estimated="race,age"`.

    Args:
        error_rates: Attributes whose error rates are known; estimated, if nothing else is said of them.
        **given: Origin -> names, separated by commas.

    Raises:
        SettingsError: An attribute is given two origins.
    """
    origins = [(name, origin.replace("_", "-")) for origin, listed in given.items() for name in names(listed)]
    if twice := sorted({name for name, _ in origins if [n for n, _ in origins].count(name) > 1}):
        raise SettingsError(
            f"{', '.join(twice)}: given with more than one origin. Choose estimated, annotated, self-reported or "
            "generated."
        )
    return dict.fromkeys(error_rates, "estimated") | dict(origins)
