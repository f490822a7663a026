"""Every error that evenface raises on purpose.

A message says what was wrong, where, what was got, what is allowed, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager


class EvenfaceError(Exception):
    """Base of all errors that a user's input can cause; the command line prints it without a traceback."""


class InputError(EvenfaceError):
    """A file or table cannot be read as what it was given for."""


class SettingsError(EvenfaceError):
    """An argument, option or settings file asks for something that cannot be done."""


class UnknownNameError(EvenfaceError):
    """A name is in no table; the message gives the nearest names and all that there are."""

    def __init__(self, kind: str, name: str, available: Iterable[str], hint: str = "") -> None:
        self.kind, self.name = kind, name
        self.available = tuple(sorted(available))
        message = (
            f"Unknown {kind} {name!r}.{did_you_mean(name, self.available)} Available: {', '.join(self.available)}."
        )
        super().__init__(f"{message} {hint}".rstrip())


@contextmanager
def needs(what: str, install: str) -> Iterator[None]:
    """Say what a library is missing for, and what brings it, around the imports of an optional one.

    Args:
        what: What cannot be done without it, such as `Training`.
        install: What pip is to install, such as `evenface[models]`.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        named = f"'{install}'" if "[" in install else install
        raise SettingsError(f"{what} needs {error.name}, which is not installed: pip install {named}") from error


def did_you_mean(name: str, available: Sequence[str]) -> str:
    """Give `" Did you mean 'x'?"` for the name nearest to `name`, or an empty string.

    Example:
        >>> did_you_mean("gase", ["gaze", "action_units"])
        " Did you mean 'gaze'?"
    """
    by_fold = {candidate.casefold(): candidate for candidate in available}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return f" Did you mean {by_fold[near[0]]!r}?" if near else ""
