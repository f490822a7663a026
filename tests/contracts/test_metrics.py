"""What every line of the table of metrics owes: an explanation, a range, a hand-worked example, and its symmetries."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import isnan, log, log2, sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from evenface.audit import METRICS
from evenface.audit.cells import Groups, count_cells, make_groups
from evenface.audit.score_draws import ScoreDraws, ScoreSums
from evenface.audit.scored import collect
from evenface.audit.sums import CountSums
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute, Predictions

Floats = NDArray[Any]
NAMES = list(METRICS)
BETWEEN = [name for name in NAMES if METRICS.get(name).scope == "groups"]
OF_ONE_GROUP = [name for name in NAMES if METRICS.get(name).scope == "group"]
SMOOTHED = {"differential_fairness"}  # a pseudo-count is added to each group, so the number of faces matters
SCORE_FIELDS = ("scored", "confidence_residual", "class_residual", "squared_error", "negative_log", "auroc")


@dataclass(frozen=True)
class Faces:
    """A table as arrays, one entry per face; an answer equal to `classes` is none."""

    true: Floats
    answer: Floats
    group: Floats
    p: Floats
    groups: int
    classes: int


def predictions(faces: Faces) -> Predictions:
    classes = [f"c{i}" for i in range(faces.classes)]
    level = np.array([f"g{i}" for i in range(faces.groups)])
    columns = {
        "true": pl.Series(faces.true, dtype=pl.Int16),
        "predicted": pl.Series([None if a == faces.classes else int(a) for a in faces.answer], dtype=pl.Int16),
        "attr:g": level[faces.group],
    }
    columns |= {f"score:{name}": faces.p[:, i] for i, name in enumerate(classes)}
    attribute = Attribute("g", tuple(level.tolist()))
    return Predictions(
        pl.DataFrame(columns).lazy(), LabelSpace.of(classes), (attribute,), len(faces.true), "table in memory", ""
    )


class Read:
    """Everything that any metric reads."""

    def __init__(self, counts: CountSums, scores: ScoreSums | None) -> None:
        self.counts, self.scores = counts, scores

    def __getattr__(self, name: str) -> Any:
        return getattr(self.counts if hasattr(self.counts, name) else self.scores, name)


def sums(faces: Faces) -> Read:
    """Sums of a table by the audit's own route from rows."""
    table = predictions(faces)
    cells = count_cells(table)
    every = make_groups(cells, 1)
    groups = Groups(every.names[: faces.groups], every.member[: faces.groups], every.spans)  # not all faces as one more
    counts = np.tensordot(groups.member.astype(np.int64), cells.counts, axes=1)
    scored = collect(table, cells)
    scores = ScoreDraws(scored, groups, cells.patterns).observed() if scored is not None else None
    return Read(CountSums(counts, cells.counts.sum((0, 2)) > 0), scores)


def random_faces(seed: int, n: int = 240, groups: int = 3, classes: int = 4) -> Faces:
    """Faces read by a model that is worse for later groups."""
    rng = np.random.default_rng(seed)
    true, group = rng.integers(0, classes, n), rng.integers(0, groups, n)
    score = rng.normal(size=(n, classes)) * (0.5 + group[:, None])
    score[np.arange(n), true] += 1.2
    p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    answer = np.where(rng.random(n) < 0.08, classes, p.argmax(1))
    return Faces(true, answer, group, p, groups, classes)


def poor_faces(seed: int) -> Faces:
    """Few faces of many classes, so that much is undefined."""
    return random_faces(seed, n=14, groups=4, classes=5)


