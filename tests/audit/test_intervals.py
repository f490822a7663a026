"""Intervals against closed forms, analytic derivatives, peers and a small simulation of coverage."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

from evenface.audit import METRICS
from evenface.audit.cells import Cells, count_cells, make_groups
from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.draws import Bootstrap
from evenface.audit.evaluate import Column, columns, evaluate
from evenface.audit.flows import fisher
from evenface.audit.intervals import (
    Precision,
    critical,
    influence,
    interval,
    precision,
    shrink,
    smooth,
    student,
    student_p,
    wilson,
)
from evenface.audit.ranking import difference, p_of_intervals
from evenface.audit.run import audit
from evenface.audit.sums import CountSums

Z = stats.norm.ppf(0.975)
CLASSES = ("happy", "sad", "fear")
EVERY = np.ones(3, bool)


def named(*names: str) -> tuple[Any, tuple[Column, ...]]:
    metrics = tuple(METRICS.get(name) for name in names)
    return metrics, columns(metrics, CLASSES)


def some_counts(seed: int = 0, groups: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return with_all(rng.poisson(4 + 25 * np.eye(3, 4), (groups - 1, 3, 4)))


def with_all(counts: np.ndarray) -> np.ndarray:
    """Groups, and all faces as the last one."""
    return np.concatenate([counts, counts.sum(0, keepdims=True)])


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_as_statsmodels(level: float) -> None:
    n = np.array([1, 3, 10, 200, 10**6])
    hits = np.stack([0 * n, n // 3, n])
    low, high = wilson(hits / n, n.astype(float), stats.norm.ppf((1 + level) / 2))
    wanted = proportion_confint(hits.ravel(), np.tile(n, 3), alpha=1 - level, method="wilson")
    np.testing.assert_allclose(np.stack([low.ravel(), high.ravel()]), np.clip(wanted, 0, 1), atol=1e-12)


def test_critical_values_as_student() -> None:
    df = np.array([1.0, 2, 3, 4, 5, 8, 15, 40, 300, np.inf])
    for level, near in ((0.8, 0.01), (0.95, 0.03), (0.99, 0.12), (0.95 ** (1 / 3), 0.06)):
        got = critical(np.full(df.shape, level), df)
        wanted = stats.t.ppf((1 + level) / 2, df)
        np.testing.assert_allclose(got[df != 3], wanted[df != 3], rtol=near)
        np.testing.assert_allclose(got[df >= 8], wanted[df >= 8], rtol=1e-2)
        np.testing.assert_allclose(got[[0, 1, -1]], wanted[[0, 1, -1]], rtol=1e-9)


def test_proportions_are_known_as_well_as_their_faces_are_many() -> None:
    counts = some_counts()
    metrics, cols = named("accuracy", "accuracy_all", "coverage", "tpr", "precision", "fpr", "selection_rate")
    known = precision(metrics, cols, counts, EVERY, None, None)
    sums = CountSums(counts)
    answered = sums.answered[:, None]
    wanted = [answered, sums.rows[:, None], sums.rows[:, None], sums.true]
    at = {c.name: j for j, c in enumerate(cols)}
    np.testing.assert_allclose(known.n[:, : at["precision[happy]"]], np.concatenate(wanted, 1), rtol=5e-3)
    # Smoothing keeps the size of each true class, not how many of them are answered, and how, so these are near only.
    read, rest = known.n[:, at["precision[happy]"] : at["fpr[happy]"]], known.n[:, at["fpr[happy]"] :]
    np.testing.assert_allclose(read, sums.predicted, rtol=0.2)
    np.testing.assert_allclose(rest, np.concatenate([answered - sums.true, answered * np.ones(3)], 1), rtol=0.02)
    assert np.isinf(known.df).all()
    np.testing.assert_allclose(known.bias[:, : at["precision[happy]"]], 0, atol=1e-4)


def test_accuracy_gets_the_interval_of_a_proportion(table: Callable[..., Any], faces: Callable[..., Any]) -> None:
    found = audit(table(**faces(0, silent=0.0) | {"p": None}), metrics=["accuracy"], resamples=100, permutations=100)
    for group in found.data["groups"]:
        hits, n = np.trace(np.array(group["confusion"])), group["answered"]
        entry = group["metrics"]["accuracy"]
        wanted = proportion_confint(hits, n, alpha=0.05, method="wilson")
        np.testing.assert_allclose((entry["low"], entry["high"]), wanted, rtol=1e-5)
        groups = sum(g["by"] == group["by"] for g in found.data["groups"])
        wide = proportion_confint(hits, n, alpha=1 - 0.95 ** (1 / groups), method="wilson")
        np.testing.assert_allclose((entry["low_simultaneous"], entry["high_simultaneous"]), wide, rtol=1e-5)


def test_influence_is_the_derivative() -> None:
    counts = some_counts(1, groups=2).astype(float)
    metrics, cols = named("accuracy", "tpr", "balanced_accuracy", "macro_f1", "coverage")
    value, slope, bend = influence(metrics, counts, EVERY)
    at = {c.name: j for j, c in enumerate(cols)}
    hit, answered = np.eye(3, 4).ravel(), np.tile([1, 1, 1, 0], 3)
    for g, own in enumerate(counts):
        n, rows, true, read = own[:, :3].sum(), own.sum(), own[:, :3].sum(1), own[:, :3].sum(0)
        accuracy = np.trace(own) / n
        wanted = {"accuracy": answered * (hit - accuracy) / n, "coverage": (answered - n / rows) / rows}
        wanted["balanced_accuracy"] = wanted["macro_f1"] = np.zeros(12)
        for c, name in enumerate(CLASSES):
            labelled = answered * np.repeat(np.arange(3) == c, 4)
            read_so = np.tile([k == c for k in range(4)], 3)
            recall, f1 = own[c, c] / true[c], 2 * own[c, c] / (true[c] + read[c])
            wanted[f"tpr[{name}]"] = labelled * (hit - recall) / true[c]
            wanted["balanced_accuracy"] = wanted["balanced_accuracy"] + wanted[f"tpr[{name}]"] / 3
            both = 2 * hit * labelled - f1 * (labelled + read_so)
            wanted["macro_f1"] = wanted["macro_f1"] + both / (true[c] + read[c]) / 3
        for name, derivative in wanted.items():
            largest = np.abs(derivative).max()
            np.testing.assert_allclose(slope[:, g, at[name]], derivative, atol=2e-4 * largest, err_msg=name)
        curve = answered * (2 * accuracy - 2 * hit) / n**2
        np.testing.assert_allclose(bend[:, g, at["accuracy"]], curve, atol=2e-3 * np.abs(curve).max())
    np.testing.assert_allclose(value, evaluate(metrics, CountSums(counts), (2,), 3))


@pytest.mark.parametrize(("faces_of_group", "labelled"), [(10**4, 100), (10**5, 100), (10**6, 500)])
def test_a_rare_class_of_a_large_group_is_known_by_its_own_faces(faces_of_group: int, labelled: int) -> None:
    rare = [labelled // 5, labelled // 10, labelled - labelled // 5 - labelled // 10, 0]
    counts = np.array([[[faces_of_group // 2, 500, 0, 0], [700, faces_of_group // 2, 0, 0], rare]] * 2)
    metrics, cols = named("tpr", "balanced_accuracy")
    known = precision(metrics, cols, counts, EVERY, None, None)
    np.testing.assert_allclose(known.n[:, 2], labelled, rtol=1e-4)
    value = evaluate(metrics, CountSums(counts), (2,), 3)
    error = np.sqrt(value * (1 - value) / known.n)
    np.testing.assert_allclose(error[:, 3], np.sqrt((error[:, :3] ** 2).sum(1)) / 3, rtol=1e-4)


def test_smoothing_keeps_the_size_of_every_class() -> None:
    counts = some_counts(2)
    counts[1, 2] = 0
    counts = with_all(counts[:-1])
    smoothed = smooth(counts)
    np.testing.assert_allclose(smoothed.sum(-1), counts.sum(-1))
    pattern = counts[-1] / counts[-1].sum(-1, keepdims=True)
    own = counts[0, 1] / counts[0, 1].sum()
    weight = counts[0, 1].sum() / (counts[0, 1].sum() + 2)
    np.testing.assert_allclose(smoothed[0, 1] / counts[0, 1].sum(), weight * own + (1 - weight) * pattern[1])


@pytest.mark.parametrize("seed", range(4))
def test_shrinking_solves_paule_and_mandel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.01, 0.1, 6)
    value = 0.6 + [0.0, 0.01, 0.1, 0.3][seed] * rng.normal(size=6) + error * rng.normal(size=6)
    value[4] = np.nan
    got, deviation = shrink(value[:, None], (value - Z * error)[:, None], (value + Z * error)[:, None], Z)
    v, e = value[np.isfinite(value)], error[np.isfinite(value)] ** 2

    def mean(tau2: float) -> float:
        return float((v / (tau2 + e)).sum() / (1 / (tau2 + e)).sum())

    def excess(tau2: float) -> float:
        return float(((v - mean(tau2)) ** 2 / (tau2 + e)).sum() - (len(v) - 1))

    tau2 = optimize.brentq(excess, 0, 10) if excess(0) > 0 else 0.0
    keep = tau2 / (tau2 + e)
    known = np.isfinite(value)
    np.testing.assert_allclose(got[known, 0], mean(tau2) + keep * (v - mean(tau2)), rtol=1e-6)
    wanted = np.sqrt(keep * e + (1 - keep) ** 2 / (1 / (tau2 + e)).sum())
    np.testing.assert_allclose(deviation[known, 0], wanted, rtol=1e-6)
    assert np.isnan(got[4, 0])
    assert np.isnan(deviation[4, 0])


def test_shrinking_moves_small_groups_most_and_never_past_the_mean() -> None:
    value = np.array([[0.5], [0.5], [0.8], [0.7]])
    half = Z * np.array([[0.01], [0.2], [0.02], [0.03]])
    got, _ = shrink(value, value - half, value + half, Z)
    assert abs(got[1] - 0.5) > 10 * abs(got[0] - 0.5)
    assert value.min() <= got.min() <= got.max() <= value.max()


def test_an_unbounded_metric_gets_an_interval_of_its_logarithm() -> None:
    _, cols = named("log_loss")
    known = Precision(np.array([[400.0]]), np.array([[np.inf]]), np.zeros((1, 1)))
    low, high = interval(np.array([[0.8]]), known, cols, 0.95)
    factor = np.exp(Z / 20 / 0.8)
    np.testing.assert_allclose((low[0, 0], high[0, 0]), (0.8 / factor, 0.8 * factor))


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_rate_of_0_or_1_everywhere_still_has_an_interval(right: float, table: Callable[..., Any]) -> None:
    true = np.tile([0, 1, 2], 20)
    answer = true if right else (true + 1) % 3
    found = audit(table(true, answer, {"g": list("ab") * 30}, classes=3), resamples=100, permutations=100)
    for entry, n in ((found.overall("accuracy"), 60), (found.group("g=a", "tpr[happy]"), 10)):
        wanted = proportion_confint(right * n, n, alpha=0.05, method="wilson")
        np.testing.assert_allclose((entry.low, entry.high), wanted, atol=1e-9)


def test_intervals_hold_their_value_and_stay_in_range(table: Callable[..., Any], faces: Callable[..., Any]) -> None:
    for seed, n in ((0, 400), (1, 60), (2, 25)):
        found = audit(table(**faces(seed, n=n)), resamples=100, permutations=100).data
        ranges = {m["name"]: (m["low"], np.inf if m["high"] is None else m["high"]) for m in found["metrics"]}
        groups = [g["metrics"] for g in found["groups"]] + [found["overall"]["metrics"]]
        for name, entry in ((k, v) for metrics in groups for k, v in metrics.items()):
            if entry["value"] is None:
                assert (entry["low"], entry["high"]) == (None, None)
                continue
            low, high = ranges[name.partition("[")[0]]
            assert low <= entry["low"] <= entry["value"] <= entry["high"] <= high, name
            if entry.get("low_simultaneous") is not None:
                assert entry["low_simultaneous"] <= entry["low"] + 1e-12, name
                assert entry["high_simultaneous"] >= entry["high"] - 1e-12, name


def test_intervals_cover_the_truth(table: Callable[..., Any]) -> None:
    """800 groups of 120 faces whose truth is known; 95 % +- 2.2 % would be three standard errors."""
    rng = np.random.default_rng(0)
    truth = np.array([[0.8, 0.15, 0.05, 0.0], [0.2, 0.6, 0.15, 0.05], [0.3, 0.1, 0.5, 0.1]]) * [[0.5], [0.3], [0.2]]
    names = ("accuracy", "coverage", "balanced_accuracy", "macro_f1", "cohen_kappa", "tpr", "precision")
    metrics, cols = named(*names)
    exact = evaluate(metrics, CountSums(truth[None] * 1e9), (1,), 3)
    held = []
    for _ in range(80):
        counts = rng.multinomial(120, truth.ravel(), size=10).reshape(10, 3, 4)
        value = evaluate(metrics, CountSums(counts), (10,), 3)
        known = precision(metrics, cols, with_all(counts), EVERY, None, None)
        own = Precision(known.n[:-1], known.df[:-1], known.bias[:-1])
        low, high = interval(np.clip(value - own.bias, 0, 1), own, cols, 0.95)
        held.append((np.minimum(low, value) <= exact) & (exact <= np.maximum(high, value)))
    covered = np.mean(held, axis=(0, 1))
    assert (covered > 0.925).all(), dict(zip([c.name for c in cols], covered, strict=True))
    assert (covered < 0.985).all(), dict(zip([c.name for c in cols], covered, strict=True))


@pytest.fixture(scope="module")
def clustered(table: Callable[..., Any]) -> Cells:
    """Two groups of 60 persons with 2 to 9 faces; each person is easy or hard to read."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(120), rng.integers(2, 10, 120))
    hard = rng.random(120) < 0.4
    true = np.where(rng.random(len(person)) < 0.5, person % 3, rng.integers(0, 3, len(person)))
    wrong = rng.random(len(person)) < np.where(hard[person], 0.7, 0.1)
    answer = np.where(wrong, (true + 1) % 3, true)
    return count_cells(table(true, answer, {"g": np.where(person < 60, "a", "b")}, subject=person))


