"""The true attribute is known here, so that what the correction says can be held against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.audit.estimated import gap_bounds, share_bounds
from evenface.audit.run import audit
from evenface.core.errors import SettingsError, UnknownNameError

Floats = NDArray[np.float64]
CLASSES = np.array(["happy", "sad", "angry"])
SHARES = ("accuracy", "accuracy_all", "coverage")


def even(levels: int, right: float) -> Floats:
    matrix = np.full((levels, levels), (1 - right) / (levels - 1))
    np.fill_diagonal(matrix, right)
    return matrix


def planted(
    rng: np.random.Generator, n: int, shares: list[float], accuracy: list[float], matrix: Floats, answered: float = 1.0
) -> tuple[dict[str, Any], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """A table whose attribute was estimated with errors that do not depend on the answer; and the truth."""
    truth = rng.choice(len(shares), n, p=shares)
    right, found = rng.random(n) < np.array(accuracy)[truth], rng.random(n) < answered
    estimated = (rng.random(n)[:, None] > matrix.cumsum(1)[truth]).sum(1).clip(0, len(shares) - 1)
    return table(rng, right, found, estimated), truth, right, found


def table(rng: np.random.Generator, right: Any, found: Any, estimated: Any) -> dict[str, Any]:
    label = rng.integers(0, len(CLASSES), len(right))
    answer = np.where(right, label, (label + rng.integers(1, len(CLASSES), len(right))) % len(CLASSES))
    names = np.array([f"L{i}" for i in range(9)])
    pred = [name if is_ else None for name, is_ in zip(CLASSES[answer], found, strict=True)]
    return {"label": CLASSES[label], "pred": pred, "race": names[estimated]}


def rates(matrix: Any) -> dict[str, dict[str, float]]:
    return {f"L{i}": {f"L{j}": v for j, v in enumerate(row)} for i, row in enumerate(matrix.tolist())}


def effects(faces: dict[str, Any], given: object, metric: str = "accuracy", **options: Any) -> list[dict[str, Any]]:
    options = {"metrics": [metric], "resamples": 100, "permutations": 100} | options
    found = audit(faces, ["race"], error_rates={"race": given}, **options).data
    return [entry for entry in found["estimated"] if entry["metric"] == metric]


def test_expected_counts_give_back_the_true_groups_exactly() -> None:
    """Counts just as expected: 1,000 and 500 faces, 80 and 60 % right, the estimator right on 90 and 80 %."""
    matrix = np.array([[0.9, 0.1], [0.2, 0.8]])
    right, estimated = [], []
    for level, (size, share) in enumerate(((1000, 0.8), (500, 0.6))):
        for is_right in (True, False):
            for j in range(2):
                n = round(size * (share if is_right else 1 - share) * matrix[level, j])
                right += [is_right] * n
                estimated += [j] * n
    faces = table(np.random.default_rng(0), np.array(right), np.ones(len(right), bool), np.array(estimated))
    first, second, gap = effects(faces, rates(matrix))
    assert (first["group"], second["group"], gap["group"]) == ("race=L0", "race=L1", "gap")
    assert first["corrected"] == pytest.approx(0.8) and second["corrected"] == pytest.approx(0.6)
    assert gap["corrected"] == pytest.approx(0.2)
    assert first["observed"] == pytest.approx((720 + 60) / 1000) and gap["observed"] < 0.2
    assert gap["low"] < 0.2 < gap["high"]


def simulate(
    runs: int, n: int, shares: list[float], accuracy: list[float], matrix: Floats, **more: Any
) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    gaps, inside, groups, spans, level = [], 0, [], [], 0
    for seed in range(runs):
        faces, *_ = planted(rng, n, shares, accuracy, matrix, **more)
        *entries, gap = effects(faces, rates(matrix), seed=seed)
        gaps.append(gap["corrected"])
        inside += gap["low"] <= max(accuracy) - min(accuracy) <= gap["high"]
        level += gap["low"] > 0
        groups.append([entry["corrected"] for entry in entries])
        spans += [e["low"] <= a <= e["high"] for e, a in zip(entries, accuracy, strict=True)]
    return {
        "gap": np.mean(gaps),
        "error": np.std(gaps) / runs**0.5,
        "gap inside": inside / runs,
        "above 0": level / runs,
        "groups": np.mean(groups, 0),
        "group inside": np.mean(spans),
    }


def test_two_levels_are_recovered_and_covered() -> None:
    found = simulate(120, 1500, [0.6, 0.4], [0.85, 0.70], even(2, 0.8), answered=0.95)
    assert abs(found["gap"] - 0.15) < 3 * found["error"] + 0.003
    assert found["groups"] == pytest.approx([0.85, 0.70], abs=0.01)
    assert found["gap inside"] >= 0.88 and found["group inside"] >= 0.91  # 95 % less 3 standard errors


def test_seven_levels_right_on_72_percent() -> None:
    accuracy = [0.8, 0.65, 0.8, 0.8, 0.8, 0.8, 0.8]
    found = simulate(60, 4000, [0.1, 0.14, 0.12, 0.1, 0.1, 0.14, 0.3], accuracy, even(7, 0.72))
    assert found["groups"] == pytest.approx(accuracy, abs=0.02)
    assert found["gap inside"] >= 0.87 and found["group inside"] >= 0.9


def test_where_nothing_differs_the_interval_reaches_0() -> None:
    found = simulate(100, 1500, [0.3, 0.4, 0.3], [0.8, 0.8, 0.8], even(3, 0.72))
    assert found["gap"] > 0.02  # a largest minus a smallest is never 0, the more so once corrected
    assert found["above 0"] <= 0.12


def test_counts_carry_their_own_uncertainty() -> None:
    faces, *_ = planted(np.random.default_rng(0), 3000, [0.5, 0.5], [0.9, 0.7], even(2, 0.75))
    few, many = (effects(faces, rates(np.rint(even(2, 0.75) * n)))[-1] for n in (60, 60_000))
    exact = effects(faces, rates(even(2, 0.75)))[-1]
    assert few["corrected"] == pytest.approx(exact["corrected"])
    width = {name: e["high"] - e["low"] for name, e in {"few": few, "many": many, "exact": exact}.items()}
    assert width["few"] > 1.2 * width["exact"] and width["many"] == pytest.approx(width["exact"], rel=0.2)


def realised(truth: Any, estimated: Any, levels: int) -> Floats:
    counts = np.zeros((levels, levels))
    np.add.at(counts, (truth, estimated), 1)
    return counts / counts.sum(1, keepdims=True)


@pytest.mark.parametrize("kind", ["as good as random", "errors where the answer is wrong", "errors where it is right"])
def test_bounds_hold_whatever_the_errors_depend_on(kind: str) -> None:
    """With the error rates of these very faces, the truth is always inside."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        levels, n = int(rng.integers(2, 5)), 800
        shares = rng.dirichlet(np.full(levels, 5.0))
        _, truth, right, found = planted(
            rng, n, list(shares), list(rng.uniform(0.4, 1, levels)), even(levels, 0.8), 0.9
        )
        prone = np.full(n, 0.25) if kind.startswith("as") else np.where(right == kind.endswith("right"), 0.5, 0.03)
        shift = np.where(rng.random(n) < prone, rng.integers(1, levels, n), 0)
        estimated = (truth + shift) % levels
        faces = table(rng, right, found, estimated)
        given = rates(realised(truth, estimated, levels))
        entries = audit(
            faces,
            ["race"],
            metrics=list(SHARES),
            error_rates={"race": given},
            resamples=100,
            permutations=100,
            min_group=1,
        ).data["estimated"]
        value = {
            "accuracy": [right[(truth == g) & found].mean() for g in range(levels)],
            "accuracy_all": [(right & found)[truth == g].mean() for g in range(levels)],
            "coverage": [found[truth == g].mean() for g in range(levels)],
        }
        for metric, true in value.items():
            mine = [entry for entry in entries if entry["metric"] == metric]
            for entry, x in zip(mine, [*true, max(true) - min(true)], strict=True):
                assert entry["bound_low"] - 1e-9 <= x <= entry["bound_high"] + 1e-9


