from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.benchmark.measure import audited, flips, validated
from evenface.benchmark.suites import Suite

SUITE = Suite(name="made", about="Made.", groups=("gender",), emotion="sad")


def answers() -> pl.DataFrame:
    """Of 40 sad women 30 are read rightly, of 40 sad men 10; all happy faces are."""
    return pl.DataFrame(
        {
            "label": ["happy"] * 160,
            "true_label": ["sad"] * 80 + ["happy"] * 80,
            "predicted": ["sad"] * 30 + ["happy"] * 10 + ["sad"] * 10 + ["happy"] * 110,
            "gender": (["f"] * 40 + ["m"] * 40) * 2,
        }
    )


def test_gaps_are_against_the_truth() -> None:
    found = audited(answers(), SUITE)
    assert found["accuracy"] == pytest.approx(120 / 160)
    assert found["worst_group"] == pytest.approx(50 / 80)
    assert found["gap"] == pytest.approx(0.5)
    assert found["recall"] == pytest.approx(0.5)
    assert found["worst_recall"] == pytest.approx(0.25)
    assert found["equalized_odds"] == pytest.approx(0.5)
    assert found["f"] == pytest.approx(0.625 / 0.875)
    assert found["gap_chance_95"] is not None and found["gap_chance_95"] < 0.5


def test_validation_is_looked_at_as_labelled_and_balanced(tmp_path: Path) -> None:
    table = answers().with_columns(label="true_label")
    table.write_parquet(tmp_path / "v.parquet")
    assert validated(tmp_path / "v.parquet", SUITE) == pytest.approx((0.75, 0.25))


def test_gaps_of_two_expressions_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    said = {"f": ["sad", "sad", "sad", "happy"], "m": ["sad", "happy", "happy", "happy"]}
    rows = [("sad" if i < 2 else "happy", s, g) for g, all_said in said.items() for i, s in enumerate(all_said)]
    pl.DataFrame(rows, schema=["label", "predicted", "gender"], orient="row").write_parquet(tmp_path / "v.parquet")
    assert validated(tmp_path / "v.parquet", SUITE) == pytest.approx((0.75, 0.5))


def test_flips_are_counted_by_family_and_change() -> None:
    table = pl.DataFrame(
        {
            "family": [0, 0, 1, 1, 2, 2, 2, 3, 3],
            "variant": ["a", "b", "a", "b", "x", "y", "z", "1", "2"],
            "changed": ["gender"] * 4 + ["age"] * 3 + ["image_seed"] * 2,
            "said": np.array([0, 1, 2, 2, 0, 0, 1, 3, 3]),
        }
    )
    assert flips(table, ("gender",)) == {"flip": 0.5, "flip_noise": 0.0}
    assert flips(table, ("gender", "age"))["flip"] == pytest.approx((0.5 + 2 / 3) / 2)
    assert flips(table, ("race",))["flip"] is None