def close(got: Floats, wanted: Floats, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


RANDOM = [random_faces(seed) for seed in range(3)] + [poor_faces(seed) for seed in range(3)]


def as_is(faces: Faces) -> Faces:
    return faces


def groups_moved(faces: Faces) -> Faces:
    return replace(faces, group=order_of(faces.groups)[faces.group])


def classes_moved(faces: Faces) -> Faces:
    order = order_of(faces.classes)
    p = np.empty_like(faces.p)
    p[:, order] = faces.p
    return replace(faces, true=order[faces.true], answer=np.r_[order, faces.classes][faces.answer], p=p)


def with_an_empty_group(faces: Faces) -> Faces:
    return replace(faces, groups=faces.groups + 1)


def each_face_twice(faces: Faces) -> Faces:
    columns = {key: np.concatenate([getattr(faces, key)] * 2) for key in ("true", "answer", "group", "p")}
    return replace(faces, **columns)


def order_of(n: int) -> Floats:
    return np.random.default_rng(1).permutation(n)


@cache
def every(change: Callable[[Faces], Faces]) -> list[Read]:
    """The sums of all random tables after a change."""
    return [sums(change(faces)) for faces in RANDOM]


@pytest.mark.parametrize("name", NAMES)
def test_says_what_it_is(name: str) -> None:
    metric = METRICS.get(name)
    assert metric.name == name
    assert len(metric.doc) > 20
    assert metric.formula
    assert len(metric.source) > 4
    assert metric.title[0] == metric.title[0].upper()
    assert metric.direction in ("higher", "lower", "closer")
    assert metric.low < metric.high
    assert (metric.direction == "closer" and isnan(metric.ideal)) or metric.low <= metric.ideal <= metric.high
    assert metric.scope == "groups" or metric.ideal in (metric.low, metric.high) or metric.direction == "closer"


@pytest.mark.parametrize("name", NAMES)
def test_stays_in_its_range_and_shape(name: str) -> None:
    metric = METRICS.get(name)
    for faces, read in zip(RANDOM, every(as_is), strict=True):
        value = metric(read)
        group = (faces.groups,) if metric.scope == "group" else ()
        assert value.shape == (*group, faces.classes) if metric.per_class else value.shape == group
        known = value[np.isfinite(value)]
        assert (known >= metric.low - 1e-12).all()
        assert (known <= metric.high + 1e-12).all()
        assert not np.isinf(value).any()


# Two groups, two classes (happy, sad); answers happy, sad, none.
#            labelled happy   labelled sad
# group 0:   8  2 (2 none)    1  9 (0 none)   labelled 10 10, read 9 11, hits 8 9, answered 20 of 22
# group 1:   4  4 (1 none)    1  3 (3 none)   labelled  8  4, read 5  7, hits 4 3, answered 12 of 16
WORKED = np.array([[[8, 2, 2], [1, 9, 0]], [[4, 4, 1], [1, 3, 3]]])
# Four faces of one group, probability of happy: labelled happy .9 .38, labelled sad .18 .7; the larger one is answered.
# Confidence .9 right, .62 wrong, .82 right, .7 wrong; each alone in its bin.
WORKED_SCORES = Faces(
    np.array([0, 0, 1, 1]),
    np.array([0, 1, 1, 0]),
    np.zeros(4, int),
    np.array([[0.9, 0.1], [0.38, 0.62], [0.18, 0.82], [0.7, 0.3]]),
    1,
    2,
)


def bits(*share: float) -> float:
    return -sum(s * log2(s) for s in share)


HAND: dict[str, Any] = {
    "accuracy": [17 / 20, 7 / 12],
    "accuracy_all": [17 / 22, 7 / 16],
    "accuracy_ceiling": [(17 + 2) / 22, (7 + 4) / 16],
    "coverage": [20 / 22, 12 / 16],
    "balanced_accuracy": [(8 / 10 + 9 / 10) / 2, (4 / 8 + 3 / 4) / 2],
    "macro_f1": [(16 / 19 + 18 / 21) / 2, (8 / 13 + 6 / 11) / 2],
    "weighted_f1": [(10 * 16 / 19 + 10 * 18 / 21) / 20, (8 * 8 / 13 + 4 * 6 / 11) / 12],
    # agreement by chance: (10 * 9 + 10 * 11) / 20^2 = 1/2; (8 * 5 + 4 * 7) / 12^2 = 68/144
    "cohen_kappa": [(0.85 - 0.5) / 0.5, (84 - 68) / (144 - 68)],
    "tpr": [[8 / 10, 9 / 10], [4 / 8, 3 / 4]],
    "fpr": [[1 / 10, 2 / 10], [1 / 4, 4 / 8]],
    "precision": [[8 / 9, 9 / 11], [4 / 5, 3 / 7]],
    "f1": [[16 / 19, 18 / 21], [8 / 13, 6 / 11]],
    "selection_rate": [[9 / 20, 11 / 20], [5 / 12, 7 / 12]],
    "ece": [(0.1 + 0.62 + 0.18 + 0.7) / 4],
    # of happy: |.9 - 1|, |.38 - 1|, |.18 - 0|, |.7 - 0|; of sad the same four
    "classwise_ece": [(0.1 + 0.62 + 0.18 + 0.7) / 4],
    "brier": [2 * (0.1**2 + 0.62**2 + 0.18**2 + 0.7**2) / 4],
    "log_loss": [-(log(0.9) + log(0.38) + log(0.82) + log(0.3)) / 4],
    # of the pairs (.9, .18), (.9, .7), (.38, .18), (.38, .7) three are in order
    "auroc": [[3 / 4, 3 / 4]],
    "auroc_macro": [3 / 4],
    "demographic_parity": 9 / 20 - 5 / 12,  # for either class
    "disparate_impact": (5 / 12) / (9 / 20),  # 25/27 for happy; 33/35 for sad
    "equal_opportunity": 0.8 - 0.5,  # .15 for sad
    "equalized_odds": 0.8 - 0.5,  # with two classes a FPR spread is the other class's TPR spread
    "average_odds": ((0.3 + 0.15) / 2 + (0.15 + 0.3) / 2) / 2,
    "predictive_parity": 9 / 11 - 3 / 7,  # 8/9 - 4/5 for happy
    "worst_group": 24 / 32 - 7 / 12,
    "xu_f": 0.625 / 0.85,
    "mean_gap": (17 / 20 - 7 / 12) / 2,
    # accuracies relative to .75: 17/15 and 7/9; shares 20/32 and 12/32
    "generalized_entropy": (5 / 8 * ((17 / 15) ** 2 - 1) + 3 / 8 * ((7 / 9) ** 2 - 1)) / 2,
    "theil": 5 / 8 * 17 / 15 * log(17 / 15) + 3 / 8 * 7 / 9 * log(7 / 9),
    "differential_fairness": log((9.5 / 21) / (5.5 / 13)),  # happy; sad gives log((7.5 / 13) / (11.5 / 21)), less
    # all faces: FPR 2/14, 6/18; FNR 6/18, 2/14. Changes (dFPR, dFNR) relative to them:
    # group 0 (-.3, -.4) and (-.4, -.3), group 1 (.75, .5) and (.5, .75)
    "combined_error_variance": (2 * 0.05**2 + 2 * 0.125**2) / 2,
    "symmetric_distance_error": (0.1 + 0.25) / 2 / sqrt(2),
    "intraclass_disparity": [1 - 0.5 / 0.8, 1 - 0.75 / 0.9],
    "overall_disparity": (1 - 0.5 / 0.8 + 1 - 0.75 / 0.9) / 2,
    # rows read happy, sad: labelled happy .8 .2 and .5 .5; labelled sad .1 .9 and .25 .75
    "confusion_flow_divergence": (
        bits(0.65, 0.35)
        - (bits(0.8, 0.2) + bits(0.5, 0.5)) / 2
        + bits(0.175, 0.825)
        - (bits(0.1, 0.9) + bits(0.25, 0.75)) / 2
    )
    / 2,
}


@pytest.mark.parametrize("name", NAMES)
def test_gives_the_value_worked_by_hand(name: str) -> None:
    metric = METRICS.get(name)
    read = sums(WORKED_SCORES) if metric.needs == "scores" else CountSums(WORKED)
    close(metric(read), np.array(HAND[name]), 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_follows_a_permutation_of_the_groups(name: str) -> None:
    metric = METRICS.get(name)
    for faces, before, after in zip(RANDOM, every(as_is), every(groups_moved), strict=True):
        moved = metric(after)
        close(moved[order_of(faces.groups)] if metric.scope == "group" else moved, metric(before))


@pytest.mark.parametrize("name", NAMES)
def test_follows_a_permutation_of_the_classes(name: str) -> None:
    metric = METRICS.get(name)
    for faces, before, after in zip(RANDOM, every(as_is), every(classes_moved), strict=True):
        moved = metric(after)
        close(moved[..., order_of(faces.classes)] if metric.per_class else moved, metric(before))


@pytest.mark.parametrize("name", OF_ONE_GROUP)
def test_of_an_empty_group_is_undefined(name: str) -> None:
    metric = METRICS.get(name)
    for before, after in zip(every(as_is), every(with_an_empty_group), strict=True):
        assert np.isnan(metric(after)[-1]).all()
        close(metric(after)[:-1], metric(before))


@pytest.mark.parametrize("name", BETWEEN)
def test_an_empty_group_takes_no_part(name: str) -> None:
    metric = METRICS.get(name)
    for before, after in zip(every(as_is), every(with_an_empty_group), strict=True):
        close(metric(after), metric(before))


@pytest.mark.parametrize("name", BETWEEN)
def test_one_group_alone_is_no_comparison(name: str) -> None:
    metric = METRICS.get(name)
    counts = random_counts(5, (3, 4, 5))
    assert np.isnan(metric(CountSums(counts[:1]))).all()
    counts[1:] = 0
    assert np.isnan(metric(CountSums(counts))).all()


@pytest.mark.parametrize("name", BETWEEN)
def test_no_faces_at_all_is_no_comparison(name: str) -> None:
    assert np.isnan(METRICS.get(name)(CountSums(np.zeros((3, 4, 5))))).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SMOOTHED])