def test_persons_widen_intervals_as_their_bootstrap_does(clustered: Cells) -> None:
    metrics, cols = named("accuracy", "tpr", "balanced_accuracy", "macro_f1", "precision")
    groups = make_groups(clustered, 1)
    known = precision(metrics, cols, with_all(clustered.counts), EVERY, groups, clustered.units)
    drawn = Bootstrap(clustered).draw(np.random.default_rng(1), 1500).reshape(1500, *clustered.counts.shape)
    spread = evaluate(metrics, CountSums(drawn), drawn.shape[:2], 3).std(0)
    value = evaluate(metrics, CountSums(clustered.counts), (2,), 3)
    np.testing.assert_allclose(np.sqrt(value * (1 - value) / known.n[:2]), spread, rtol=0.15)
    assert known.df[:, 0].tolist() == [59, 59, 119]
    alone = precision(metrics, cols, with_all(clustered.counts), EVERY, None, None)
    assert (known.n[:, 0] < 0.7 * alone.n[:, 0]).all()


def test_a_rate_of_few_persons_is_known_as_well_as_those_persons(table: Callable[..., Any]) -> None:
    """60 persons, of whom 3 show fear, 10 times each, and are read rightly 9, 5 and 2 times."""
    true = np.concatenate([np.tile([0, 1], 600), np.full(30, 2)])
    person = np.concatenate([np.arange(1200) // 20, np.repeat([0, 1, 2], 10)])
    often = np.where(person % 2 == 0, 3, 9)  # persons are read unlike each other
    answer = np.where(np.arange(1230) % often == 0, 1 - np.minimum(true, 1), true)
    answer[1200:] = np.concatenate([np.repeat([2, 0], [k, 10 - k]) for k in (9, 5, 2)])
    cells = count_cells(table(true, answer, {"g": ["a"] * 1230}, subject=person))
    metrics, cols = named("tpr", "accuracy", "balanced_accuracy", "precision")
    known = precision(metrics, cols, with_all(cells.counts), EVERY, make_groups(cells, 1), cells.units)
    at = {c.name: j for j, c in enumerate(cols)}
    assert known.df[0, at["tpr[fear]"]] == known.df[0, at["precision[fear]"]] == 2
    assert known.df[0, at["balanced_accuracy"]] == pytest.approx(2, abs=0.5)  # nearly all its variance is that of fear
    assert known.df[0, at["accuracy"]] > 20
    rate, hits = 16 / 30, np.array([9, 5, 2])
    spread = ((hits - 10 * rate) ** 2).sum() / 30**2 * 3 / 2
    assert known.n[0, at["tpr[fear]"]] == pytest.approx(rate * (1 - rate) / spread, rel=1e-3)
    low, high = interval(np.full(known.n.shape, rate), known, cols, 0.95)
    wanted = wilson(rate, rate * (1 - rate) / spread, stats.t.ppf(0.975, 2))
    np.testing.assert_allclose((low[0, at["tpr[fear]"]], high[0, at["tpr[fear]"]]), wanted, atol=1e-3)


def test_persons_with_one_face_each_are_faces(table: Callable[..., Any], faces: Callable[..., Any]) -> None:
    made = faces(0, unknown=0.0) | {"p": None}
    cells = count_cells(table(**made, subject=range(700)))
    metrics = (METRICS.get("accuracy"), METRICS.get("macro_f1"))
    cols = columns(metrics, ("a", "b", "c", "d"))
    groups = make_groups(cells, 1)
    counts = np.tensordot(groups.member.astype(np.int64), cells.counts, axes=1)
    every = np.ones(4, bool)
    one = precision(metrics, cols, counts, every, groups, cells.units)
    two = precision(metrics, cols, counts, every, None, None)
    np.testing.assert_allclose(one.n, two.n, rtol=0.02)


def test_a_pair_is_compared_by_its_own_intervals() -> None:
    # Newcombe 1998, method 10, his example (a): 56/70 against 48/80 gives .2 (.0524, .3339)
    one, two = ((h / n, *proportion_confint(h, n, method="wilson")) for h, n in ((56, 70), (48, 80)))
    value, low, high = difference(one, two)
    np.testing.assert_allclose((value, low, high), (0.2, 0.0524, 0.3339), atol=5e-5)


@pytest.mark.parametrize("hits", [(56, 48), (30, 20), (20, 30), (24, 24), (30, 29)])
def test_p_of_a_pair_is_that_of_the_interval_that_just_reaches_0(
    hits: tuple[int, int], table: Callable[..., Any]
) -> None:
    sizes = (70, 80) if hits[0] == 56 else (30, 30)
    answer = np.repeat([0, 1, 0, 1], np.ravel([(h, n - h) for h, n in zip(hits, sizes, strict=True)]))
    true = 0 * answer
    found = audit(
        table(true, answer, {"g": np.repeat(["a", "b"], sizes)}), metrics=["accuracy"], resamples=100, permutations=100
    )
    pair = next(g for g in found.data["gaps"] if g["kind"] == "pair")

    def beyond(p: float) -> float:
        ends = [proportion_confint(h, n, alpha=p, method="wilson") for h, n in zip(hits, sizes, strict=True)]
        (value, low, high) = difference(*((h / n, *e) for h, n, e in zip(hits, sizes, ends, strict=True)))
        return low if value > 0 else -high

    wanted = optimize.brentq(beyond, 1e-6, 1 - 1e-9, xtol=1e-12) if hits[0] != hits[1] else 1
    assert pair["p"] == pytest.approx(wanted, rel=1e-5)
    assert (pair["p"] < 0.05) == (pair["low"] > 0 or pair["high"] < 0)


@pytest.mark.parametrize(("df", "near"), [(1.0, 1e-9), (2.0, 1e-9), (5.0, 0.05), (9.0, 0.03)])
def test_p_of_few_persons_is_that_of_student(df: float, near: float) -> None:
    value = np.array([2.0, -2.0, 1.0]) * stats.t.ppf(0.975, df)
    got = p_of_intervals(value, lambda z: (value, value - student(z, df), value + student(z, df)))
    np.testing.assert_allclose(got, 2 * stats.t.sf(abs(value), df), rtol=near)


def test_far_tails_of_student_are_never_taken_for_lighter_than_they_are() -> None:
    z = np.array([3.1, 4.0, 6.0])
    for df in (3.0, 5.0, 15.0, 300.0):
        assert (2 * stats.t.sf(student(z, df), df) <= 2 * stats.norm.sf(z) * (1 + 1e-9)).all()


def test_persons_who_are_all_read_rightly_count_as_persons(table: Callable[..., Any]) -> None:
    """10 persons with 50 faces each, no mistake: 10 trials, with Student's t on 9; of a rare class, whose it is."""
    person = np.arange(500) // 50
    true = np.where((person < 3) & (np.arange(500) % 50 < 2), 1, 0)
    found = audit(
        table(true, true, {"g": np.where(person < 5, "a", "b")}, subject=person),
        metrics=["accuracy", "tpr", "macro_f1", "fpr"],
        resamples=100,
        permutations=100,
    )

    def least(persons: int, level: float = 0.95, df: int = 9) -> float:
        z2 = stats.t.ppf((1 + level) / 2, df) ** 2
        return persons / (persons + z2)

    wanted = {"accuracy": (10, 9), "tpr[angry]": (10, 9), "tpr[happy]": (3, 2), "macro_f1": (3, 9)}
    for name, (persons, df) in wanted.items():
        assert found.overall(name).low == pytest.approx(least(persons, df=df), rel=1e-3), name
    assert found.overall("fpr[angry]").high == pytest.approx(1 - least(3, df=2), rel=1e-3)
    gap = next(g for g in found.data["gaps"] if (g["metric"], g["kind"]) == ("accuracy", "difference"))
    assert gap["high"] == pytest.approx(1 - least(5, np.sqrt(0.95), 4), rel=0.02)
    assert gap["high"] > 0.6


def test_no_p_is_ever_zero() -> None:
    """Where numbers end: two groups of 100,000 faces at .9 and .5, and everything else that underflows."""
    half = 0.004 / Z
    assert 0 < p_of_intervals(np.array([0.4]), lambda z: (z, 0.4 - z * half, 0.4 + z * half))[0] <= 1e-300
    assert 0 < student_p(500.0, 10**6) <= 1e-300
    assert 0 < fisher(90_000, 100_000, 140_000, 200_000) <= 1e-300
    assert 0 < mcnemar_mid_p(10, 5000) <= 1e-300
