"""`evenface benchmark mitigation`; what it computes is tested in `tests/benchmark`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evenface.benchmark.run import Asked, Benchmark


def test_a_search_alone_ends_well(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(asked: Asked, tell: object) -> Benchmark:
        assert (asked.seeds, asked.search, asked.out) == (0, 2, tmp_path)
        return Benchmark(pl.DataFrame(), {}, [tmp_path / "winners.toml"])

    monkeypatch.setattr("evenface.benchmark.run.benchmark", ended)
    done = run("benchmark", "mitigation", "--search", "2", "--seeds", "0", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "The search has ended" in done.plain and "winners.toml" in done.plain.replace(" ", "")
