"""What several commands parse and print alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from evenface.core.errors import EvenfaceError, SettingsError

BAD_INPUT = 2  # exit code of a user's error
GATE_FAILED = 3  # exit code when a --fail-if condition holds


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print an error that a user's input caused as a message, and exit with code 2."""
    try:
        yield
    except EvenfaceError as error:
        Console(stderr=True).print(Text(str(error), style="red"))
        raise typer.Exit(BAD_INPUT) from error


def names(given: str | None) -> list[str]:
    """Split names at commas."""
    return [name.strip() for name in (given or "").split(",") if name.strip()]


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
            raise SettingsError(f"--bins takes increasing numbers, such as age=0,18,40; got {text!r}.") from error
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
        found[name.strip()] = value.strip()
    return found


def provenance(**given: str | None) -> dict[str, str]:
    """Attribute -> origin, from lists such as `estimated="race,age"`.

    Raises:
        SettingsError: An attribute is given two origins.
    """
    origins = [(name, origin.replace("_", "-")) for origin, listed in given.items() for name in names(listed)]
    if twice := sorted({name for name, _ in origins if [n for n, _ in origins].count(name) > 1}):
        raise SettingsError(
            f"{', '.join(twice)}: given with more than one origin. Choose estimated, annotated or self-reported."
        )
    return dict(origins)
