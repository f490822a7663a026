from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from evenface.benchmark.run import Asked, benchmark
from evenface.core.errors import SettingsError, UnknownNameError

SMALL = {
    "epochs": 1,
    "batch": 8,
    "net.widths": (8, 8),
    "net.blocks": (1, 1),
    "device.precision": "fp32",
    "device.accelerator": "cpu",
}


@pytest.fixture(scope="module")
def asked(faces: Path, suite: str, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    out = tmp_path_factory.mktemp("out")
    return Asked(out, (suite,), ("erm", "group_dro"), 1, faces, workers=1, changes=SMALL)


def test_it_measures_writes_and_goes_on_where_it_stopped(asked: Asked) -> None:
    told: list[str] = []
    found = benchmark(asked, lambda done, total, what: told.append(f"{what} {done}/{total}"))
    assert told == ["cells 1/2", "cells 2/2"]
    assert found.rows.select("method", "rule").rows() == [
        ("erm", "mean_validation"),
        ("erm", "worst_group_validation"),
        ("group_dro", "mean_validation"),
        ("group_dro", "worst_group_validation"),
    ]
    row = found.rows.row(0, named=True)
    assert 0 <= row["accuracy"] <= 1 and 0 <= row["gap"] <= 1 and row["leak_linear"] > row["leak_linear_chance_95"]
    assert row["reconstruction"] is None and row["flip"] is None and row["peak_mb"] > 50
    data = json.loads((asked.out / "results.json").read_text())
    assert data["cells"] == {"asked": 2, "ended": 2} and data["summary"][0]["gap"]["n"] == 1
    assert pl.read_parquet(asked.out / "results.parquet").equals(found.rows)
    assert "made: plain training reaches an accuracy of" in (asked.out / "report.html").read_text()
    assert "pictures/pareto-made-mean_validation.svg" in (asked.out / "report.md").read_text()

    (asked.out / "cells" / "made" / "erm-seed0.json").unlink()
    told.clear()
    again = benchmark(asked, lambda done, total, what: told.append(f"{what} {done}/{total}"))
    assert told == ["cells 2/2"]
    same = [name for name in found.rows.columns if name not in ("minutes", "peak_mb")]
    assert again.rows.select(same).equals(found.rows.select(same))


def test_a_search_alone_prepares_its_suite_and_tells_where_the_winners_lie(
    asked: Asked, suite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evenface.benchmark.run.search", lambda cells, *given: {})
    alone = replace(asked, out=tmp_path, suites=("stereotypical-90",), seeds=0, search=1, search_suite=suite)
    found = benchmark(alone)
    assert list(found.written) == [tmp_path / "winners.toml"] and not found.data and found.rows.is_empty()
    assert not (tmp_path / "faces" / "stereotypical-90").exists()
    with pytest.raises(SettingsError, match="seeds must be 1 or more"):
        benchmark(replace(alone, search=0))


def test_what_cannot_be_is_told_before_anything_is_made(asked: Asked, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'erm'"):
        benchmark(replace(asked, methods=("erms",), out=tmp_path))
    with pytest.raises(SettingsError, match="give its manifest with --manifest"):
        benchmark(replace(asked, manifest=None, out=tmp_path))
    with pytest.raises(SettingsError, match="no suite and no file 'stereo'"):
        benchmark(replace(asked, suites=("stereo",), out=tmp_path))
