"""Whether every row of a delimited text has as many fields as the header."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.core.reading import text as limits
from evenface.core.reading.text import Text


@dataclass(slots=True)
class Widths:
    """Count the fields of every row without parsing it.

    A row ends at a line end outside quotes. Rows of another width than the header would be shifted or filled with
    empty values by a parser, so they are found here, where the row can still be named.

    Attributes:
        delimiter: The byte between fields.
        width: Fields in the header.
        rows: Rows seen, the header among them, empty lines left out.
        blank: Empty lines seen.
        odd: The first few `(row, fields)` that differ; row 1 follows the header.
        odd_count: How many differ.
    """

    delimiter: int
    width: int
    rows: int = 0
    blank: int = 0
    odd: list[tuple[int, int]] | None = None
    odd_count: int = 0
    _inside: int = 0
    _fields: int = 0
    _length: int = 0
    _last: int = 10

    def feed(self, piece: bytes) -> None:
        """Take the next piece of text."""
        values = np.frombuffer(piece, np.uint8)
        ends, splits = values == 10, values == self.delimiter
        if self._inside or b'"' in piece:
            inside = np.bitwise_xor.accumulate((values == 34).view(np.uint8)) ^ self._inside
            self._inside = int(inside[-1])
            ends &= inside == 0
            splits &= inside == 0
        at = np.flatnonzero(ends)
        before = np.searchsorted(np.flatnonzero(splits), at)
        counts = np.diff(before, prepend=0)
        lengths = np.diff(at, prepend=-1) - 1
        if len(at):
            counts[0] += self._fields
            lengths[0] += self._length
            lengths -= np.where(at > 0, values[at - 1], self._last) == 13  # the first half of a Windows line end
            self._fields, self._length = int(splits.sum() - before[-1]), len(values) - int(at[-1]) - 1
            self._take(counts, lengths)
        else:
            self._fields, self._length = self._fields + int(splits.sum()), self._length + len(values)
        self._last = int(values[-1])

    def _take(self, counts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        blank = (counts == 0) & (lengths == 0)
        self.blank += int(blank.sum())
        counts = counts[~blank]
        wrong = np.flatnonzero(counts != self.width - 1)
        self.odd_count += len(wrong)
        self.odd = (self.odd or []) + [
            (self.rows + int(i), int(counts[i]) + 1) for i in wrong[: max(0, 3 - len(self.odd or []))]
        ]
        self.rows += len(counts)

    def close(self) -> None:
        """Count a last row that has no line end."""
        if length := self._length - (self._last == 13):
            self._take(np.array([self._fields]), np.array([length]))
            self._fields = self._length = 0

    @property
    def longest_open(self) -> int:
        """Bytes since the last line end."""
        return self._length

    @property
    def open_quote(self) -> bool:
        """Whether a quote mark was opened and not closed."""
        return bool(self._inside)


def check_widths(text: Text, delimiter: str, names: list[str]) -> Widths:
    """Check that every row has as many fields as the header.

    Raises:
        InputError: Rows differ from the header, a quote stays open, a line is overlong, or there are no rows.
    """
    widths = Widths(ord(delimiter), len(names))
    for piece in text.pieces():
        widths.feed(piece)
        if widths.longest_open > limits.LONGEST_LINE:
            break
    where = f"after row {max(widths.rows - 1, 0):,}"
    if widths.longest_open > limits.LONGEST_LINE or widths.open_quote:
        what = "a quote mark is opened and not closed" if widths.open_quote else "a line is longer than 16 MB"
        raise InputError(
            f"{text.path}: {what} {where}, so the rows cannot be told apart. Mend that row, or use Parquet."
        )
    widths.close()
    if widths.odd_count:
        shown = ", ".join(f"row {row:,} has {fields}" for row, fields in widths.odd or [])
        raise InputError(
            f"{text.path}: {widths.odd_count:,} of {widths.rows - 1:,} rows do not have the header's "
            f"{len(names)} fields: {shown}. "
            "A field that holds the delimiter or a quote mark must stand in double quotes."
        )
    if widths.rows <= 1:
        raise InputError(f"{text.path}: has column names ({', '.join(names)}) but no rows. Nothing can be audited.")
    return widths
