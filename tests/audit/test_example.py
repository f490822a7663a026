from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evenface.audit.example import ANGRY_MEN, CLASSES, MISSED, PLANTED, RIGHT, SHARES, SHORTFALL, planted_table
from evenface.audit.result import Audit
from evenface.audit.run import audit


@pytest.fixture(scope="module")
def large() -> pl.DataFrame:
    return planted_table(200_000, seed=1).with_columns(right=pl.col("label") == pl.col("prediction"))


@pytest.fixture(scope="module")
def audited() -> Audit:
    return audit(planted_table(), ["gender", "race", "age"], cross=1, resamples=200, permutations=1000)


def share(table: pl.DataFrame, column: str, **where: str) -> float:
    return float(table.filter(**where)[column].mean())  # type: ignore[arg-type]


def test_the_table_is_what_it_says(large: pl.DataFrame) -> None:
    for label, expected in zip(CLASSES, RIGHT, strict=True):
        common = large.filter(pl.col("gender") == "Female", ~pl.col("age").is_in(["60+"]), pl.col("race") != "Black")
        assert share(common, "right", label=label) == pytest.approx(expected, abs=0.015)
    black, others = (large.filter((pl.col("race") == "Black") == is_) for is_ in (True, False))
    assert others["right"].mean() - black["right"].mean() == pytest.approx(SHORTFALL["Black"], abs=0.01)
    old, young = (large.filter((pl.col("age") == "60+") == is_) for is_ in (True, False))
    assert young["right"].mean() - old["right"].mean() == pytest.approx(SHORTFALL["60+"], abs=0.015)
    assert black["prediction"].is_null().mean() == pytest.approx(0.01 + MISSED["Black"], abs=0.005)
    assert others["prediction"].is_null().mean() == pytest.approx(0.01, abs=0.002)
    angry = large.drop_nulls("prediction").filter(label="neutral").with_columns(angry=pl.col("prediction") == "angry")
    men, women = share(angry, "angry", gender="Male"), share(angry, "angry", gender="Female")
    assert men - (1 - ANGRY_MEN) * women == pytest.approx(ANGRY_MEN, abs=0.01)
    assert large["label"].value_counts(normalize=True).sort("label")["proportion"].to_list() == pytest.approx(
        SHARES, abs=0.01
    )


def test_the_sentence_names_every_planted_gap() -> None:
    assert all(said in PLANTED for said in ("8 points", "Black", "14 points", "60", "22 %", "angry"))


def test_probabilities_belong_to_the_answers() -> None:
    table = planted_table(2000)
    p = table.drop_nulls("prediction").select(f"p_{name}" for name in CLASSES).to_numpy()
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-4)
    assert [CLASSES[i] for i in p.argmax(1)] == table["prediction"].drop_nulls().to_list()
    assert planted_table(50, 3).equals(planted_table(50, 3)) and not planted_table(50, 3).equals(planted_table(50, 4))


def test_the_audit_finds_what_was_planted_and_no_more(audited: Audit) -> None:
    for by, worst in (("race", "race=Black"), ("age", "age=60+")):
        gap = audited.gap("accuracy", by, "difference")
        assert gap["p_adjusted"] < 0.05 and gap["worst"] == worst
        assert gap["low"] > 0
    assert audited.gap("coverage", "race", "difference")["p"] < 0.01
    assert audited.gap("coverage", "age", "difference")["p"] > 0.01
    first = min(audited.data["flows"], key=lambda flow: flow["p_adjusted"])
    assert (first["true"], first["predicted"], first["by"]) == ("neutral", "angry", "gender")
