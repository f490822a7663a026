"""Text files before they are parsed: encoding, delimiter, header, and whether every row has the header's width.

All checks read the file in pieces, so a file that is not a table (one line of 2 GB, a picture) is refused
before much of it is in memory.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evenface.core.errors import InputError
from evenface.core.tables import Notice

IN_MEMORY = 512 * 2**20  # bytes; a larger file is streamed
LONGEST_LINE = 16 * 2**20  # bytes; no row of a table is as long
PIECE = 8 * 2**20
ACCEPTED = "CSV, TSV, JSON lines (all also as .gz), Parquet, Arrow/Feather"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text file that has passed the checks that need no parsing.

    Attributes:
        path: Where it lies.
        data: Its bytes as UTF-8, or None where it is too large to hold.
        head: Its first bytes, at least the whole first line.
        sha256: Hash of the bytes on disk.
        notes: What was decided, in words.
        warnings: What the user should look at.
    """

    path: Path
    data: bytes | None
    head: bytes
    sha256: str
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()

    def pieces(self) -> Iterator[bytes]:
        """Yield the text in order, a few megabytes at a time."""
        if self.data is not None:
            for start in range(0, len(self.data), PIECE):
                yield self.data[start : start + PIECE]
            return
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path) -> Text:
    """Read (or, above 512 MB, only look at) a text file, and bring it to UTF-8.

    Raises:
        InputError: The file is not text, has an overlong first line, or is too large for what it needs.
    """
    with path.open("rb") as file:
        head = file.read(LONGEST_LINE)
    if packed := head[:2] == b"\x1f\x8b":
        head = _unpack(path, LONGEST_LINE)
    if len(head) >= LONGEST_LINE and b"\n" not in head and b"\r" not in head:
        raise InputError(
            f"{path}: the first line is longer than {LONGEST_LINE // 2**20} MB, so this is not a table with "
            "one face per line. "
            "Write one row per line (CSV, TSV, JSON lines) or use Parquet."
        )
    if path.stat().st_size > IN_MEMORY:
        return _large(path, head, packed)
    data = _unpack(path, IN_MEMORY + 1) if packed else path.read_bytes()
    if len(data) > IN_MEMORY:
        raise InputError(f"{path}: unpacks to more than {IN_MEMORY // 2**20} MB. Unpack it, or convert it to Parquet.")
    data, notes, warnings = _as_utf8(path, data)
    return Text(path, data, data[:LONGEST_LINE], hash_file(path), notes, warnings)


def _unpack(path: Path, limit: int) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(limit)
    except (OSError, EOFError) as fault:
        raise InputError(
            f"{path}: starts as a gzip file but cannot be unpacked ({fault}). Make or fetch it again."
        ) from fault


def _large(path: Path, head: bytes, packed: bool) -> Text:
    if packed:
        raise InputError(f"{path}: a gzip file this large cannot be streamed. Unpack it, or convert it to Parquet.")
    text = Text(path, None, head, hash_file(path))
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in text.pieces():
            if not piece.isascii() or decoder.getstate()[0]:
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        raise InputError(
            f"{path}: is not UTF-8 text, and too large to convert here. Save it as UTF-8, or as Parquet."
        ) from fault
    return text


def _as_utf8(path: Path, data: bytes) -> tuple[bytes, tuple[str, ...], tuple[Notice, ...]]:
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), None) or _utf16_without_mark(data)
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()
    try:
        if encoding:
            data, notes = data.decode(encoding).encode(), (f"The file's text is encoded as {encoding.upper()}.",)
        elif not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError as fault:
        if encoding:
            raise InputError(
                f"{path}: starts as {encoding.upper()} text but cannot be decoded: {fault.reason}."
            ) from fault
        data = data.decode("cp1252", errors="replace").encode()
        warnings = (
            Notice(
                "encoding", "The file is not UTF-8; it was read as Windows-1252 (Latin-1). Check names with accents."
            ),
        )
    data = data.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    if b"\x00" in data:
        raise InputError(f"{path}: holds zero bytes, so it is not a text table. Accepted: {ACCEPTED}.")
    if b"\n" not in data[:LONGEST_LINE] and b"\r" in data[:LONGEST_LINE]:
        data = data.replace(b"\r", b"\n")
    return data, notes, warnings


def _utf16_without_mark(data: bytes) -> str | None:
    """Tell UTF-16 that lacks its mark: of plain letters, every other byte is zero."""
    even, odd = data[0:1000:2], data[1:1000:2]
    if len(data) < 4 or (any(even) and any(odd)):
        return None
    return ("utf-16-be" if any(odd) else "utf-16-le") if any(data[:1000]) else None


def header(text: Text, delimiter: str) -> list[str]:
    """Give the column names, refusing names used twice.

    Raises:
        InputError: A name is used twice, or the first line cannot be read.
    """
    first = io.StringIO(text.head[: 2**20].decode("utf-8", errors="replace"), newline="")
    try:
        names = [name.strip() for name in next(csv.reader(first, delimiter=delimiter), [])]
    except csv.Error as fault:
        raise InputError(f"{text.path}: the first line cannot be read as column names ({fault}).") from fault
    refuse_twice(names, str(text.path))
    return names


def refuse_twice(names: list[str], source: str) -> None:
    """Raise if a column name is used more than once, naming each such column.

    Raises:
        InputError: A name is used twice.
    """
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        listed = ", ".join(repr(name) for name in twice)
        raise InputError(
            f"{source}: more than one column is named {listed}. Rename or drop one; columns are {', '.join(names)}."
        )


def sniff_delimiter(text: Text) -> tuple[str, tuple[str, ...]]:
    """Find what separates the columns by what splits the first line most often; say so if it is unexpected.

    Raises:
        InputError: Nothing splits the first line.
    """
    suffixes = [suffix.lower() for suffix in text.path.suffixes]
    expected = "\t" if {".tsv", ".tab"} & set(suffixes) else ","
    line = _first_line(text.head)
    unquoted = "".join(line.split('"')[::2])
    counts = {delimiter: unquoted.count(delimiter) for delimiter in DELIMITERS}
    best = max(counts, key=lambda delimiter: (counts[delimiter], delimiter == expected))
    if counts[best] == 0:
        raise InputError(
            f"{text.path}: only one column was found, {line[:80]!r}. The first line must name the columns, "
            "separated by "
            f"{', '.join(DELIMITERS.values())}. Accepted formats: {ACCEPTED}."
        )
    return best, (f"The columns are separated by a {DELIMITERS[best]}.",) if best != expected else ()


def _first_line(head: bytes) -> str:
    return head[: 2**20].decode("utf-8", errors="replace").lstrip("\r\n").splitlines()[0]