def test_bounds_by_hand() -> None:
    """100 faces seen as L0, 90 right; 100 as L1, 50 right; the estimator is right on 80 % of either level."""
    counts = np.array([[[90, 10, 0], [0, 0, 0]], [[50, 50, 0], [0, 0, 0]]])
    low, high = share_bounds(counts, even(2, 0.8), least=1)["accuracy"]
    # Of 100 true L0, 80 are among the first 100 and 20 among the others.
    assert low[0] == pytest.approx((70 + 0) / 100) and high[0] == pytest.approx((80 + 20) / 100)
    assert low[1] == pytest.approx((30 + 10) / 100) and high[1] == pytest.approx((50 + 20) / 100)
    assert gap_bounds(np.array([low, high])).tolist() == pytest.approx([0.0, 1.0 - 0.4])
    assert np.isnan(gap_bounds(np.array([[0.5], [0.6]]))).all()


def test_a_perfect_estimator_changes_nothing() -> None:
    faces, *_ = planted(np.random.default_rng(2), 900, [0.5, 0.3, 0.2], [0.9, 0.8, 0.7], np.eye(3), answered=0.9)
    found = audit(faces, ["race"], error_rates={"race": 1.0}, resamples=100, permutations=100)
    assert {e["metric"] for e in found.data["estimated"]} == {*SHARES, "balanced_accuracy", "macro_f1"}
    for entry in found.data["estimated"]:
        assert entry["corrected"] == pytest.approx(entry["observed"])
        if entry["group"] == "gap":
            assert entry["observed"] == found.gap(entry["metric"], "race", "difference")["value"]
        else:
            assert entry["observed"] == found.group(entry["group"], entry["metric"]).value
        if entry["metric"] in SHARES:
            assert entry["bound_low"] == pytest.approx(entry["observed"]) == pytest.approx(entry["bound_high"])
        else:
            assert entry["bound_low"] is None


