"""Gaps: chance levels, p, corrections and intervals against brute force, peers and simulation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evenface.audit import METRICS
from evenface.audit.evaluate import columns
from evenface.audit.gaps import Ordered, adjust, deviation, gap_numbers, quantile, reach_of_one
from evenface.audit.plan import AuditSettings
from evenface.audit.run import audit
from evenface.core.errors import SettingsError

Array = NDArray[Any]
LEVEL = 0.95


def test_quantile_as_numpy() -> None:
    draws = np.random.default_rng(0).normal(size=(301, 5))
    draws[:100, 1], draws[:151, 2], draws[:, 3] = np.nan, np.nan, np.nan
    for q in (0.025, 0.5, 0.95, 1.0):
        got = quantile(draws, q)
        np.testing.assert_allclose(got[[0, 1, 4]], np.nanquantile(draws[:, [0, 1, 4]], q, axis=0))
        assert np.isnan(got[[2, 3]]).all()  # fewer than half defined
    np.testing.assert_allclose(deviation(draws)[:3], np.nanstd(draws[:, :3], axis=0))
    assert np.isnan(deviation(draws)[3])


def p_of(departure: float, chance: Array) -> float:
    known = chance[np.isfinite(chance)]
    return float(((known >= departure).sum() + 1) / (len(known) + 1))


@pytest.mark.parametrize("draws", [100, 137, 400, 999, 1000])
def test_the_chance_limit_is_the_smallest_departure_that_is_significant(draws: int) -> None:
    chance = np.random.default_rng(draws).random((draws, 3))
    chance[: draws // 3, 1] = np.nan
    limit = Ordered(chance).limit(LEVEL)
    for j in range(3):
        ordered = np.sort(chance[np.isfinite(chance[:, j]), j])
        assert p_of(np.nextafter(limit[j], 2), chance[:, j]) < 0.05
        before = ordered[np.searchsorted(ordered, limit[j]) - 1]
        assert p_of(np.nextafter(before, 2), chance[:, j]) >= 0.05


@settings(max_examples=150)
@given(
    draws=st.integers(100, 160),
    seed=st.integers(0, 10**6),
    grain=st.sampled_from([0.0, 0.01, 0.1]),
    shift=st.floats(-1, 4),
)
def test_an_interval_excludes_no_gap_exactly_where_p_is_small(
    draws: int, seed: int, grain: float, shift: float
) -> None:
    """Also with ties, which counts bring, and with an undefined part of the draws."""
    rng = np.random.default_rng(seed)
    chance = np.abs(rng.normal(size=(draws, 4)))
    departure = np.abs(1 + shift + rng.normal(size=4))
    boot = departure + 0.3 + rng.normal(size=(draws, 4)).clip(-2)
    if grain:
        chance, departure, boot = (np.round(x / grain) * grain for x in (chance, departure, boot))
    chance[: draws // 4, 3] = np.nan
    found = gap_numbers(departure, np.abs(boot), chance, np.full((draws, 4), np.nan), LEVEL)
    assert ((found.low > 0) == (found.p < 0.05)).all()
    assert (found.low <= departure).all()
    assert (departure <= found.high).all()
    assert (found.chance_50 <= found.chance_95).all()
    for j in range(4):
        assert found.p[j] == pytest.approx(p_of(departure[j] - 1e-9, chance[:, j]), abs=1e-12 if grain else 0.02)


def test_an_undefined_gap_is_undefined_throughout() -> None:
    nothing = np.full((100, 1), np.nan)
    found = gap_numbers(np.array([np.nan]), nothing, nothing, nothing, LEVEL)
    assert all(
        np.isnan(getattr(found, name)).all() for name in ("low", "high", "p", "chance_95", "smallest_detectable")
    )


def test_max_t_as_written_out() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 1))
    chance = np.abs(shared + 0.5 * rng.normal(size=(400, 6))) * [1, 2, 0.1, 1, 5, 1]
    departure = np.array([2.5, 6.0, 0.05, 1.0, 20.0, np.nan])
    families = ["a", "a", "b", "b", "a", "a"]
    got = adjust(departure, chance, families)
    mean, sd = chance.mean(0), chance.std(0)
    for family in ("a", "b"):
        mine = [j for j in range(5) if families[j] == family]
        for j in mine:
            exceeding = 0
            for draw in chance:
                top = max((draw[k] - mean[k]) / sd[k] for k in range(6) if families[k] == family and k != 5)
                exceeding += top >= (departure[j] - mean[j]) / sd[j] - 2e-3
            assert got[j] == pytest.approx((exceeding + 1) / 401, abs=1.5 / 401)
    assert np.isnan(got[5])
    alone = [p_of(departure[j], chance[:, j]) for j in range(5)]
    assert (got[:5] >= np.array(alone) - 1.5 / 401).all()


def test_a_gap_that_cannot_vary_by_chance_is_never_significant() -> None:
    got = adjust(np.array([0.0, 1.0]), np.stack([np.zeros(200), np.random.default_rng(0).random(200)], 1), ["a", "a"])
    assert got[0] == 1
    assert got[1] == pytest.approx(1 / 201)


def test_reach_of_one_takes_another_group_in_each_draw() -> None:
    values = np.array([[[0.5], [0.8], [0.7]], [[0.4], [0.9], [0.6]], [[0.1], [0.2], [0.9]]])
    higher, lower = (columns([METRICS.get(name)], ()) for name in ("accuracy", "ece"))
    # group 0 of draw 0, 1 of 1, 2 of 2: the best of the others less its own, or its own less the least of the others
    np.testing.assert_allclose(reach_of_one(values, higher)[:, 0], [0.3, -0.3, -0.7])
    np.testing.assert_allclose(reach_of_one(values, lower)[:, 0], [-0.2, 0.5, 0.8])
    assert np.isnan(reach_of_one(values[:, :1], higher)).all()


def model(rng: np.random.Generator, n: int, right: dict[str, float], share: list[float]) -> dict[str, Any]:
    """Three classes, each group read rightly as often as `right` says, wrongly in either way."""
    group = rng.choice(list(right), n, p=share)
    true = rng.integers(0, 3, n)
    correct = rng.random(n) < np.array([right[g] for g in group])
    return {
        "true": true,
        "answer": np.where(correct, true, (true + rng.integers(1, 3, n)) % 3),
        "attributes": {"g": group},
    }


def gap_of(true: Array, answer: Array, group: Array, metric: str) -> float:
    if metric == "accuracy":
        rates = [(true == answer)[group == g].mean() for g in np.unique(group)]
    elif metric == "tpr":
        rates = [(answer == 1)[(group == g) & (true == 1)].mean() for g in np.unique(group)]
    else:
        rates = [(true == 1)[(group == g) & (answer == 1)].mean() for g in np.unique(group)]
    return max(rates) - min(rates)


@pytest.mark.parametrize("metric", ["accuracy", "tpr", "precision"])
def test_p_and_chance_level_as_by_shuffling_rows(metric: str, table: Callable[..., Any]) -> None:
    """2,000 draws each: p of .1 has a standard error of .0067 on either side."""
    rng = np.random.default_rng(4)
    made = model(rng, 240, {"a": 0.72, "b": 0.6, "c": 0.6}, [0.2, 0.3, 0.5])
    true, answer, group = made["true"], made["answer"], made["attributes"]["g"]
    strata = {"accuracy": np.zeros(240), "tpr": true, "precision": answer}[metric]
    chance = []
    for _ in range(2000):
        dealt = group.copy()
        for stratum in np.unique(strata):
            mine = np.flatnonzero(strata == stratum)
            dealt[mine] = group[rng.permutation(mine)]
        chance.append(gap_of(true, answer, dealt, metric))
    found = audit(table(**made), metrics=[metric], resamples=100, permutations=2000, min_rate=1)
    gap = found.gap(metric if metric == "accuracy" else f"{metric}[happy]", "g", "difference")
    seen = gap_of(true, answer, group, metric)
    p = p_of(seen - 1e-9, np.array(chance))
    assert gap["value"] == pytest.approx(seen, abs=1e-12)
    assert gap["p"] == pytest.approx(p, abs=4.5 * np.sqrt(p * (1 - p) / 1000) + 2e-3)
    assert gap["chance_50"] == pytest.approx(np.median(chance), abs=0.015)  # few faces: steps of about .01
    assert gap["chance_95"] == pytest.approx(np.quantile(chance, 0.95), abs=0.02)


@pytest.fixture(scope="module")
def without_difference(table: Callable[..., Any]) -> dict[str, Array]:
    """p of 140 tables whose groups do not differ, by what it is the p of."""
    found: dict[str, list[float]] = {}
    for seed in range(140):
        made = model(np.random.default_rng(seed), 150, {"a": 0.65, "b": 0.65, "c": 0.65}, [0.2, 0.3, 0.5])
        data = audit(
            table(**made), metrics=["accuracy", "mean_gap", "tpr", "f1"], seed=seed, resamples=100, permutations=199
        )
        for gap in data.data["gaps"]:
            if gap["kind"] != "pair" and gap["p"] is not None:
                found.setdefault(f"{gap['kind']} {gap['metric']}", []).append(gap["p"])
        for name in ("p_adjusted", "p_holm"):
            mine = [g[name] for g in data.data["gaps"] if g["family"] == "per class" and g[name] is not None]
            found.setdefault(name, []).append(min(mine))
        pairs = [g["p_holm"] for g in data.data["gaps"] if g["kind"] == "pair"]
        found.setdefault("pairs", []).append(min(pairs))
        found.setdefault("flows", []).append(min(f["p_adjusted"] for f in data.data["flows"]))
    return {name: np.array(p) for name, p in found.items()}


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.5])
def test_p_is_uniform_where_groups_do_not_differ(share: float, without_difference: dict[str, Array]) -> None:
    """Three and a half standard errors of 140 tables, widened a little for ties among counts."""
    error = 3.5 * np.sqrt(share * (1 - share) / 140)
    for name in (
        "difference accuracy",
        "ratio accuracy",
        "between mean_gap",
        "difference tpr[happy]",
        "difference f1[angry]",
    ):
        seen = (without_difference[name] <= share).mean()
        assert share - error - 0.02 <= seen <= share + error, name


@pytest.mark.parametrize("name", ["p_adjusted", "p_holm", "pairs", "flows"])
def test_corrected_p_keep_the_family_to_its_level(name: str, without_difference: dict[str, Array]) -> None:
    error = 3 * np.sqrt(0.05 * 0.95 / 140)
    assert (without_difference[name] < 0.05).mean() <= 0.05 + error
    if name != "p_holm":
        assert (without_difference[name] < 0.25).mean() >= 0.08


def test_the_smallest_detectable_gap_is_seen_four_times_in_five(table: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    level = model(rng, 400, {"a": 0.7, "b": 0.7}, [0.5, 0.5])
    detectable = audit(table(**level), metrics=["accuracy"]).gap("accuracy", "g", "difference")["smallest_detectable"]
    # Two proportions of 200 faces each at 5 % and 80 %: (1.96 + .84) sqrt(2 * .21 / 200), in steps of about .01
    assert detectable == pytest.approx(2.8 * np.sqrt(2 * 0.7 * 0.3 / 200), abs=0.015)
    seen = 0
    for seed in range(60):
        made = model(np.random.default_rng(seed), 400, {"a": 0.7, "b": 0.7 - detectable}, [0.5, 0.5])
        found = audit(table(**made), metrics=["accuracy"], seed=seed, resamples=100, permutations=199)
        seen += found.gap("accuracy", "g", "difference")["p"] < 0.05
    assert 0.66 <= seen / 60 <= 0.94


@pytest.mark.parametrize("right", [(0.8, 0.7, 0.6), (0.75, 0.7), (0.7, 0.7)])
def test_intervals_of_gaps_hold_the_true_gap(right: tuple[float, ...], table: Callable[..., Any]) -> None:
    """Large, of the size of the noise, and none; 95 % of 60 tables, less three standard errors."""
    held, groups = 0, dict(zip("abc", right, strict=False))
    true = max(right) - min(right)
    for seed in range(60):
        made = model(np.random.default_rng(seed), 300, groups, [1 / len(right)] * len(right))
        found = audit(table(**made), metrics=["accuracy"], seed=seed, resamples=199, permutations=199)
        gap = found.gap("accuracy", "g", "difference")
        held += gap["low"] - 1e-12 <= true <= gap["high"]
    assert held / 60 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60)


def test_unknown_groups_do_not_disturb_p(table: Callable[..., Any]) -> None:
    """Two thirds of the groups are unknown, and those faces are read far better; known groups do not differ."""
    p = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        made = model(rng, 400, {"a": 0.6, "b": 0.6, "?": 0.99}, [0.17, 0.17, 0.66])
        made["attributes"]["g"] = [None if g == "?" else g for g in made["attributes"]["g"]]
        found = audit(table(**made), metrics=["accuracy"], seed=seed, resamples=100, permutations=199)
        p.append(found.gap("accuracy", "g", "difference")["p"])
    for share in (0.05, 0.25, 0.5):
        error = 3 * np.sqrt(share * (1 - share) / 60)
        assert share - error - 0.05 <= (np.array(p) <= share).mean() <= share + error


def test_a_small_effect_is_found_on_a_large_table(table: Callable[..., Any]) -> None:
    """Measures whose scale shrinks with the square of the gap must not drown in rounding."""
    n = 400_000
    rng = np.random.default_rng(0)
    made = model(rng, n, {"a": 0.8, "b": 0.806}, [0.5, 0.5])
    found = audit(table(**made), metrics=["accuracy", "theil", "generalized_entropy"], resamples=100, permutations=999)
    for metric in ("accuracy", "theil", "generalized_entropy"):
        assert found.gap(metric, "g")["p"] == 0.001


def test_a_group_that_gets_no_answers_stays_in_the_gap_of_coverage(table: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    made = model(rng, 300, {"a": 0.8, "b": 0.8, "c": 0.8}, [0.4, 0.4, 0.2])
    made["answer"] = np.where(made["attributes"]["g"] == "c", -1, made["answer"])
    found = audit(table(**made), resamples=100, permutations=199)
    gap = found.gap("coverage", "g", "difference")
    assert (gap["value"], gap["worst"]) == (1, "g=c")
    assert gap["p"] == 1 / 200
    assert found.gap("accuracy", "g", "difference")["left_out"] == ["g=c"]


def test_no_group_large_enough_leaves_gaps_undefined(table: Callable[..., Any]) -> None:
    made = model(np.random.default_rng(0), 30, {"a": 0.8, "b": 0.8, "c": 0.8}, [0.4, 0.4, 0.2])
    found = audit(table(**made), resamples=100, permutations=100, min_group=50)
    assert {g["value"] for g in found.data["gaps"]} == {None}
    assert all(g["undefined"] for g in found.data["gaps"])
    assert found.group("g=a", "accuracy").value is not None


def test_a_perfect_model_on_a_few_faces_is_not_surely_even(table: Callable[..., Any]) -> None:
    """No draw differs where every face is read rightly; that does not make a gap of 0 certain."""
    true = np.tile([0, 1], 30)
    made = audit(table(true=true, answer=true, attributes={"g": np.repeat(["a", "b"], 30)}), metrics=["accuracy"])
    gap, ratio = (made.gap("accuracy", "g", kind) for kind in ("difference", "ratio"))
    least = min(group["metrics"]["accuracy"]["low_simultaneous"] for group in made.data["groups"])
    assert (gap["value"], gap["low"], gap["high"]) == (0, 0, pytest.approx(1 - least))
    assert (ratio["value"], ratio["low"], ratio["high"]) == (1, pytest.approx(least), 1)
    assert gap["smallest_detectable"] is None
    assert "every face had the same outcome" in gap["undefined"]


def test_a_false_positive_rate_of_one_face_takes_no_part_in_equalized_odds(table: Callable[..., Any]) -> None:
    """B shows 59 happy faces and one sad one, which is read as happy: its FPR of happy would be 1."""
    true = np.repeat([1, 0, 1, 0], [200, 200, 59, 1])
    answer = true.copy()
    answer[200:210] = 1  # FPR of happy among a: .05
    answer[:20], answer[-1], answer[400:412] = 0, 1, 0  # TPR of happy: .9 among a, 47 / 59 among b
    data = table(true, answer, {"g": np.repeat(["a", "b"], [400, 60])}, classes=2)
    names = ["equalized_odds", "average_odds", "combined_error_variance", "symmetric_distance_error"]
    found = {m: audit(data, metrics=names, resamples=100, permutations=100, min_rate=m).data["gaps"] for m in (1, 10)}
    value = {m: {g["metric"]: g["value"] for g in gaps} for m, gaps in found.items()}
    assert value[1]["equalized_odds"] == pytest.approx(0.95)
    tpr, fpr = 0.9 - 47 / 59, 12 / 59 - 0.1  # FPR of angry rests on the happy faces
    assert value[10]["equalized_odds"] == pytest.approx(max(tpr, fpr))
    # What needs both rates of a class is undefined: in b either class lacks one.
    assert [value[10][name] for name in names[1:]] == [None, None, None]
    assert None not in value[1].values()


def test_no_corrected_p_is_below_its_own(table: Callable[..., Any]) -> None:
    """In two of five chance tables no face of b is sad or read so, and macro F1 has no value."""
    true = np.zeros(225, int)
    true[:6], true[200] = 1, 1
    answer = np.where((np.arange(225) >= 200) & (np.arange(225) < 209), 0, true)
    found = audit(
        table(true, answer, {"g": np.repeat(["a", "b"], [200, 25])}),
        metrics=["macro_f1"],
        resamples=100,
        permutations=400,
    )
    gap = found.gap("macro_f1", "g", "difference")
    assert 0 < gap["p"] < 1
    assert gap["p_adjusted"] >= gap["p"]


def with_rare_classes(table: Callable[..., Any]) -> Any:
    """Of b's 40 faces one is fear and one disgust: .63 ** 2 = .4 of resamples hold both."""
    true = np.concatenate([np.repeat([0, 1, 2], [100, 50, 50]), np.repeat([0, 1, 2], [38, 1, 1])])
    answer = np.where(np.arange(240) % 5 == 0, (true + 1) % 3, true)
    return table(true, answer, {"g": np.repeat(["a", "b"], [200, 40])})


