"""Random draws of scores spread as resampled and shuffled rows do; AUROC's variance is DeLong's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as sk
from numpy.typing import NDArray
from scipy import stats

from evenface.audit import METRICS, score_persons, scored
from evenface.audit.cells import Cells, count_cells, make_groups
from evenface.audit.evaluate import columns, evaluate
from evenface.audit.run import audit
from evenface.audit.score_draws import ScoreDraws
from evenface.audit.scored import collect
from evenface.core.calibration import calibration_error

Array = NDArray[Any]
NAMES = ("ece", "classwise_ece", "brier", "log_loss", "auroc", "auroc_macro")
METRICS_USED = tuple(METRICS.get(name) for name in NAMES)
COLUMNS = [c.name for c in columns(METRICS_USED, ("0", "1", "2"))]


def rank_of(positive: Array, negative: Array) -> float:
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive) + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / (2 * len(negative)))


def by_rows(true: Array, answer: Array, p: Array) -> list[float]:
    """All score metrics of some faces, in the order of COLUMNS."""
    hot = np.eye(3)[true]
    ranks = [rank_of(p[true == c, c], p[true != c, c]) for c in range(3)]
    return [
        calibration_error(p[np.arange(len(true)), answer], true == answer),
        float(np.mean([calibration_error(p[:, c], hot[:, c]) for c in range(3)])),
        float(((p - hot) ** 2).sum(1).mean()),
        float(-np.log(p[np.arange(len(true)), true]).mean()),
        *ranks,
        float(np.mean(ranks)),
    ]


@pytest.fixture(scope="module")
def made(faces: Callable[..., Any]) -> dict[str, Any]:
    """Two groups (all faces are a third) of about 250 faces, one better read and one with other labels."""
    made = faces(11, n=500, classes=3, unknown=0.0, silent=0.0)
    return made | {"attributes": {"gender": made["attributes"]["gender"]}}


def draws_of(made: dict[str, Any], table: Callable[..., Any], **more: Any) -> ScoreDraws:
    data = table(**made, **more)
    cells: Cells = count_cells(data)
    found = collect(data, cells)
    assert found is not None
    return ScoreDraws(found, make_groups(cells, 1), cells.patterns)


def values(sums: Any, *shape: int) -> Array:
    return evaluate(METRICS_USED, sums, shape, 3)


def group_of(made: dict[str, Any]) -> Array:
    return (np.array(made["attributes"]["gender"]) == "woman").astype(int)


def rows_of(made: dict[str, Any], i: Array) -> list[float]:
    return by_rows(made["true"][i], made["answer"][i], made["p"][i])


def test_bootstrap_spreads_as_resampled_rows(made: dict[str, Any], table: Callable[..., Any]) -> None:
    drawn = values(draws_of(made, table).bootstrap(np.random.default_rng(0), 1500), 1500, 3)[:, :2]
    rng, group = np.random.default_rng(1), group_of(made)
    for g in range(2):
        own = np.flatnonzero(group == g)
        rows = np.array([rows_of(made, own[rng.integers(0, len(own), len(own))]) for _ in range(160)])
        np.testing.assert_allclose(drawn[:, g].std(0), rows.std(0), rtol=0.2, err_msg=str(COLUMNS))
        np.testing.assert_allclose(drawn[:, g].mean(0), rows.mean(0), atol=3.5 * rows.std(0).max() / np.sqrt(160))


def test_chance_spreads_as_shuffled_groups(made: dict[str, Any], table: Callable[..., Any]) -> None:
    """AUROC is dealt within the labelled class, all else among all faces."""
    drawn = values(draws_of(made, table).chance(np.random.default_rng(0), 1500), 1500, 3)[:, :2]
    gap = drawn[:, 0] - drawn[:, 1]
    rng, group, true = np.random.default_rng(1), group_of(made), made["true"]
    free, within = [], []
    for _ in range(160):
        dealt = rng.permutation(group)
        free.append(np.subtract(*(rows_of(made, np.flatnonzero(dealt == g)) for g in range(2))))
        for t in range(3):
            mine = np.flatnonzero(true == t)
            dealt[mine] = group[rng.permutation(mine)]
        within.append(np.subtract(*(rows_of(made, np.flatnonzero(dealt == g)) for g in range(2))))
    ranked = COLUMNS.index("auroc[0]")
    np.testing.assert_allclose(gap.std(0)[:ranked], np.std(free, axis=0)[:ranked], rtol=0.2)
    np.testing.assert_allclose(gap.std(0)[ranked:], np.std(within, axis=0)[ranked:], rtol=0.2)
    assert (np.abs(gap.mean(0)) < 4 * gap.std(0) / np.sqrt(1500)).all()


def test_persons_widen_the_spread_of_scores_as_resampled_persons(
    made: dict[str, Any], table: Callable[..., Any]
) -> None:
    """Faces of one person are alike: those of the same label, sorted by how well they are read, are one person's."""
    quality = made["p"][np.arange(500), made["true"]]
    order = np.lexsort((quality, made["true"], group_of(made)))
    person = np.empty(500, int)
    person[order] = np.arange(500) // 5
    drawn = values(draws_of(made, table, subject=person).bootstrap(np.random.default_rng(0), 1500), 1500, 3)[:, :2]
    rng, own = np.random.default_rng(1), [np.flatnonzero(person == s) for s in range(100)]
    group = group_of(made)
    rows = []
    for _ in range(160):
        i = np.concatenate([own[s] for s in rng.integers(0, 100, 100)])
        rows.append([rows_of(made, i[group[i] == g]) for g in range(2)])
    keep = [COLUMNS.index(name) for name in ("brier", "log_loss", "auroc[0]", "auroc[1]", "auroc[2]", "auroc_macro")]
    np.testing.assert_allclose(drawn.std(0)[:, keep], np.std(rows, axis=0)[:, keep], rtol=0.2)


