"""Confusion flows against Fisher's test, hypergeometric moments and shuffled rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evenface.audit.cells import count_cells, make_groups
from evenface.audit.draws import Bootstrap
from evenface.audit.flows import LEAST_EXPECTED, examine, fisher, largest, standardise
from evenface.audit.run import audit

Z = stats.norm.ppf(0.975)


@pytest.mark.parametrize(
    ("count", "size", "flow", "total"),
    [(6, 99, 150, 10_000), (0, 20, 30, 60), (20, 20, 30, 60), (3, 8, 9, 30), (70, 100, 900, 1500)],
)
def test_fisher_as_twice_the_smaller_hypergeometric_tail(count: int, size: int, flow: int, total: int) -> None:
    law = stats.hypergeom(total, flow, size)
    wanted = min(1.0, 2 * min(law.cdf(count), law.sf(count - 1)))
    assert fisher(count, size, flow, total) == pytest.approx(wanted, rel=1e-8)


def test_standardised_flows_have_hypergeometric_moments() -> None:
    counts = np.array([[[20, 5, 1], [3, 30, 0]], [[40, 1, 4], [9, 25, 2]], [[0, 0, 0], [1, 2, 0]]])
    statistic, tested = standardise(counts)
    for g, t, a in np.ndindex(*counts.shape):
        total, flow, size = counts[:, t].sum(), counts[:, t, a].sum(), counts[g, t].sum()
        k = np.arange(size + 1)
        chance = stats.hypergeom(total, flow, size).pmf(k)
        mean = (k * chance).sum()
        wanted = (counts[g, t, a] - mean) / np.sqrt(((k - mean) ** 2 * chance).sum() + 0.5)
        assert statistic[g, t, a] == pytest.approx(wanted, abs=1e-9)
        assert tested[g, t, a] == (t != a and mean >= LEAST_EXPECTED - 1e-9)
    assert largest(counts) == pytest.approx(np.abs(statistic[tested]).max())
    assert (largest(np.stack([counts, counts])) == largest(counts)).all()


def test_a_group_alone_with_a_label_is_not_tested() -> None:
    counts = np.array([[[5, 15, 0], [5, 5, 0]], [[0, 0, 0], [5, 5, 0]]])
    assert not standardise(counts)[1][:, 0].any()


def planted(seed: int, n: int = 600) -> dict[str, Any]:
    """Group b has its angry faces read as neutral three times as often; all else is alike."""
    rng = np.random.default_rng(seed)
    group, true = rng.choice(["a", "b", "c"], n), rng.integers(0, 3, n)
    wrong = rng.random(n) < np.where((group == "b") & (true == 0), 0.45, 0.15)
    answer = np.where(wrong, np.where(true == 0, 2, (true + 1) % 3), true)
    return {"true": true, "answer": answer, "attributes": {"g": group}}


def tally(group: np.ndarray, true: np.ndarray, answer: np.ndarray) -> np.ndarray:
    counts = np.zeros((3, 3, 4), int)
    np.add.at(counts, (group, true, answer), 1)
    return counts


def test_the_planted_flow_comes_first_and_its_p_is_that_of_shuffled_rows(table: Callable[..., Any]) -> None:
    made = planted(1)
    found = audit(table(**made), metrics=["accuracy"], resamples=100, permutations=999)
    first, *_, last = found.data["flows"]
    assert (first["group"], first["true"], first["predicted"]) == ("g=b", "angry", "neutral")
    assert first["low"] > 1
    assert first["p_adjusted"] < 0.01
    assert first["words"].startswith("angry read as neutral: ")
    # The largest of all standardised flows, when groups are shuffled within the labelled class, by row.
    rng = np.random.default_rng(0)
    true, answer = made["true"], made["answer"]
    group = np.searchsorted(["a", "b", "c"], made["attributes"]["g"])
    top = []
    for _ in range(1500):
        dealt = group.copy()
        for t in range(3):
            mine = np.flatnonzero(true == t)
            dealt[mine] = group[rng.permutation(mine)]
        top.append(float(largest(tally(dealt, true, answer))))
    answers = ["angry", "happy", "neutral", "no answer"]
    place = ("abc".index(last["group"][-1]), answers.index(last["true"]), answers.index(last["predicted"]))
    counts = tally(group, true, answer)
    strength = abs(standardise(counts)[0][place])
    p = (np.array(top) >= strength - 1e-9).mean()
    assert last["p_adjusted"] == pytest.approx(p, abs=4.5 * np.sqrt(p * (1 - p) / 600) + 2e-3)


def test_flows_are_told_strongest_first(table: Callable[..., Any]) -> None:
    found = audit(table(**planted(2)), metrics=["accuracy"], resamples=100, permutations=199).data["flows"]
    adjusted = [f["p_adjusted"] for f in found]
    assert adjusted == sorted(adjusted)
    assert all(f["p"] <= f["p_adjusted"] + 0.05 for f in found)
    assert all(f["low"] <= f["high"] for f in found)


def test_of_two_groups_each_flow_is_told_once(table: Callable[..., Any]) -> None:
    made = planted(3)
    made["attributes"] = {"g": np.where(np.array(made["attributes"]["g"]) == "b", "b", "rest")}
    found = audit(table(**made), metrics=["accuracy"], resamples=100, permutations=199).data["flows"]
    assert len({(f["true"], f["predicted"]) for f in found}) == len(found)
    assert all(f["ratio"] is None or f["ratio"] > 1 for f in found)


def test_flows_are_corrected_over_all_groupings(table: Callable[..., Any]) -> None:
    """With four more attributes that mean nothing, some flow is called notable hardly more often than with one."""
    low = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true = rng.integers(0, 3, 300)
        answer = np.where(rng.random(300) < 0.3, rng.integers(0, 3, 300), true)
        attributes = {name: rng.choice(["a", "b", "c"], 300) for name in "vwxyz"}
        found = audit(table(true, answer, attributes), metrics=["accuracy"], cross=1, resamples=100, permutations=199)
        low.append(min(f["p_adjusted"] for f in found.data["flows"]) < 0.05)
    assert np.mean(low) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def clustered(seed: int) -> dict[str, Any]:
    """Two groups of 20 persons with 20 faces; some persons are read badly, whatever their group."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(40), 20)
    true = rng.integers(0, 3, 800)
    wrong = rng.random(800) < np.where(rng.random(40) < 0.3, 0.8, 0.05)[person]
    answer = np.where(wrong, (true + 1) % 3, true)
    return {"true": true, "answer": answer, "attributes": {"g": np.where(person % 2, "a", "b")}, "subject": person}