def test_a_gap_that_most_resamples_leave_undefined_has_no_interval(table: Callable[..., Any]) -> None:
    found = audit(with_rare_classes(table), metrics=["balanced_accuracy", "accuracy"], resamples=300, permutations=100)
    for kind in ("difference", "ratio"):
        gap = found.gap("balanced_accuracy", "g", kind)
        assert (gap["low"], gap["high"]) == (None, None)
        assert gap["p"] is not None
        lost = int(gap["undefined"].removeprefix("no interval: ").split()[0])
        assert lost / 300 == pytest.approx(1 - (1 - (39 / 40) ** 40) ** 2, abs=0.1)
        assert found.gap("accuracy", "g", kind)["low"] is not None


def test_a_tenth_of_resamples_may_leave_a_gap_undefined() -> None:
    rng = np.random.default_rng(0)
    boot, chance = rng.random((100, 2)) + 0.5, rng.random((100, 2))
    boot[:10, 0], boot[:11, 1] = np.nan, np.nan
    found = gap_numbers(np.ones(2), boot, chance, np.full((100, 2), np.nan), LEVEL)
    assert np.isfinite(found.low).tolist() == np.isfinite(found.smallest_detectable).tolist() == [True, False]
    assert np.isfinite(found.p).all()
    assert found.lost.tolist() == [0, 11]


