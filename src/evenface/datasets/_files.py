"""What lies in a folder or archive that is said to hold a data set: listed once, never unpacked."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.pictures import INSIDE, UnreadableArchiveError, members, open_bytes, refuse_packed

if TYPE_CHECKING:
    import polars as pl

ARCHIVES = (".zip", ".tar")


@dataclass(frozen=True, slots=True)
class Files:
    """The files under a root.

    Attributes:
        root: The folder or archive, absolute.
        frame: `file`: path from the root with `/`; what is in an archive in the folder follows its name and `!/`.
        chosen: The file that was given instead of its folder.
        notes: Which archives in the folder could not be read.
    """

    root: Path
    frame: pl.DataFrame
    chosen: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """What makes an absolute path of `file`, as `core.pictures` reads it."""
        return str(self.root) + (INSIDE if self.root.suffix.casefold() in ARCHIVES and self.root.is_file() else "/")

    def match(self, pattern: str) -> pl.DataFrame:
        """Give the files whose path holds `pattern`: `file`, and a text column for each named group."""
        import polars as pl

        found = self.frame.filter(pl.col("file").str.contains(pattern))
        return found.with_columns(pl.col("file").str.extract_groups(pattern).alias("_")).unnest("_")

    def has(self, pattern: str) -> bool:
        """Tell whether a path holds `pattern`."""
        return bool(self.frame["file"].str.contains(pattern).any())

    def first(self, pattern: str) -> str | None:
        """Give the file nearest to the root whose path holds `pattern`."""
        import polars as pl

        found = self.frame.filter(pl.col("file").str.contains(pattern))["file"].to_list()
        return min(found, key=lambda name: (name.count("/"), name), default=None)

    def text(self, file: str) -> str:
        """Read a text file; bytes that are not UTF-8 become the replacement sign."""
        return open_bytes(self.prefix + file).decode("utf-8-sig", "replace")

    def table(self, file: str, *, names: list[str] | None = None, separator: str = ",") -> pl.DataFrame:
        """Read a delimited file as text columns.

        Args:
            file: As in `frame`.
            names: Of the columns, where the file has no header.
            separator: Between fields.

        Raises:
            InputError: It cannot be read, or has another number of columns.
        """
        import polars as pl

        source = io.BytesIO(open_bytes(self.prefix + file))
        try:
            frame = pl.read_csv(
                source, has_header=names is None, separator=separator, infer_schema=False, encoding="utf8-lossy"
            )
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{self.prefix}{file} cannot be read as a table: {error}.") from error
        if names is not None and frame.width != len(names):
            raise InputError(
                f"{self.prefix}{file} has {frame.width} columns; expected {len(names)}: {', '.join(names)}."
            )
        plain = names or [name.strip() for name in frame.columns]
        if len(set(plain)) < len(plain):
            raise InputError(f"{self.prefix}{file} has two columns of one name; its columns are {', '.join(plain)}.")
        return frame.rename(dict(zip(frame.columns, plain, strict=True)))


def list_files(root: str | os.PathLike[str]) -> Files:
    """List a folder with the archives in it, or an archive; of any other file, the folder it is in.

    Links to folders are not followed.

    Raises:
        InputError: There is no such folder or archive, it cannot be read, or one in it is not safe.
    """
    import polars as pl

    path, chosen = Path(os.path.abspath(root)), None  # noqa: PTH100 - `resolve` would follow a link that the user chose
    if path.is_file():
        refuse_packed(path)
    if path.is_file() and path.suffix.casefold() not in ARCHIVES:
        path, chosen = path.parent, path.name
    notes: list[str] = []
    if path.is_dir():
        names, notes = _walk(path)
    elif path.is_file():
        names = list(members(path))
    else:
        raise InputError(f"There is no folder or file {root}.")
    return Files(path, pl.DataFrame({"file": pl.Series(sorted(names), dtype=pl.String)}), chosen, tuple(notes))


def _walk(folder: Path) -> tuple[list[str], list[str]]:
    """List the files, and say which archives cannot be read: they may be no part of the set."""
    names: list[str] = []
    notes: list[str] = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        base = os.path.relpath(here, folder).replace(os.sep, "/")
        start = "" if base == "." else f"{base}/"
        names += [start + name for name in files if not name.startswith(".")]
    for archive in [name for name in names if name.casefold().endswith(ARCHIVES)]:
        try:
            held = members(folder / archive)
        except UnreadableArchiveError as error:
            notes.append(f"Left out: {error}")
            continue
        names += [archive + INSIDE + name for name in held if not name.startswith("__MACOSX/")]
    return names, notes
