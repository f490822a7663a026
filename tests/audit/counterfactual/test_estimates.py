"""Intervals: Wilson's and Newcombe's where families are independent, and their coverage where they are not."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from evenface.audit.compare import compare
from evenface.audit.counterfactual import counterfactual
from evenface.audit.counterfactual.estimates import difference, mean_change, means


def one(y, cluster=None, *, persons=False, level=0.95):
    y = np.asarray(y, float)[:, None]
    cluster = np.arange(len(y)) if cluster is None else np.asarray(cluster)
    return means(y, cluster, int(cluster.max()) + 1, level, persons=persons)


@pytest.mark.parametrize(("hits", "n"), [(0, 30), (1, 30), (7, 30), (30, 30), (3, 1000)])
def test_a_share_of_independent_families_has_wilsons_interval(hits: int, n: int) -> None:
    found = one([1] * hits + [0] * (n - hits))
    low, high = proportion_confint(hits, n, method="wilson")
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-9)


def test_families_that_do_not_count_are_left_out() -> None:
    found = one([1, 0, np.nan, np.nan, 1])
    assert found.value[0] == pytest.approx(2 / 3)
    assert found.families[0] == 3
    assert np.isnan(one([np.nan, np.nan]).value[0])
    assert np.isnan(one([np.nan, np.nan]).low[0])


def test_persons_seen_often_tell_no_more_than_persons() -> None:
    person = np.repeat(np.arange(20), 50)
    hits = (person % 4 == 0).astype(float)  # a person flips always or never
    alone, together = one(hits), one(hits, person, persons=True)
    low, high = proportion_confint(5, 20, method="wilson")
    assert together.high[0] - together.low[0] == pytest.approx(high - low, rel=0.15)
    assert alone.high[0] - alone.low[0] < 0.4 * (high - low)


def test_a_single_person_gives_no_interval() -> None:
    found = one([1, 0, 1], [0, 0, 0], persons=True)
    assert found.value[0] == pytest.approx(2 / 3)
    assert np.isnan(found.low[0])


def test_families_that_are_all_alike_are_not_certain() -> None:
    found = one([2 / 3] * 60)
    assert found.low[0] < 0.66 < 0.67 < found.high[0]


def test_paired_shares_agree_with_the_comparison_of_two_models(planted) -> None:
    """The same faces read under two variants, or by two models: Newcombe's method 10 and McNemar's p both times."""
    table = planted(150, {"male": 0.15}, changed={"gender": ("female", "male")}, seed=5)
    pair = counterfactual(table, resamples=100).pair("gender=female", "gender=male")["accuracy"]
    sides = []
    for level in ("female", "male"):
        rows = [i for i, v in enumerate(table["variant"]) if v == f"gender={level}"]
        kept = {key: [table[key][i] for i in rows] for key in ("label", "predicted")}
        sides.append(kept | {"id": [table["family"][i] for i in rows], "group": ["all"] * len(rows)})
    change = compare(*sides, by=["group"], metrics=["accuracy_all"], resamples=100, permutations=100)
    wanted = change["overall"]["metrics"]["accuracy_all"]
    assert pair["change"] == pytest.approx(wanted["change"])
    assert (pair["low"], pair["high"]) == pytest.approx((wanted["low"], wanted["high"]), abs=2e-3)
    assert pair["p"] == pytest.approx(wanted["p"])


def test_intervals_of_flips_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(40), 5)
    kept = {"independent": 0, "persons": 0, "naive": 0, "difference": 0}
    runs = 600
    for _ in range(runs):
        y = (rng.random(200) < 0.1).astype(float)
        found = one(y)
        kept["independent"] += found.low[0] <= 0.1 <= found.high[0]
        rate = rng.beta(1, 9, 40)  # persons differ in how often they flip
        z = (rng.random(200) < rate[person]).astype(float)
        together, alone = one(z, person, persons=True), one(z)
        kept["persons"] += together.low[0] <= 0.1 <= together.high[0]
        kept["naive"] += alone.low[0] <= 0.1 <= alone.high[0]
        base = rng.random(200) < 0.8
        x = [np.where(rng.random(200) < r, ~base, base).astype(float) for r in (0.05, 0.15)]
        change = difference(*(one(side) for side in x))
        kept["difference"] += change.low[0] <= -0.06 <= change.high[0]
    share = {name: count / runs for name, count in kept.items()}
    assert share["independent"] == pytest.approx(0.95, abs=0.03)
    assert share["persons"] == pytest.approx(0.95, abs=0.03)
    assert share["naive"] < 0.92
    assert share["difference"] == pytest.approx(0.95, abs=0.03)


def test_mean_change_is_students_interval() -> None:
    from scipy import stats

    y = np.random.default_rng(1).normal(0.1, 0.2, 40)
    found = mean_change(y[:, None], np.arange(40), 40, 0.95, persons=False)
    half = stats.t.ppf(0.975, 39) * y.std(ddof=0) / np.sqrt(40)
    assert found.value[0] - found.low[0] == pytest.approx(half, rel=1e-4)
    same = mean_change(np.zeros((9, 1)), np.arange(9), 9, 0.95, persons=False)
    assert same.value[0] == 0
    assert np.isnan(same.low[0])