def test_one_stray_answer_does_not_make_disparate_impact_0(table: Callable[..., Any]) -> None:
    """One of 600 faces is read as neutral; a class that twelve faces of one group alone are read as counts."""
    true = np.tile([0, 1], 300)
    group, answer = np.repeat(["a", "b"], 300), true.copy()
    answer[:30:2] = 1  # 165 against 150 of 300 are read as happy, 135 against 150 as angry
    answer[0] = 2
    audits = [
        audit(
            table(true, given, {"g": group}, classes=3), metrics=["disparate_impact"], resamples=100, permutations=100
        )
        for given in (answer, np.where(np.arange(600) < 12, 2, answer))
    ]
    gaps = [found.gap("disparate_impact", "g") for found in audits]
    assert gaps[0]["value"] == pytest.approx(135 / 150)
    assert gaps[0]["chance_95"] > 0.5
    assert gaps[1]["value"] == 0


@pytest.mark.parametrize(("level", "draws"), [(0.99, 200), (0.999, 2000), (0.975, 100)])
def test_a_level_needs_a_resample_in_either_tail(level: float, draws: int) -> None:
    AuditSettings(level=level, resamples=draws, permutations=2000).check()
    if draws > 100:
        with pytest.raises(SettingsError, match=f"needs resamples of {draws} or more, got {draws - 1}"):
            AuditSettings(level=level, resamples=draws - 1, permutations=2000).check()
