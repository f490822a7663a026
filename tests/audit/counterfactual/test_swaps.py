"""Coins and exchanges: against exact tests, a peer library, and their own level."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar

from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.counterfactual import counterfactual
from evenface.audit.counterfactual.swaps import Column, cochran, turn


def test_coins_are_the_exact_sign_test_of_independent_families() -> None:
    differences = np.array([1.0] * 14 + [-1.0] * 5 + [0.0] * 30)
    found = turn([Column(("a",), "f", differences)], 20_000, 0, {})
    exact = mcnemar(np.array([[0, 14], [5, 0]]), exact=True).pvalue
    assert found.p["a",] == pytest.approx(exact, abs=0.01)


def test_mcnemar_is_used_where_faces_are_independent(planted) -> None:
    found = counterfactual(planted(200, {"male": 0.2}), resamples=100)
    pair = found.pair("gender=female", "gender=male")
    b, c = pair["only_a_right"], pair["only_b_right"]
    exact = mcnemar(np.array([[0, b], [c, 0]]), exact=True).pvalue
    assert pair["accuracy"]["p"] == mcnemar_mid_p(b, c)
    # mid-p: the exact p less the probability of the table seen.
    assert pair["accuracy"]["p"] == pytest.approx(exact - stats.binom.pmf(min(b, c), b + c, 0.5))


def test_cochrans_q_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(2)
    right = rng.random((150, 4)) < np.array([0.7, 0.7, 0.75, 0.6])
    found = cochran(right, np.arange(150), 4000, 0)
    peer = cochrans_q(right.astype(int))
    assert found.q == pytest.approx(peer.statistic)
    assert found.df == peer.df == 3
    assert found.p == pytest.approx(peer.pvalue, abs=0.02)


def test_cochrans_q_is_undefined_where_all_variants_are_read_alike() -> None:
    right = np.repeat(np.array([[True], [False], [True]]), 3, axis=1)
    found = cochran(right, np.arange(3), 100, 0)
    assert np.isnan(found.q)
    assert np.isnan(found.p)


def test_p_keeps_its_level_without_a_difference() -> None:
    """Rejections at 5 %, with persons whose families move together."""
    rng = np.random.default_rng(0)
    runs, persons, each = 300, 30, 5
    person = np.repeat(np.arange(persons), each)
    small = {"coins": 0, "corrected": 0, "cochran": 0, "blind": 0}
    for run in range(runs):
        own = rng.normal(0, 1.5, (persons, 3))  # how well this person's variants are read
        right = rng.random((150, 3)) < 1 / (1 + np.exp(-own[person]))
        columns = []
        for j, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
            step = right[:, b].astype(float) - right[:, a]
            columns.append(Column((j,), "f", np.bincount(person, step, persons)))
            if j == 0:
                small["blind"] += turn([Column((0,), "f", step)], 100, run, {}).p[0,] < 0.05
        found = turn(columns, 200, run, {})
        small["coins"] += found.p[0,] < 0.05
        small["corrected"] += min(found.adjusted.values()) < 0.05
        small["cochran"] += cochran(right, person, 200, run).p < 0.05
    share = {name: count / runs for name, count in small.items()}
    for name in ("coins", "corrected", "cochran"):
        assert share[name] == pytest.approx(0.05, abs=0.035), share
    assert share["blind"] > 0.09  # persons taken apart: too often


def test_no_columns_no_p() -> None:
    assert turn([], 100, 0, {}).p == {}


def test_corrected_p_is_never_below_the_raw_one(planted) -> None:
    found = counterfactual(planted(80, {"asian": 0.2}, scores=True), resamples=200)
    for pair in found["pairs"]:
        for entry in (pair["accuracy"], pair["probability_intended"], *pair["shifts"]):
            assert entry["p_adjusted"] >= entry["p"]