def test_depends_on_shares_and_not_on_the_number_of_faces(name: str) -> None:
    metric = METRICS.get(name)
    for before, after in zip(every(as_is), every(each_face_twice), strict=True):
        close(metric(after), metric(before))


@pytest.mark.parametrize("name", [name for name in OF_ONE_GROUP if METRICS.get(name).direction != "closer"])
def test_a_perfect_model_has_the_ideal_value(name: str) -> None:
    metric = METRICS.get(name)
    faces = random_faces(7)
    perfect = replace(faces, answer=faces.true, p=np.eye(faces.classes)[faces.true])
    close(metric(sums(perfect)), metric.ideal)


@pytest.mark.parametrize("name", BETWEEN)
def test_an_even_model_has_the_ideal_value(name: str) -> None:
    metric = METRICS.get(name)
    one = random_counts(3, (1, 4, 5)) + 1
    even = np.concatenate([one, one, one if name in SMOOTHED else 3 * one])
    close(metric(CountSums(even)), metric.ideal)


@pytest.mark.parametrize("name", BETWEEN)
def test_a_perfect_model_is_even_or_the_comparison_is_undefined(name: str) -> None:
    """A change relative to an error rate of 0 is not defined."""
    metric = METRICS.get(name)
    perfect = np.zeros((2, 3, 4)) + 20 * np.eye(3, 4)
    value = metric(CountSums(perfect))
    assert ((value == metric.ideal) | np.isnan(value)).all()


