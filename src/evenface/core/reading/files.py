"""Open a table in any accepted format as a lazy frame, with a hash of what was read.

Text columns stay text: nothing is guessed about a column until it is known what the column is for, so that codes such
as `007` and numbers of 20 digits keep every digit.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from evenface.core.errors import InputError
from evenface.core.reading.text import (
    ACCEPTED,
    IN_MEMORY,
    hash_file,
    header,
    read_text,
    refuse_twice,
    sniff_delimiter,
)
from evenface.core.reading.widths import check_widths
from evenface.core.tables import Notice

IN_MEMORY_NAME = "table in memory"
ROWS = " rows"  # column with numbers of rows; the blank sets it apart from columns of the user's
SAMPLE = 100_000  # rows looked at before all rows are
NUMBERS_IN_MEMORY = 10_000_000  # rows x columns; a larger binary table, however well it is packed on disk, is streamed
_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF document",
    b"\x80\x04": "a Python pickle (never read here: it can run code)",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"FEA1": "a Feather version 1 file",
    b"SQLite format 3": "an SQLite database",
}


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that was opened but not yet understood.

    Attributes:
        frame: Its columns under their own names. Columns of text formats are all `String`.
        source: File name, or `"table in memory"`.
        sha256: Hash of the file's bytes, or of the columns asked for as an Arrow IPC stream.
        notes: Choices made while opening, in words.
        warnings: What looks wrong but can be worked with.
        streamed: Whether the rows are read anew each time, because they may not fit in memory.
        counted: The rows of `frame` counted by some of its columns, one row per combination and their number in
            `ROWS`; None where they were not counted.
    """

    frame: pl.LazyFrame
    source: str
    sha256: str
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()
    streamed: bool = False
    counted: pl.DataFrame | None = None

    def count(self, columns: Sequence[str]) -> pl.DataFrame:
        """Count the rows by these columns: the columns, and the number of rows in `ROWS`."""
        if self.counted is not None and set(columns) <= set(self.counted.columns):
            return self.counted.group_by(columns).agg(pl.col(ROWS).sum())
        return self.frame.group_by(columns).agg(pl.len().cast(pl.Int64).alias(ROWS)).collect(engine="streaming")

    def filter(self, kept: pl.Expr) -> OpenTable:
        """Keep some rows; `kept` may read counted columns only, if there are any."""
        counted = None if self.counted is None else self.counted.filter(kept)
        return replace(self, frame=self.frame.filter(kept), counted=counted)


