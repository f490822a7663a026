"""Write files into a folder, each whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evenface.core.errors import EvenfaceError, InputError

if TYPE_CHECKING:
    import polars as pl

RESUME = "Make room, and use --resume."
"""What to do where a long run cannot write."""


def write_files(folder: Path, contents: Mapping[str, bytes], what: str) -> list[Path]:
    """Write files, replacing those of the same names.

    Args:
        folder: Made if it does not exist.
        contents: Path in the folder -> bytes.
        what: What is written, for the message: `"the report"`.

    Returns:
        The files written, in the order given.

    Raises:
        InputError: The folder cannot be made or written.
    """
    with explained(f"{what} to {folder}", "Give another folder with --out."):
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_bytes(content)
    return [folder / name for name in contents]


def write_table(table: pl.DataFrame, path: Path, then: str, fault: type[EvenfaceError] = InputError) -> None:
    """Write a table as Parquet.

    Args:
        table: What is written.
        path: Where; its folder is made if it does not exist.
        then: What to do where it cannot be written, for the message.
        fault: What is raised then.

    Raises:
        InputError: It cannot be written, unless there is another `fault`.
    """
    with explained(path, then, fault):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            table.write_parquet(part)


@contextmanager
def explained(what: object, then: str, fault: type[EvenfaceError] = InputError) -> Iterator[None]:
    """Turn a fault of the disk into a message that says what cannot be written, why, and what to do.

    Args:
        what: What is written, or where.
        then: What to do.
        fault: What is raised.
    """
    try:
        yield
    except OSError as error:
        raise fault(f"Cannot write {what}: {error.strerror or error}. {then}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write, and rename it once that is done: a reader never sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    part = Path(temporary)
    try:
        yield part
        part.chmod(0o644)  # mkstemp makes it readable by its owner alone
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