def test_persons_are_the_units_of_flows(table: Callable[..., Any]) -> None:
    """Without that, more than half of these tables would show a difference that is none."""
    p, adjusted, held = [], [], []
    for seed in range(50):
        found = audit(table(**clustered(seed)), metrics=["accuracy"], seed=seed, resamples=100, permutations=199)
        first = found.data["flows"]
        p += [f["p"] for f in first]
        adjusted.append(min(f["p_adjusted"] for f in first))
        held += [f["low"] <= 1 <= f["high"] for f in first]
    assert np.mean(np.array(p) < 0.05) < 0.13  # of two groups the flow that is too frequent is told: one side of two
    assert np.mean(np.array(adjusted) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 50)
    assert np.mean(held) > 0.87


def test_the_interval_of_persons_as_their_bootstrap(table: Callable[..., Any]) -> None:
    cells = count_cells(table(**clustered(0)))
    groups = make_groups(cells, 1)
    flow = examine(cells.counts, (0, 0, 1), Z, groups.member[:2], cells.units)
    drawn = Bootstrap(cells).draw(np.random.default_rng(0), 2000).reshape(2000, *cells.counts.shape)
    rate = (drawn[:, :, 0, 1] + 0.5) / (drawn[:, :, 0].sum(-1) + 0.5)
    spread = np.log(rate[:, 0] / rate[:, 1]).std()
    critical = stats.t.ppf(stats.norm.cdf(Z), 19)  # 20 persons in either group
    assert np.log(flow.high / flow.low) / 2 / critical == pytest.approx(spread, rel=0.15)
    ratio = np.sqrt(flow.high * flow.low)
    error = np.log(flow.high / ratio) / critical
    assert flow.p == pytest.approx(2 * stats.t.sf(abs(np.log(ratio)) / error, 19), rel=0.01)


def test_the_interval_of_faces_is_that_of_a_log_ratio() -> None:
    counts = np.array([[[30, 10, 0], [0, 20, 0]], [[70, 5, 0], [0, 20, 0]]])
    flow = examine(counts, (0, 0, 1), Z, np.eye(2, dtype=bool), None)
    ratio = (10.5 / 40.5) / (5.5 / 75.5)
    error = np.sqrt(1 / 10.5 - 1 / 40.5 + 1 / 5.5 - 1 / 75.5)
    assert (flow.low, flow.high) == pytest.approx((ratio * np.exp(-Z * error), ratio * np.exp(Z * error)))
    assert (flow.count, flow.size, flow.rest_count, flow.rest_size) == (10, 40, 5, 75)


def test_a_flow_that_nobody_makes_is_as_uncertain_among_persons_as_among_faces(table: Callable[..., Any]) -> None:
    """3 of 50 against 0 of 60 faces, each of another person: persons who never differ do not prove a rate of 0."""
    answer = np.repeat([1, 0, 0], [3, 47, 60])
    made = table(0 * answer, answer, {"g": np.repeat(["a", "b"], [50, 60])}, subject=range(110))
    cells = count_cells(made)
    groups = make_groups(cells, 1)
    found = [examine(cells.counts, (0, 0, 1), Z, groups.member[:2], units) for units in (None, cells.units)]
    ratio = (3.5 / 50.5) / (0.5 / 60.5)
    error = np.sqrt(1 / 3.5 - 1 / 50.5 + 1 / 0.5 - 1 / 60.5)
    critical = stats.t.ppf(stats.norm.cdf(Z), 49)
    assert found[1].low <= ratio * np.exp(-critical * error * 0.999) < 1
    assert found[1].p == pytest.approx(2 * stats.t.sf(np.log(ratio) / error, 49), rel=0.02)
    assert found[1].p > 0.1
    assert found[0].p == pytest.approx(0.18, abs=0.01)