def test_auroc_has_the_variance_of_delong(made: dict[str, Any], table: Callable[..., Any]) -> None:
    found = draws_of(made, table).placement
    group = group_of(made)
    for g in range(2):
        true, p = made["true"][group == g], made["p"][group == g]
        for c in range(3):
            positive, negative = p[true == c, c], p[true != c, c]
            above = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
            wanted = above.mean(1).var(ddof=1) / len(positive) + above.mean(0).var(ddof=1) / len(negative)
            assert found.auroc[g, c] == pytest.approx(above.mean(), abs=1e-12)
            assert found.variance[g, c] == pytest.approx(wanted, rel=1e-9)


def test_ties_count_half(table: Callable[..., Any]) -> None:
    p = np.array([[0.6, 0.4], [0.6, 0.4], [0.2, 0.8], [0.2, 0.8], [0.6, 0.4], [0.9, 0.1]])
    true = np.array([0, 1, 1, 0, 0, 1])
    found = audit(table(true, p.argmax(1), {}, p=p), metrics=["auroc"], resamples=100, permutations=100)
    assert found.overall("auroc[angry]").value == pytest.approx(sk.roc_auc_score(true == 0, p[:, 0]))


def score_values(data: Any) -> dict[str, float | None]:
    found = audit(data, metrics=list(NAMES), resamples=100, permutations=100).data
    return {f"{g['group']} {m}": e["value"] for g in found["groups"] for m, e in g["metrics"].items()}


def test_batches_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], table: Callable[..., Any]
) -> None:
    data = table(**made)
    whole = score_values(data)
    monkeypatch.setattr(scored, "BATCH", 7)  # 500 faces are then more than are held in memory at once
    parts = score_values(data)
    for name, value in whole.items():
        assert parts[name] == pytest.approx(value, abs=5e-3 if "auroc" in name else 1e-12), name


def test_a_coarse_grid_ranks_nearly_as_well(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], table: Callable[..., Any]
) -> None:
    data = table(**made)
    exact = score_values(data)
    monkeypatch.setattr(scored, "HISTOGRAM_CELLS", 1000)
    for name, value in score_values(data).items():
        assert value == pytest.approx(exact[name], abs=5e-3 if "auroc" in name else 1e-12), name


def test_faces_without_scores_take_no_part_in_scores_alone(made: dict[str, Any], table: Callable[..., Any]) -> None:
    p = made["p"].copy()
    p[::3] = np.nan
    data = table(**made | {"p": p})
    null = data.frame.with_columns(pl.col("^score:.*$").fill_nan(None))
    found = audit(
        type(data)(null, data.labels, data.attributes, data.rows, data.source, data.sha256),
        resamples=100,
        permutations=100,
    )
    keep = np.arange(500) % 3 != 0
    wanted = by_rows(made["true"][keep], made["answer"][keep], made["p"][keep])
    assert found.overall("brier").value == pytest.approx(wanted[2], abs=1e-12)
    assert found.overall("accuracy").n == 500
    assert found.overall("accuracy").value == pytest.approx((made["true"] == made["answer"]).mean())


