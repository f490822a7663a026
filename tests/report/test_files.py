from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from evenface.core.errors import InputError, UnknownNameError
from evenface.report import FORMATS, files, write


def test_all_formats_are_written_and_named(audit: dict[str, Any], tmp_path: Path) -> None:
    made = write(audit, tmp_path / "deep" / "out", FORMATS)
    assert all(path.stat().st_size for path in made)
    assert len(set(made)) == len(made)
    assert {path.name for path in made} >= {
        "report.html",
        "audit.json",
        "report.md",
        "groups.csv",
        "gaps.csv",
        "flows.svg",
    }
    assert {path for path in (tmp_path / "deep" / "out").rglob("*") if path.is_file()} == set(made)
    charts = [path for path in made if path.suffix == ".svg"]
    for path in charts:
        ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own file
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
        assert "var(" not in path.read_text("utf-8")


def test_the_same_audit_gives_the_same_bytes(audit: dict[str, Any], tmp_path: Path) -> None:
    formats = ("html", "json", "md", "csv", "svg")
    first, second = (write(audit, tmp_path / name, formats) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_json_is_the_audit(audit: dict[str, Any], tmp_path: Path) -> None:
    assert json.loads(write(audit, tmp_path, ["json"])[0].read_text("utf-8")) == audit


def test_an_unknown_format_is_refused_before_anything_is_written(audit: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'html'"):
        write(audit, tmp_path / "out", ["json", "htlm"])
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_named(audit: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"Cannot write the report to .*file.*--out"):
        write(audit, tmp_path / "file", ["json"])


def test_a_failed_write_leaves_the_old_file_whole(
    audit: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(audit, tmp_path, ["md"])[0]
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        write(audit, tmp_path, ["md"])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_importing_the_report_loads_nothing_heavy() -> None:
    heavy = ("pandas", "pyarrow", "scipy", "torch", "altair", "vl_convert", "jinja2", "numpy", "polars")
    code = f"import sys, evenface.report, evenface.report.terminal; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
