"""The search, with trials whose results are made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evenface.benchmark.cell import TRIAL_SEED, Cell
from evenface.benchmark.prepare import Prepared
from evenface.benchmark.protocol import methods
from evenface.benchmark.search import WINNERS, read_winners, search
from evenface.benchmark.suites import Suite
from evenface.core.errors import InputError, SettingsError

SUITE = Suite(name="made", about="Made.", groups=("gender",), emotion="sad")


class Dealt:
    """Gives results in place of training; where they end, it is stopped."""

    def __init__(self, *results: tuple[float, float] | None) -> None:
        self.results = iter(results)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def run(self, jobs: Iterator[Any]) -> Iterator[Any]:
        for (name, trial), job in jobs:
            self.asked.append((name, dict(job.args[0].chosen)))
            try:
                yield (name, trial), next(self.results)
            except StopIteration:
                raise KeyboardInterrupt from None


def found(out: Path, pool: Dealt, *names: str, trials: int = 3, sha256: str = "a") -> dict[str, dict[str, Any]]:
    prepared = Prepared(SUITE, out / "manifest.parquet", None, sha256)
    cells = [Cell(prepared, method, TRIAL_SEED, {}, {}, out) for method in methods(names)]
    return search(cells, trials, pool, out, lambda done, total, what: None)  # type: ignore[arg-type]


def test_each_method_has_as_many_trials_and_begins_with_its_default(tmp_path: Path) -> None:
    pool = Dealt((0.8, 0.1), (0.8, 0.3), (0.9, 0.1), (0.7, 0.0), (0.8, 0.2), (0.9, 0.4))
    won = found(tmp_path, pool, "erm", "focal")
    assert [name for name, _ in pool.asked] == ["erm", "focal"] * 3
    assert pool.asked[0][1] == pool.asked[1][1] == {}
    assert pool.asked[3][1].keys() == {"optimiser.rate", "mitigation.gamma"}
    assert won == {"erm": pool.asked[2][1], "focal": pool.asked[3][1]}
    assert read_winners(tmp_path / WINNERS) == won


def test_a_search_that_was_stopped_goes_on_with_other_settings(tmp_path: Path) -> None:
    first = Dealt((0.5, 0.1), (0.6, 0.1))
    with pytest.raises(KeyboardInterrupt):
        found(tmp_path, first, "erm")
    second = Dealt((0.9, 0.1))
    won = found(tmp_path, second, "erm")
    assert len(second.asked) == 1 and won["erm"] == second.asked[0][1]
    assert second.asked[0][1] not in [settings for _, settings in first.asked]


def test_settings_that_cannot_be_trained_count_as_tried(tmp_path: Path) -> None:
    pool = Dealt(None, None, None)
    assert found(tmp_path, pool, "erm") == {"erm": {}}
    assert found(tmp_path, Dealt(), "erm") == {"erm": {}}, "nothing is left to be tried"


def test_winners_of_other_methods_are_kept(tmp_path: Path) -> None:
    focal = found(tmp_path, Dealt((0.5, 0.1), (0.9, 0.1)), "focal", trials=2)
    erm = found(tmp_path, Dealt((0.5, 0.1), (0.9, 0.1)), "erm", trials=2)
    assert read_winners(tmp_path / WINNERS) == focal | erm


def test_trials_of_other_faces_are_no_part_of_a_search(tmp_path: Path) -> None:
    found(tmp_path, Dealt((0.5, 0.1)), "erm", trials=1)
    with pytest.raises(SettingsError, match=r"holds a search of made/erm that differs in faces\. Give the same"):
        found(tmp_path, Dealt((0.5, 0.1)), "erm", trials=2, sha256="b")


def test_a_file_without_winners_is_refused(tmp_path: Path) -> None:
    (tmp_path / WINNERS).write_text("methods = 3")
    with pytest.raises(InputError, match="holds no winners of a search"):
        read_winners(tmp_path / WINNERS)