def test_ten_photos_that_are_alike_count_as_one(made: dict[str, Any], table: Callable[..., Any]) -> None:
    """Intervals of 40 persons with 10 copies of one photo each are those of 40 photos, with Student's t."""
    keep = np.arange(40)
    columns = {k: made[k][keep] for k in ("true", "answer", "p")}
    gender = np.array(made["attributes"]["gender"])[keep]
    again = {k: np.repeat(v, 10, axis=0) for k, v in columns.items()}
    settings = {"metrics": ["auroc", "brier", "log_loss"], "resamples": 2000, "permutations": 2000, "min_group": 5}
    one = audit(table(**columns, attributes={"gender": gender}, classes=3), min_rate=1, **settings)
    ten = audit(
        table(**again, attributes={"gender": np.repeat(gender, 10)}, classes=3, subject=np.repeat(keep, 10)),
        min_rate=1,
        **settings,
    )
    shown = np.bincount(columns["true"])  # an AUROC is known as well as the persons who show its class are many
    persons = {f"auroc[{name}]": n for name, n in zip(("angry", "happy", "neutral"), shown, strict=True)}
    for name, few in (persons | {"brier": 40, "log_loss": 40}).items():
        student = stats.t.ppf(0.975, few - 1) / stats.norm.ppf(0.975) * np.sqrt(40 / 39)
        a, b = one.overall(name), ten.overall(name)
        assert b.value == pytest.approx(a.value, abs=1e-9)
        if few > 3:  # else Student's t is 4.3, and the interval nearly all there is
            assert b.high - b.low == pytest.approx((a.high - a.low) * student, rel=0.08), name
        else:
            assert b.high - b.low > 1.3 * (a.high - a.low)
        gaps = [next(g for g in found.data["gaps"] if g["metric"] == name) for found in (one, ten)]
        if name != "auroc[neutral]":  # which three persons show
            assert gaps[1]["chance_95"] == pytest.approx(gaps[0]["chance_95"], rel=0.12), name