def random_counts(seed: int, shape: tuple[int, ...]) -> Floats:
    """Counts like those of a model that is mostly right."""
    rng = np.random.default_rng(seed)
    return rng.poisson(2 + 12 * np.eye(*shape[-2:]), size=shape)


def stacked(name: str, dtype: type) -> tuple[Floats, list[Floats]]:
    """A metric on a stack of three tables, and on each of them alone."""
    metric = METRICS.get(name)
    if metric.needs != "scores":
        counts = random_counts(4, (3, 4, 5, 6)).astype(dtype)
        return metric(CountSums(counts)), [metric(CountSums(one)) for one in counts]
    parts = every(as_is)[:3]
    stacks = {key: np.stack([getattr(part, key) for part in parts]).astype(dtype) for key in SCORE_FIELDS}
    assert parts[0].scores is not None
    return metric(replace(parts[0].scores, **stacks)), [metric(part) for part in parts]


@pytest.mark.parametrize("name", NAMES)
def test_leading_axes_are_free(name: str) -> None:
    many, alone = stacked(name, np.float64)
    close(many, np.stack(alone), 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_agrees(name: str) -> None:
    """Draws are evaluated in single precision."""
    close(stacked(name, np.float32)[0], stacked(name, np.float64)[0], 2e-6)
