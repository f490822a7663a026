"""The first sheet of an xlsx file as text: what the codings of micro-expressions are handed out in."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

from evenface.core.errors import InputError

_MOST = 64 * 2**20  # bytes that a sheet may unpack to
_ROW = re.compile(r"<(?:\w+:)?row\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_TEXT = re.compile(r"<(?:\w+:)?t\b[^>]*>(.*?)</(?:\w+:)?t>", re.DOTALL)
_VALUE = re.compile(r"<(?:\w+:)?v\b[^>]*>(.*?)</(?:\w+:)?v>", re.DOTALL)
_SHARED = re.compile(r"<(?:\w+:)?si\b[^>]*>(.*?)</(?:\w+:)?si>", re.DOTALL)
_PLACE = re.compile(r'\br="([A-Z]+)\d+"')


def read_sheet(content: bytes, where: str) -> list[list[str]]:
    """Give the rows of the first sheet, each a list of cells as text; what is missing is empty.

    Args:
        content: Of the xlsx file.
        where: Its name, for messages.

    Raises:
        InputError: It is no xlsx file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = sorted(n for n in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n))
            texts = _part(archive, "xl/sharedStrings.xml") if "xl/sharedStrings.xml" in archive.namelist() else ""
            sheet = _part(archive, names[0])
    except (zipfile.BadZipFile, IndexError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{where} cannot be read as an xlsx sheet ({error}). Save it as .xlsx.") from error
    shared = [_texts(item) for item in _SHARED.findall(texts)]
    return [_row(row, shared) for row in _ROW.findall(sheet)]


def _part(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).file_size > _MOST:
        raise OSError(f"{name} is larger than a sheet of codings can be")
    return archive.read(name).decode("utf-8")


def _row(row: str, shared: list[str]) -> list[str]:
    cells: list[str] = []
    for about, body in _CELL.findall(row):
        place = _PLACE.search(about)
        at = _column(place.group(1)) if place else len(cells)
        cells += [""] * (at - len(cells))
        value = _VALUE.search(body)
        if 't="s"' in about and value:
            cells.append(shared[int(value.group(1))])
        else:
            cells.append(unescape(value.group(1)) if value else _texts(body))
    return cells


def _column(letters: str) -> int:
    """Place of a column from 0: A is 0, Z 25, AA 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _texts(body: str) -> str:
    return unescape("".join(_TEXT.findall(body)))