def test_scores_know_their_persons_without_other_metrics(made: dict[str, Any], table: Callable[..., Any]) -> None:
    data = table(**made, subject=np.arange(500) // 100)
    alone, among = (
        audit(data, metrics=names, resamples=100, permutations=100).overall("ece")
        for names in (["ece"], ["accuracy", "ece"])
    )
    assert (alone.low, alone.high) == (among.low, among.high)


def test_faces_without_scores_do_not_count_as_scored(made: dict[str, Any], table: Callable[..., Any]) -> None:
    """Of the men 3 have scores: that is what their values rest on, and too few to be compared."""
    data = table(**made)
    man = np.flatnonzero(np.array(made["attributes"]["gender"]) == "man")
    keep = np.ones(500, bool)
    keep[man[3:]] = False
    null = data.frame.with_columns(pl.when(pl.Series(keep)).then(pl.col("^score:.*$")))
    found = audit(
        type(data)(null, data.labels, data.attributes, data.rows, data.source, data.sha256),
        metrics=["accuracy", *NAMES],
        resamples=100,
        permutations=100,
    )
    men = next(g for g in found.data["groups"] if g["group"] == "gender=man")
    assert men["metrics"]["accuracy"]["n"] == men["answered"] == len(man)
    assert men["metrics"]["ece"]["n"] == men["metrics"]["auroc_macro"]["n"] == 3
    first = made["true"][man[:3]]
    for c, name in enumerate(("angry", "happy", "neutral")):
        entry = men["metrics"][f"auroc[{name}]"]
        assert entry["n"] == (first == c).sum()
        if entry["n"] == 0:
            assert entry["undefined"] == f"no face with scores labelled {name}"
    left = {g["metric"]: g["left_out"] for g in found.data["gaps"] if g["kind"] == "difference"}
    assert left["ece"] == left["auroc[angry]"] == ["gender=man"]
    assert left["accuracy"] == []


def test_persons_do_not_widen_what_does_not_vary() -> None:
    """One face of a class has one place among the others: no face differs from another there, and nothing is 0 / 0."""
    p = np.array([[0.76, 0.24], [0.78, 0.22], [0.95, 0.05], [0.42, 0.58]])
    rows = {"label": [0, 1, 1, 1], "predicted": [0, 0, 0, 1], **{f"p_{c}": p[:, c] for c in range(2)}}
    rows |= {"group": ["x", "x", "y", "y"], "subject": ["p0", "p1", "p2", "p2"]}
    found = audit(rows, by=["group"], subject="subject", metrics=["auroc_macro"], resamples=100, permutations=100)
    assert found.overall("auroc_macro").value == pytest.approx(1 / 3)


def test_a_perfect_ranking_is_known_by_the_faces_of_its_own_class(table: Callable[..., Any]) -> None:
    """500 happy and 500 angry faces, each class's scores above all others'; a third class is named but not shown."""
    true = np.arange(1000) % 2
    p = np.eye(3)[true] * 0.8 + 0.1 * np.random.default_rng(0).random((1000, 3))
    p /= p.sum(1, keepdims=True)
    found = audit(
        table(true, true, {"g": np.arange(1000) // 500}, p=p, classes=3),
        metrics=["auroc", "auroc_macro"],
        resamples=100,
        permutations=100,
    )
    wilson = 500 / (500 + stats.norm.ppf(0.975) ** 2)
    for name in ("auroc[angry]", "auroc[happy]", "auroc_macro"):
        assert (found.overall(name).value, found.overall(name).high) == (1, 1)
        assert found.overall(name).low == pytest.approx(wilson, abs=1e-9)


def gender_of(found: Any, name: str) -> tuple[float, float]:
    """Mean width of the intervals of the genders, and the chance limit of their gap."""
    wide = [g["metrics"][name]["high"] - g["metrics"][name]["low"] for g in found.data["groups"] if g["by"] == "gender"]
    keys = {"by": "gender", "metric": name, "kind": "difference"}
    gap = next(g for g in found.data["gaps"] if keys.items() <= g.items())
    return float(np.mean(wide)), gap["chance_95"]


@pytest.mark.parametrize("kind", ["faces", "one leaf each", "many leaves each", "some unknown"])
def test_other_attributes_do_not_change_how_well_a_group_is_known(
    kind: str, faces: Callable[..., Any], table: Callable[..., Any]
) -> None:
    """About the mean of its leaf a face, or a person, varies too little; a leaf of one does not vary at all."""
    made = faces(11, n=480, classes=3, unknown=0.0, silent=0.0)
    person = np.arange(480) // 4
    score = np.log(made["p"]) + 1.5 * np.random.default_rng(0).normal(size=(120, 3))[person]
    made["p"] = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    gender = np.where(person % 2, "man", "woman")
    site = {"faces": np.arange(480) % 160, "one leaf each": person}.get(kind, np.arange(480) % 4)
    subject = {"faces": None, "some unknown": [None if i % 20 == 0 else f"p{i // 4}" for i in range(480)]}
    columns = made | {"subject": subject.get(kind, person)}
    settings = {"metrics": NAMES, "resamples": 1000, "permutations": 1000, "cross": 1}
    alone = audit(table(**columns | {"attributes": {"gender": gender}}), **settings)
    among = audit(table(**columns | {"attributes": {"gender": gender, "site": site}}), **settings)
    for name in ("brier", "log_loss", "auroc[angry]", "auroc_macro"):
        assert gender_of(among, name) == pytest.approx(gender_of(alone, name), rel=0.12), name


def test_many_persons_are_added_up(monkeypatch: pytest.MonkeyPatch, table: Callable[..., Any]) -> None:
    """In lots with random signs, sums of products are on average what they are; memory no longer grows with persons."""
    rng, person = np.random.default_rng(4), np.arange(12_000) // 2
    true = rng.integers(0, 2, 12_000)
    right = 1 / (1 + np.exp(-rng.normal(0.8, 1, 12_000) - rng.normal(0, 1.2, 6_000)[person]))
    p = np.stack([np.where(true == c, right, 1 - right) for c in range(2)], axis=1)
    data = table(true, p.argmax(1), {"gender": np.where(person % 2, "man", "woman")}, p=p, subject=person, classes=2)
    settings = {"metrics": ["brier", "auroc"], "resamples": 1000, "permutations": 1000}
    each = audit(data, **settings)
    monkeypatch.setattr(score_persons, "MOST_PARTS", 5_000)
    monkeypatch.setattr(score_persons, "LEAST_PERSONS", 2_000)
    lots = audit(data, **settings)
    for name in ("brier", "auroc[angry]"):
        assert gender_of(lots, name) == pytest.approx(gender_of(each, name), rel=0.1), name
