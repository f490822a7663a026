import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, hypergeom, random_table
from statsmodels.stats.proportion import proportion_confint

from evenface.audit.dataset.metrics import DATA_METRICS
from evenface.audit.dataset.uncertainty import (
    SMALLEST_P,
    cell_p,
    chance,
    interval,
    max_adjusted,
    ratio_interval,
    resample,
    shuffled_rows,
    wilson,
)

TABLE = np.array([[30, 10, 5], [12, 25, 8], [3, 4, 11]])


def shuffled(counts: np.ndarray, draws: int, seed: int = 0) -> np.ndarray:
    return np.stack(list(shuffled_rows(counts, draws, np.random.default_rng(seed))), axis=1)


def test_resamples_have_the_size_and_the_mean_of_the_observed() -> None:
    drawn = resample(TABLE, 4000, np.random.default_rng(0))
    assert (drawn.sum(axis=(1, 2)) == TABLE.sum()).all()
    assert drawn.mean(axis=0) == pytest.approx(TABLE, abs=0.5)


def test_chance_tables_keep_both_margins() -> None:
    drawn = shuffled(TABLE, 200)
    assert (drawn.sum(axis=1) == TABLE.sum(axis=0)).all() and (drawn.sum(axis=2) == TABLE.sum(axis=1)).all()
    assert (drawn >= 0).all()


def test_chance_tables_have_the_law_of_permuted_labels() -> None:
    """Each table as often as scipy's law of tables with fixed margins says."""
    small = np.array([[2, 1], [1, 2], [1, 0]])
    tables, seen = np.unique(shuffled(small, 20_000).reshape(-1, 6), axis=0, return_counts=True)
    law = random_table(small.sum(axis=1), small.sum(axis=0))
    expected = np.array([law.pmf(table.reshape(3, 2)) for table in tables])
    assert expected.sum() == pytest.approx(1)
    assert chi2_contingency([seen, expected * 20_000])[1] > 1e-4


def test_empty_rows_and_columns_are_no_trouble() -> None:
    drawn = shuffled(np.array([[0, 0, 0], [4, 0, 3], [2, 0, 1]]), 50)
    assert not drawn[:, 0].any() and not drawn[:, :, 1].any()


@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(
        lambda c: min(c[0] + c[1], c[2] + c[3], c[0] + c[2], c[1] + c[3]) > 0
    )
)
@settings(max_examples=60)
def test_cell_p_is_fishers(counts: list[int]) -> None:
    a, b, c, d = counts
    expected = fisher_exact([[a, b], [c, d]])[1]
    assert cell_p(a, a + b, a + c, a + b + c + d) == pytest.approx(expected, rel=1e-6)


def test_cell_p_of_large_tables_is_right_and_bounded() -> None:
    total, row, column = 10**8, 3 * 10**7, 10**7
    spread = hypergeom(total, row, column).std()
    assert cell_p(round(3e6 + 1.96 * spread), row, column, total) == pytest.approx(0.05, rel=0.01)
    assert cell_p(column, row, column, total) == SMALLEST_P
    assert np.isnan(cell_p(5, 10, 10, 10))


def test_max_adjusted_counts_draws_at_least_as_large() -> None:
    largest = np.array([1.0, 2.0, 3.0, 4.0])
    assert max_adjusted(np.array([3.0, 9.0, 0.5, np.nan]), largest) == pytest.approx(
        [3 / 5, 1 / 5, 1, np.nan], nan_ok=True
    )
    assert np.isnan(max_adjusted(np.array([3.0]), np.array([]))).all()


def test_wilson_agrees_with_statsmodels() -> None:
    counts = np.array([0, 3, 40, 57])
    low, high = wilson(counts)
    peer = proportion_confint(counts, 100, method="wilson")
    assert low == pytest.approx(peer[0], abs=1e-12) and high == pytest.approx(peer[1], abs=1e-12)
    wider_low, wider_high = wilson(counts, simultaneous=True)
    assert (wider_low <= low).all() and (wider_high >= high).all()


def test_chance_reads_the_end_that_speaks_of_bias() -> None:
    draws = np.arange(1, 100) / 100
    assert chance(0.97, draws, bias="high") == pytest.approx((0.5, 0.941, 4 / 100))
    assert chance(0.97, draws, bias="low") == pytest.approx((0.5, 0.059, 98 / 100))
    assert np.isnan(chance(float("nan"), draws, bias="high")).all()
    assert np.isnan(chance(0.4, np.array([]), bias="high")).all()


def test_ratio_interval_holds_and_copes_with_zeros() -> None:
    rng = np.random.default_rng(0)
    hits, rest = rng.binomial(400, 0.1, 400), rng.binomial(900, 0.05, 400)
    limits = [ratio_interval(int(a), 400, int(b), 900) for a, b in zip(hits, rest, strict=True)]
    assert 0.92 < np.mean([low <= 2 <= high for low, high in limits]) <= 0.99
    assert ratio_interval(0, 50, 10, 50)[0] == 0 and ratio_interval(10, 50, 0, 50)[1] == float("inf")
    assert np.isnan(ratio_interval(0, 0, 1, 5)).all()


@pytest.mark.parametrize(
    ("name", "shares", "n", "least"),
    [
        ("effective_number", [0.7, 0.2, 0.1], 800, 0.90),
        ("shannon_evenness", [1 / 3, 1 / 3, 1 / 3], 800, 0.95),
        ("imbalance_ratio", [1 / 3, 1 / 3, 1 / 3], 800, 0.95),
        ("smallest_share", [0.95, 0.03, 0.02], 400, 0.95),
        ("similarity_to_balance", [1 / 3, 1 / 3, 1 / 3], 800, 0.94),
        ("cramers_v", [[0.1, 0.3], [0.2, 0.4]], 800, 0.90),
        ("cramers_v", [[0.06, 0.24], [0.14, 0.56]], 800, 0.95),
        ("mutual_information", [[0.1, 0.3], [0.3, 0.3]], 800, 0.90),
        ("similarity_of_labels", [[0.06, 0.24], [0.14, 0.56]], 800, 0.94),
    ],
)
def test_intervals_hold_the_truth(name: str, shares: list[float], n: int, least: float) -> None:
    """200 samples; the standard error of a coverage of 95 % is 1.5 points."""
    metric, rng, p = DATA_METRICS.get(name), np.random.default_rng(7), np.array(shares)
    truth = float(metric(p * 1e9))
    held = []
    for sample in rng.multinomial(n, p.ravel(), size=200).reshape(-1, *p.shape):
        low, high, _ = interval(metric, (sample,), (resample(sample, 200, rng),))
        held.append(low - 1e-9 <= truth <= high + 1e-9)
    assert np.mean(held) >= least


def test_interval_of_a_weak_link_does_not_collapse() -> None:
    """Less than chance gives: the interval still reaches well above zero."""
    sample = np.array([[50, 50, 50], [50, 51, 50]])
    low, high, _ = interval(
        DATA_METRICS.get("cramers_v"), (sample,), (resample(sample, 500, np.random.default_rng(0)),)
    )
    assert low == 0 and 0.03 < high < 0.2


def test_no_resamples_no_interval() -> None:
    nothing = np.zeros((0, *TABLE.shape), dtype=np.int64)
    assert np.isnan(interval(DATA_METRICS.get("cramers_v"), (TABLE,), (nothing,))).all()
