"""What made copies are made of."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

GREY = " ".join(["7"] * 16)


@dataclass(frozen=True)
class Layout:
    """A made copy: pictures by name, other files by content, and what must come out: face -> columns."""

    pictures: list[str]
    rows: int
    faces: dict[str, dict[str, Any]]
    files: dict[str, bytes | str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def zipped(contents: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def xlsx(rows: list[list[object]]) -> bytes:
    """A sheet with shared and inline strings, and empty cells left out, as Excel does."""
    shared, lines = [], []
    for number, row in enumerate(rows, 1):
        cells = []
        for at, value in enumerate(row):
            place = f"{chr(65 + at)}{number}"
            if isinstance(value, str) and value:
                shared.append(f"<si><t>{value}</t></si>")
                cells.append(f'<c r="{place}" t="s"><v>{len(shared) - 1}</v></c>')
            elif value != "":
                cells.append(f'<c r="{place}"><v>{value}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return zipped(
        {
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>",
            "xl/sharedStrings.xml": f"<sst>{''.join(shared)}</sst>",
        }
    )


def tar(members: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    frame = pl.DataFrame(
        {
            "image": [{"bytes": b"one", "path": "1.png"}, {"bytes": b"two", "path": "2.png"}],
            "label": [1, 0],
            "gender": "F",
        }
    )
    about = {"info": {"features": {"label": {"names": ["sad", "happiness"], "_type": "ClassLabel"}}}}
    frame.write_parquet(buffer, metadata={"huggingface": json.dumps(about)})
    return buffer.getvalue()