def with_counts(table: OpenTable, columns: Sequence[str]) -> OpenTable:
    """Count a table that is streamed once by the columns that will be counted again and again.

    Nothing is done where the columns have so many combinations that this would save little.
    """
    schema = table.frame.collect_schema()
    if not table.streamed or ROWS in schema or any(schema[name].is_nested() for name in columns):
        return table
    sample = table.frame.select(columns).head(SAMPLE).collect(engine="streaming")
    if sample.n_unique() > max(sample.height // 10, 1):
        return table
    return replace(table, counted=table.count(columns))


def open_table(source: object, *, columns: Sequence[str] | None = None) -> OpenTable:
    """Open a file or a table in memory.

    Args:
        source: Path of a CSV, TSV, JSON lines (each also gzipped), Parquet or Arrow IPC/Feather file; or a polars,
            pandas or Arrow table (anything with `__arrow_c_stream__`); or a mapping of column name to values.
        columns: Columns that a table in memory is hashed by. All, if not given. Files are hashed by their bytes.

    Returns:
        The table, in memory if it has less than 512 MB on disk (Parquet and Arrow: and at most 10 million values),
        else to be streamed.

    Raises:
        InputError: It is missing, empty, ragged, has a column name twice, or is not a table.
    """
    table = open_unhashed(source)
    return hashed(table, table.frame.collect_schema().names() if columns is None else columns)


def hashed(table: OpenTable, columns: Sequence[str]) -> OpenTable:
    """Give the table with the hash of these columns, if it is one in memory that is not hashed yet.

    Columns are hashed in alphabetical order, so the order in the table does not matter.
    """
    if table.sha256:
        return table
    frame, sink = table.frame.select(sorted(set(columns))), _HashSink()
    if table.streamed:
        frame.sink_ipc(cast(IO[bytes], sink))
    else:
        frame.collect().rechunk().write_ipc_stream(cast(IO[bytes], sink))
    return replace(table, sha256=sink.sha256.hexdigest())


class _HashSink(io.RawIOBase):
    """A writable file that keeps only the hash of what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        return len(data)


def open_unhashed(source: object) -> OpenTable:
    """Open like `open_table`, but leave the hash of a table in memory empty until its columns are chosen."""
    if isinstance(source, str | PathLike):
        return _open_path(Path(fspath(source)))
    frame = _frame_in_memory(source)
    if not frame.collect_schema().names():
        raise InputError("The table in memory has no columns. Give columns for the true class and the predicted class.")
    if frame.head(1).collect().is_empty():
        raise InputError("The table in memory has no rows. Nothing can be audited.")
    return OpenTable(frame, IN_MEMORY_NAME, "", streamed=isinstance(source, pl.LazyFrame))


def _frame_in_memory(source: Any) -> pl.LazyFrame:
    if isinstance(source, pl.LazyFrame):
        return source
    if isinstance(source, pl.DataFrame):
        return source.lazy()
    if not isinstance(source, Mapping):
        _refuse_non_table(source)
        refuse_twice([str(name) for name in getattr(source, "columns", ()) if isinstance(name, str)], IN_MEMORY_NAME)
    try:
        return _to_polars(source).lazy()
    except (pl.exceptions.PolarsError, TypeError, ValueError) as fault:
        raise InputError(
            f"The table in memory cannot be read: {fault}. Columns must be of equal length and one type each."
        ) from fault


def _to_polars(source: Any) -> pl.DataFrame:
    if isinstance(source, Mapping):
        return pl.DataFrame({str(name): values for name, values in source.items()}, strict=False)
    try:
        return pl.DataFrame(source)
    except ImportError:  # pandas needs pyarrow to speak Arrow; without it, column by column
        return pl.DataFrame({str(name): pl.Series(source[name].tolist(), strict=False) for name in source.columns})


def _refuse_non_table(source: object) -> None:
    if not hasattr(source, "__arrow_c_stream__"):
        raise InputError(
            f"Expected a file path or a table, got {type(source).__name__}. Accepted: a path to {ACCEPTED}; a "
            "polars, pandas or "
            "Arrow table; a mapping of column name to values."
        )


def _open_path(path: Path) -> OpenTable:
    _check_exists(path)
    with path.open("rb") as file:
        magic = file.read(16)
    try:
        if magic[:4] == b"PAR1":
            return _binary(path, pl.read_parquet, pl.scan_parquet)
        if magic[:6] == b"ARROW1":
            return _binary(path, pl.read_ipc, pl.scan_ipc)
        if magic[:4] == b"\xff\xff\xff\xff":
            return OpenTable(pl.read_ipc_stream(path).lazy(), path.name, hash_file(path))
        _refuse_magic(path, magic)
        return _open_text(path)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise InputError(f"{path}: cannot be read: {str(fault).splitlines()[0]}. Accepted: {ACCEPTED}.") from fault


def _check_exists(path: Path) -> None:
    if path.is_dir():
        held = sorted(child.name for child in path.iterdir() if child.is_file())[:5]
        raise InputError(f"{path}: is a folder. Give one file{' in it, such as ' + ', '.join(held) if held else ''}.")
    if not path.exists():
        folder = path.parent
        there = sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []
        near = _nearest(path, there)
        hint = (
            f" Did you mean {' or '.join(near)}?"
            if near
            else f" The folder {folder} does not exist."
            if not folder.is_dir()
            else ""
        )
        raise InputError(f"{path}: there is no such file.{hint}")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty (0 bytes). Write the predictions again.")


def _nearest(path: Path, there: Sequence[str]) -> list[str]:
    """Files of almost the same name, whatever their ending."""
    stems: dict[str, list[str]] = {}
    for name in there:
        stems.setdefault(Path(name).stem.casefold(), []).append(name)
    near = difflib.get_close_matches(path.stem.casefold(), stems, n=3, cutoff=0.6)
    return [name for stem in near for name in stems[stem]][:3]


def _refuse_magic(path: Path, magic: bytes) -> None:
    if zipfile.is_zipfile(path) and magic[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            held = archive.namelist()
        shown = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
        raise InputError(
            f"{path}: is a zip file (or an Excel workbook) that holds {shown}. Unzip it, or save the sheet as CSV."
        )
    for start, what in _NOT_TABLES.items():
        if magic.startswith(start):
            raise InputError(f"{path}: is {what}, not a table. Accepted: {ACCEPTED}.")


def _binary(path: Path, read: Any, scan: Any) -> OpenTable:
    frame: pl.LazyFrame = scan(path)
    names, rows = frame.collect_schema().names(), frame.select(pl.len()).collect().item()
    if rows == 0:
        raise InputError(f"{path}: has columns ({', '.join(names)}) but no rows. Nothing can be audited.")
    large = path.stat().st_size > IN_MEMORY or rows * len(names) > NUMBERS_IN_MEMORY
    return OpenTable(frame if large else read(path).lazy(), path.name, hash_file(path), streamed=large)


def _open_text(path: Path) -> OpenTable:
    text = read_text(path)
    start = text.head[:1000].lstrip()
    if not start:
        raise InputError(f"{path}: holds only blank lines.")
    if start[:1] == b"{":
        frame = _json_lines(path, text.data)
        return OpenTable(frame, path.name, text.sha256, text.notes, text.warnings, text.data is None)
    if start[:1] == b"[" and start.lstrip(b"[ \r\n\t")[:1] == b"{":
        raise InputError(
            f"{path}: is one JSON list. Write JSON lines (one object per line, no brackets around), CSV or Parquet."
        )
    delimiter, notes = sniff_delimiter(text)
    names = header(text, delimiter)
    widths = check_widths(text, delimiter, names)
    settings: dict[str, Any] = {"separator": delimiter, "infer_schema": False, "new_columns": names}
    frame = pl.scan_csv(path, **settings) if text.data is None else pl.read_csv(text.data, **settings).lazy()
    if widths.blank:
        frame = frame.filter(pl.any_horizontal(pl.all().is_not_null()))
    return OpenTable(frame, path.name, text.sha256, (*text.notes, *notes), text.warnings, text.data is None)


def _json_lines(path: Path, data: bytes | None) -> pl.LazyFrame:
    if data is None:
        return pl.scan_ndjson(path, infer_schema_length=10_000)
    try:
        return pl.read_ndjson(data, infer_schema_length=None).lazy()
    except pl.exceptions.PolarsError as fault:
        raise InputError(f"{path}: cannot be read: {_broken_line(data) or str(fault).splitlines()[0]}.") from fault


def _broken_line(data: bytes) -> str:
    """Say which line of JSON lines cannot be read; empty if each can by itself. Only once something failed."""
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            if line.strip() and not isinstance(json.loads(line), dict):
                return f"line {number} is no JSON object {{…}}"
        except ValueError as fault:
            return f"line {number} is not JSON ({fault})"
    return ""
