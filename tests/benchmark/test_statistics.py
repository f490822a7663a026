from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from evenface.benchmark.statistics import below_zero, front, interval, ranks, summarise


def test_an_interval_is_that_of_the_t_test() -> None:
    values = np.array([0.81, 0.79, 0.84, 0.8, np.nan])
    found = stats.ttest_1samp(values[:4], 0).confidence_interval(0.95)
    assert interval(values)[1:] == pytest.approx((found.low, found.high))
    assert all(math.isnan(x) for x in interval(np.array([np.nan])))
    assert math.isnan(interval(np.array([0.5]))[1])


def test_a_change_that_was_picked_is_judged_by_the_corrected_t_test() -> None:
    values = np.array([-0.1, -0.06, -0.14, -0.09])
    mean, low, high = interval(values)
    p = stats.ttest_1samp(values, 0).pvalue
    told = {"mean": mean, "low": low, "high": high, "n": 4}
    most = int(0.05 / p)
    assert below_zero(told, 1)
    assert below_zero(told, most)
    assert not below_zero(told, most + 1)
    assert not below_zero(told | {"low": None, "high": None, "n": 1}, 1)


def rows(values: dict[str, list[float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"suite": "a", "rule": "r", "method": method, "seed": seed, "gap": value}
            for method, column in values.items()
            for seed, value in enumerate(column)
        ]
    )


def test_changes_are_paired_by_seed() -> None:
    found = {each["method"]: each["gap"] for each in summarise(rows({"erm": [0.3, 0.5], "x": [0.2, 0.4]}), ["gap"])}
    assert found["erm"]["change"] is None
    assert found["x"]["mean"] == pytest.approx(0.3)
    assert (found["x"]["change"]["low"], found["x"]["change"]["high"]) == pytest.approx((-0.1, -0.1))


def test_ranks_are_those_of_scipy_and_leave_out_what_is_undefined() -> None:
    table = {"x": [0.1, 0.2, 0.1], "y": [0.3, 0.1, 0.4], "z": [0.5, 0.6, 0.7], "gone": [0.1, None, 0.1]}
    found = ranks(rows(table), "gap", False, ("seed",))
    assert found is not None
    assert found.methods == ("x", "y", "z") and found.mean == pytest.approx((4 / 3, 5 / 3, 3))
    assert found.p == pytest.approx(stats.friedmanchisquare(*(table[name] for name in "xyz")).pvalue)
    assert found.critical == pytest.approx(2.343 * math.sqrt(12 / 18), abs=2e-3)  # Demsar's table 5
    assert ranks(rows({"x": [0.1, 0.2]}), "gap", False, ("seed",)) is None
    same = ranks(rows({name: [0.5, 0.5] for name in "xyz"}), "gap", False, ("seed",))
    assert same is not None and math.isnan(same.p)


def test_front_by_hand() -> None:
    assert front({"a": (0.9, 0.1), "b": (0.9, 0.2), "c": (0.95, 0.3)}) == ["a", "c"]