def test_a_small_group_is_undefined_with_a_reason_and_takes_no_part() -> None:
    rng = np.random.default_rng(5)
    faces, *_ = planted(rng, 600, [0.5, 0.49, 0.01], [0.9, 0.8, 0.1], even(3, 0.9))
    entries = effects(faces, rates(even(3, 0.9)))
    tiny, gap = entries[2], entries[3]
    assert tiny["corrected"] is None and tiny["low"] is None and "fewer than 20 faces" in tiny["undefined"]
    assert tiny["undefined"].startswith(f"of {faces['race'].tolist().count('L2')} faces estimated so")
    assert gap["corrected"] == pytest.approx(abs(entries[0]["corrected"] - entries[1]["corrected"]))
    alone = effects({k: v[:30] for k, v in faces.items()}, rates(even(3, 0.9)))[-1]
    assert alone["corrected"] is None and "fewer than two groups" in alone["undefined"]


def resampled_by_hand(faces: dict[str, Any], matrix: Floats, draws: int) -> Floats:
    """Corrected accuracy (draw, level) of tables whose rows are drawn one by one; NaN where no face is left."""
    rng = np.random.default_rng(99)
    right = np.asarray(faces["label"]) == np.asarray([str(p) for p in faces["pred"]])
    level = np.array([int(name[1:]) for name in faces["race"]])
    out = np.full((draws, len(matrix)), np.nan)
    for draw in range(draws):
        rows = rng.integers(0, len(level), len(level))
        seen = [(level[rows] == g) for g in range(len(matrix))]
        n = np.linalg.solve(matrix.T, np.array([mask.sum() for mask in seen], float))
        hits = np.linalg.solve(matrix.T, np.array([right[rows][mask].sum() for mask in seen], float))
        kept = n >= 1
        out[draw, kept] = np.clip(hits[kept] / n[kept], 0, 1)
    return out


@pytest.mark.parametrize(("small", "has_interval"), [(20, False), (150, True)])
def test_intervals_of_few_resamples_are_undefined_as_by_brute_force(small: int, has_interval: bool) -> None:
    """Errors of other groups stand for most of a small group: many resamples leave no face of it."""
    matrix = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8]])
    truth = np.repeat([0, 1, 2], [1500, 1500, small])
    rng = np.random.default_rng(5)
    right = rng.random(len(truth)) < np.array([0.9, 0.7, 0.8])[truth]
    estimated = (rng.random(len(truth))[:, None] > matrix.cumsum(1)[truth]).sum(1).clip(0, 2)
    faces = table(rng, right, np.ones(len(truth), bool), estimated)
    *groups, gap = effects(faces, rates(matrix), resamples=1000)
    hand = resampled_by_hand(faces, matrix, 1000)
    lost = np.isnan(hand).sum(0)
    assert lost[:2].tolist() == [0, 0] and (lost[2] <= 100) == has_interval
    assert groups[2]["corrected"] is not None and (groups[2]["low"] is not None) == has_interval
    for entry, values in zip(groups if has_interval else groups[:2], hand.T, strict=has_interval):
        ends = np.nanquantile(values, (0.025, 0.975))
        assert (entry["low"], entry["high"]) == pytest.approx(tuple(ends), abs=0.02 if entry is not groups[2] else 0.1)
        assert entry["undefined"] is None and entry["left_out"] == []
    assert gap["left_out"] == ([] if has_interval else ["race=L2"])
    if not has_interval:
        told = int(groups[2]["undefined"].removeprefix("no interval: in ").split(" ")[0])
        assert abs(told - lost[2]) < 4 * (2 * lost[2] * (1 - lost[2] / 1000)) ** 0.5
        assert gap["corrected"] == pytest.approx(abs(groups[0]["corrected"] - groups[1]["corrected"]))
        assert gap["low"] is not None and gap["undefined"] is None


def test_persons_are_resampled_whole() -> None:
    rng = np.random.default_rng(6)
    faces, *_ = planted(rng, 300, [0.5, 0.5], [0.9, 0.7], np.eye(2))
    ten = {key: np.repeat(column, 10) for key, column in faces.items()} | {"subject": np.repeat(np.arange(300), 10)}
    once, many = (effects(table, 0.9, resamples=800)[0] for table in (faces, ten))
    assert many["corrected"] == pytest.approx(once["corrected"])
    assert many["high"] - many["low"] == pytest.approx(once["high"] - once["low"], rel=0.3)


def test_the_same_seed_gives_the_same_numbers_and_faults_are_told() -> None:
    faces, *_ = planted(np.random.default_rng(7), 300, [0.5, 0.5], [0.9, 0.7], even(2, 0.9))
    assert effects(faces, 0.9) == effects(faces, 0.9) != effects(faces, 0.9, seed=1)
    assert effects(faces, 0.9, "macro_f1")[0]["corrected"] is not None
    with pytest.raises(UnknownNameError, match="Did you mean 'race'"):
        audit(faces, ["race"], error_rates={"rac": 0.9}, resamples=100, permutations=100)
    with pytest.raises(SettingsError, match="Error rates can correct accuracy"):
        effects(faces, 0.9, "cohen_kappa")
