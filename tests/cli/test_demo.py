from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from evenface import __version__


def test_the_demo_says_what_it_planted_and_finds_it(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path, "--faces", 4000)
    assert done.exit_code == 0 and not done.stderr
    assert "Planted:" in done.plain and f"Open {tmp_path}" in done.plain.replace("Open /", "Open /")
    names = {"audit.json", "predictions.csv", "report.html", "report.md"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert pl.read_csv(tmp_path / "predictions.csv").height == 4000
    found = json.loads((tmp_path / "audit.json").read_bytes())
    assert "scores_not_finite" not in {warning["code"] for warning in found["warnings"]}


def test_a_demo_that_cannot_be_written(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("demo", "--out", tmp_path / "file")
    assert done.exit_code == 2 and "is not a folder" in done.plain and "Traceback" not in done.output
    (tmp_path / "o" / "predictions.csv").mkdir(parents=True)
    done = run("demo", "--out", tmp_path / "o")
    assert done.exit_code == 2 and "Cannot write" in done.plain
    assert run("demo", "--faces", 3).exit_code == 2


def test_the_program_itself(run: Callable[..., Any]) -> None:
    assert run("--version").stdout == f"evenface {__version__}\n"
    shown = run("--help")
    assert shown.exit_code == 0 and all(name in shown.stdout for name in ("audit", "data", "demo"))
    assert run("audti").exit_code == 2
