from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface import __version__
from evenface.cli import demo


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sets small: what is tried is the route, not what it finds."""
    drawn = demo._drawn
    small = {"demo": ["count=336", "size=24"], "demo-counterfactual": ["count=63", "size=24"]}
    monkeypatch.setattr(demo, "_drawn", lambda suite, folder, errors, *_: drawn(suite, folder, errors, *small[suite]))


def test_the_demo_goes_all_the_way(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)
    done = run("demo", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "Planted" in done.plain and "changed in one thing alone" in done.plain
    for name in ("report.html", "audit.json", "report.md", "same-face/counterfactual.html", "families.parquet"):
        assert (tmp_path / name).is_file()
    table = pl.read_csv(tmp_path / "predictions.csv")
    scores = table.select(pl.col("^score_.*$")).to_numpy()
    assert np.allclose(scores.sum(1), 1)
    # It must have learnt something even from few faces: seven classes, chance is one in seven.
    assert (table["label"] == table["predicted"]).mean() > 0.4
    audited = json.loads((tmp_path / "audit.json").read_bytes())
    assert {a["provenance"] for a in audited["input"]["attributes"]} == {"generated"}
    again = run("demo", "--out", tmp_path)
    assert again.exit_code == 0 and (tmp_path / "audit.json").is_file()


def test_a_demo_that_cannot_be_written(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("demo", "--out", tmp_path / "file")
    assert done.exit_code == 2 and "is not a folder" in done.plain and "Traceback" not in done.output
    assert run("demo", "--faces", 3).exit_code == 2


def test_the_program_itself(run: Callable[..., Any]) -> None:
    assert run("--version").stdout == f"evenface {__version__}\n"
    shown = run("--help")
    assert shown.exit_code == 0 and all(name in shown.stdout for name in ("audit", "data", "demo", "generate"))
    assert run("audti").exit_code == 2
