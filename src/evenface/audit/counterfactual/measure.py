"""What is measured in the families of one attribute: flips, shifts, accuracy and, with scores, probabilities.

A **flip** is a family in which two variants got different answers. It is counted where both got one; where only one
did, the family counts as *lost* instead. Accuracy and selection rates are over families that have both variants; no
answer is not right and selects no class.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evenface.audit.counterfactual.estimates import Differences, Means, difference, mean_change, means
from evenface.audit.counterfactual.families import MOST_VARIANTS, Families

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """What all measures share.

    Attributes:
        clusters: Number of clusters in the whole table.
        persons: Whether clusters are persons.
        level: Confidence of intervals.
    """

    clusters: int
    persons: bool
    level: float

    def means(self, y: Floats, families: Families) -> Means:
        """Means of columns (family, column) in [0, 1]."""
        return means(y, families.cluster, self.clusters, self.level, persons=self.persons)

    def change(self, y: Floats, families: Families) -> Differences:
        """Means of columns (family, column) of differences."""
        return mean_change(y, families.cluster, self.clusters, self.level, persons=self.persons)

    def total(self, y: Floats, families: Families) -> Floats:
        """Sum of each column over each cluster's families, (cluster, column)."""
        out = np.zeros((self.clusters, y.shape[1]))
        np.add.at(out, families.cluster, np.nan_to_num(y))
        return out


@dataclass(frozen=True)
class Whole:
    """An attribute as a whole.

    Attributes:
        any_flip: Share of families with two answers or more, in which not all answers are the same.
        flip: Mean share, over families, of pairs of answered variants that differ.
        lost: Share of families in which some variants got an answer and some did not.
        by_class: `flip` for each intended class, columns in the order of the classes.
        accuracy: Share of right answers of each variant, columns in the order of the variants.
        answered: Share of answered images of each variant.
    """

    any_flip: Means
    flip: Means
    lost: Means
    by_class: Means
    accuracy: Means
    answered: Means


def measure_whole(families: Families, frame: Frame) -> Whole:
    """Measure an attribute as a whole."""
    there, answered = families.there, families.answered
    given = answered.sum(1)
    counts = np.stack([(families.answer == c).sum(1) for c in range(len(families.classes))], axis=1)
    pairs = given * (given - 1) / 2
    same = (counts * (counts - 1) / 2).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        flip = np.where(pairs > 0, 1 - same / pairs, np.nan)
    any_flip = np.where(given > 1, (counts > 0).sum(1) > 1, np.nan)
    lost = ((given > 0) & (given < there.sum(1))).astype(float)
    of_class = families.true[:, None] == np.arange(len(families.classes))
    return Whole(
        any_flip=frame.means(any_flip[:, None], families),
        flip=frame.means(flip[:, None], families),
        lost=frame.means(lost[:, None], families),
        by_class=frame.means(np.where(of_class, flip[:, None], np.nan), families),
        accuracy=frame.means(np.where(there, families.right, np.nan), families),
        answered=frame.means(np.where(there, answered, np.nan), families),
    )


@dataclass(frozen=True)
class Pair:
    """Two variants, over the families that have both.

    Attributes:
        a: Place of the first variant.
        b: Place of the second.
        both: (family,) whether it has both.
        table: (class + 1, class + 1) families by the answers to `a` and to `b`; last: no answer.
        flip: Share of families with two answers whose answers differ.
        right: Share right under `a` and under `b`, and the change.
        share: Share of each class among answers under `a` and under `b`, and the change.
        probability: Mean probability of the intended class under `a` and `b`, and its change; None without scores.
        distance: Mean total variation distance of the probabilities; None without scores.
        steps: Name -> (cluster, column) sums of differences, to be compared with chance.
    """

    a: int
    b: int
    both: NDArray[np.bool_]
    table: NDArray[np.int64]
    flip: Means
    right: tuple[Means, Means, Differences]
    share: tuple[Means, Means, Differences]
    probability: tuple[Floats, Floats, Differences] | None
    distance: Means | None
    steps: dict[str, Floats]


def measure_pairs(families: Families, scores: Floats | None, frame: Frame) -> list[Pair]:
    """Measure every pair of variants that some family has both of; none if there are too many variants."""
    if len(families.variants) > MOST_VARIANTS:
        return []
    pairs = combinations(range(len(families.variants)), 2)
    return [_pair(families, scores, frame, a, b) for a, b in pairs if families.there[:, [a, b]].all(1).any()]


def _pair(families: Families, scores: Floats | None, frame: Frame, a: int, b: int) -> Pair:
    both = families.there[:, a] & families.there[:, b]
    one, two = families.answer[:, a], families.answer[:, b]
    none = len(families.classes)
    table = np.zeros((none + 1, none + 1), np.int64)
    np.add.at(table, (one[both], two[both]), 1)
    answered = both & (one < none) & (two < none)
    flip = np.where(answered, one != two, np.nan)[:, None]
    right = [np.where(both, families.right[:, v], np.nan)[:, None] for v in (a, b)]
    share = [np.where(both[:, None], x[:, None] == np.arange(none + 1), np.nan) for x in (one, two)]
    rights = [frame.means(y, families) for y in right]
    shares = [frame.means(y, families) for y in share]
    steps = {"accuracy": right[1] - right[0], "class": share[1] - share[0]}
    probability, distance = None, None
    if scores is not None:
        p = [_of(scores, families.row[:, v]) for v in (a, b)]
        intended = [np.take_along_axis(each, families.true[:, None], 1) for each in p]
        steps["probability"] = intended[1] - intended[0]
        known = np.isfinite(steps["probability"][:, 0])
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = [np.where(known[:, None], x, 0).sum(0) / known.sum() for x in intended]
        probability = (*sums, frame.change(steps["probability"], families))
        distance = frame.means(np.abs(p[1] - p[0]).sum(1, keepdims=True) / 2, families)
    return Pair(
        a=a,
        b=b,
        both=both,
        table=table,
        flip=frame.means(flip, families),
        right=(rights[0], rights[1], difference(*rights)),
        share=(shares[0], shares[1], difference(*shares)),
        probability=probability,
        distance=distance,
        steps={name: frame.total(y, families) for name, y in steps.items()},
    )


def _of(scores: Floats, row: NDArray[np.int64]) -> Floats:
    """Scores of each family's image, NaN where there is none."""
    return np.where((row >= 0)[:, None], scores[np.maximum(row, 0)], np.nan)


def one_way(families: Families, pair: Pair, x: int, y: int, frame: Frame) -> Floats:
    """Per cluster, families whose answer went from `x` to `y`, less those from `y` to `x`; (cluster,)."""
    one, two = families.answer[:, pair.a], families.answer[:, pair.b]
    went = ((one == x) & (two == y)).astype(float) - ((one == y) & (two == x))
    return frame.total(np.where(pair.both, went, 0)[:, None], families)[:, 0]
