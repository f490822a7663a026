"""Scores where persons are known: what each person adds to every leaf, and random draws of it.

A person stays whole whatever the leaves are: a draw gives each person one weight, in all leaves. Faces whose person is
not known have weights of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Units
from evenface.audit.placements import pooled_placements

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
MOST_PARTS = 100_000  # persons by leaves that are held; where there are more, several persons share a weight
LEAST_PERSONS = 1_024
WEIGHTS_AT_ONCE = 4_000_000
ROUNDING = 1e-9  # of sums of squares


class PersonSums:
    """Sums over the faces of each person in each leaf of (features, one column per label, 1), see `audit.scored`.

    Where there are more than `MOST_PARTS` of them, persons are added up in at least `LEAST_PERSONS` lots, each with a
    random sign, which leaves sums of products what they are on average.

    Attributes:
        person: (part,) whose sums they are.
        leaf: (part,) in which leaf, ascending.
        total: (part, column) the sums.
        loose: (leaf, column, column) sums of outer products of faces of unknown persons.
    """

    def __init__(self, units: Units, leaves: int, features: int, classes: int) -> None:
        self.features, self.labels, self.lots = features, np.eye(classes), units.n
        self.sign = np.ones(units.n)
        if len(np.unique(units.leaf * units.n + units.subject)) > MOST_PARTS:
            self.lots = min(max(LEAST_PERSONS, MOST_PARTS // leaves), units.n)
            self.sign = np.random.default_rng(0).choice([-1.0, 1.0], units.n)
        self._part = np.unique(units.leaf * self.lots + units.subject % self.lots)
        self.leaf, self.person = np.divmod(self._part, self.lots)
        wide = features + classes + 1
        self.total = np.zeros((len(self._part), wide))
        self.loose = np.zeros((leaves, wide, wide))

    def add(self, x: Floats, true: Ints, leaf: Ints, person: Ints) -> None:
        """Add some faces; `person` is negative where it is not known."""
        wide = np.c_[x, self.labels[true], np.ones(len(x))]
        known = person >= 0
        who = person[known]
        index = np.searchsorted(self._part, leaf[known] * self.lots + who % self.lots)
        np.add.at(self.total, index, wide[known] * self.sign[who, None])
        for place in np.unique(leaf[~known]):
            mine = wide[~known & (leaf == place)]
            self.loose[place] += mine.T @ mine

    def noise(self, rng: np.random.Generator, size: int, *, signs: bool) -> Singles:
        """Weighted sums (column, leaf, draw); weights are signs or normal, with mean 0 and variance 1."""
        out = np.zeros((self.total.shape[1], len(self.loose), size), np.float32)
        edges = np.searchsorted(self.leaf, np.arange(len(self.loose) + 1))
        step = max(1, WEIGHTS_AT_ONCE // self.lots)
        for at in (slice(start, min(start + step, size)) for start in range(0, size, step)):
            weight = _weights(rng, (self.lots, at.stop - at.start), signs=signs)
            for leaf, (start, stop) in enumerate(pairwise(edges)):
                out[:, leaf, at] = self._single[start:stop].T @ weight[self.person[start:stop]]
        for leaf, root in self._loose_roots.items():
            out[:, leaf] += root @ rng.standard_normal((root.shape[1], size), np.float32)
        return out

    @cached_property
    def _single(self) -> Singles:
        return self.total.astype(np.float32)

    @cached_property
    def _loose_roots(self) -> dict[int, Singles]:
        some = np.flatnonzero(self.loose[:, -1, -1]).tolist()
        return {leaf: square_root(self.loose[leaf]).astype(np.float32) for leaf in some}

    def of(self, leaves: NDArray[np.bool_], columns: slice) -> Floats:
        """Totals (person, column) over some leaves."""
        mine = leaves[self.leaf]
        who, index = np.unique(self.person[mine], return_inverse=True)
        out = np.zeros((len(who), len(range(*columns.indices(self.total.shape[1])))))
        np.add.at(out, index, self.total[mine, columns])
        return out


class PersonDraws:
    """What groups' sums may be where persons are the units.

    Args:
        persons: Their sums.
        n: (leaf,) faces.
        first: (leaf, feature) sums of features.
        histogram: (class, leaf, side, level), see `audit.scored`.
        member: (group, leaf) whether the leaf belongs to the group; the last group is all faces.
    """

    def __init__(
        self, persons: PersonSums, n: Floats, first: Floats, histogram: Floats, member: NDArray[np.bool_]
    ) -> None:
        self.persons, self.n, self.first, self.histogram, self.member = persons, n, first, histogram, member
        self.classes, self.features = len(histogram), first.shape[1]
        self.at = self.features - 2 * self.classes  # where placements begin
        every = slice(self.features + self.classes, None)
        lone = member @ persons.loose[:, -1, -1]
        self.number = lone + [np.count_nonzero(persons.of(leaves, every)) for leaves in member]

    def noise(self, rng: np.random.Generator, size: int) -> Singles:
        """What other persons would add to the sums of each leaf, and to its faces: (feature + 1, leaf, draw)."""
        drawn = self.persons.noise(rng, size, signs=False)
        return np.concatenate([drawn[: self.features], drawn[-1:]])

    def chance(self, rng: np.random.Generator, size: int, patterns: Sequence[Ints]) -> Singles:
        """Sums of each leaf if persons depart from everybody's means with a sign of their own, (feature, leaf, draw).

        Placements are sums of departures, of either side from its own mean: AUROC is conditional on the label.
        """
        drawn = self.persons.noise(rng, size, signs=True)
        drawn *= np.float32(np.sqrt(bessel(self.number[-1])))
        labelled, every = drawn[self.features : -1], drawn[-1]
        out = drawn[: self.features]
        for leaves in patterns:
            mean = self._means(leaves).astype(np.float32)[:, None, None]
            plain, positive, negative = np.split(mean, [self.at, self.at + self.classes])
            out[: self.at, leaves] += plain * (self.n[leaves, None].astype(np.float32) - every[leaves])
            out[self.at : self.at + self.classes, leaves] -= positive * labelled[:, leaves]
            out[self.at + self.classes :, leaves] -= negative * (every[leaves] - labelled[:, leaves])
        return out

    def _means(self, leaves: Ints) -> Floats:
        """(feature,) per face of some leaves; of placements, per face of their side."""
        faces = np.full(self.features, self.n[leaves].sum())
        faces[self.at :] = self.histogram[:, leaves].sum((1, 3))[:, ::-1].T.reshape(-1)
        return np.asarray(self.first[leaves].sum(0) / np.maximum(faces, 1))

    def covariance(self) -> Floats:
        """Of the placements of one face among all faces, (2 class, 2 class), widened to persons."""
        columns = slice(self.at, self.features)
        own = self.persons.of(self.member[-1], columns)
        return np.asarray((own.T @ own + self.persons.loose[:, columns, columns].sum(0)) / self.n.sum())

    def design_effect(self) -> Floats:
        """Variance of AUROCs with persons as units over that with faces as units, (group, class), at least 1.

        Both are of placements among all faces, which rank as those within a group do; DeLong's variance is within.
        """
        placement = pooled_placements(self.histogram)
        n, first, square = (
            np.einsum("gl,clsk,csk->gcs", self.member.astype(float), self.histogram, power, optimize=True)
            for power in (np.ones_like(placement), placement, placement**2)
        )
        spread = square - first**2 / np.maximum(n, 1)
        faces = np.where(spread > ROUNDING * square, spread, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            alone = (faces * bessel(n) / n**2).sum(-1)
            together = np.stack([self._together(g, first[g] / n[g], n[g]) for g in range(len(n))])
            # Where faces do not differ, as where all are told apart, there is nothing that persons could widen.
            return np.where(alone > 0, np.fmax(together / alone, 1.0), 1.0)

    def _together(self, group: int, mean: Floats, faces: Floats) -> Floats:
        """Variance of AUROCs of a group with persons as units, (class,); `mean` and `faces` are (class, side)."""
        c, columns = self.classes, slice(self.at, None)
        own = self.persons.of(self.member[group], columns)  # placements of positives, of negatives, labels, faces
        loose = np.tensordot(self.member[group], self.persons.loose[:, columns, columns], 1)
        labelled, lone = own[:, 2 * c : 3 * c], np.diag(loose)[2 * c : 3 * c]
        persons = np.stack([(own[:, -1:] != labelled).sum(0) + loose[-1, -1] - lone, (labelled != 0).sum(0) + lone], -1)
        negative, positive = (np.sqrt(bessel(persons)) / faces).T
        # (column, class): what takes a person's sums to its part in the AUROC's error.
        part = np.concatenate([np.diag(positive), np.diag(negative), np.zeros((c + 1, c))])
        part[2 * c : 3 * c] = np.diag(negative * mean[:, 0] - positive * mean[:, 1])
        part[-1] = -negative * mean[:, 0]
        return np.asarray(((own @ part) ** 2).sum(0) + np.einsum("ac,ab,bc->c", part, loose, part))


def bessel(n: Floats) -> Floats:
    """What makes a variance about the mean of `n` one about the truth."""
    return np.asarray(n / np.maximum(n - 1, 1))


def _weights(rng: np.random.Generator, shape: tuple[int, int], *, signs: bool) -> Singles:
    if signs:
        return 2 * rng.integers(0, 2, shape, np.int8).astype(np.float32) - 1
    return rng.standard_normal(shape, np.float32)


def square_root(covariance: Floats) -> Floats:
    """A square root (feature, rank) of a covariance that may be singular."""
    value, vector = np.linalg.eigh((covariance + covariance.T) / 2)
    keep = value > 1e-12 * max(float(value[-1]), 0.0)
    return np.asarray(vector[:, keep] * np.sqrt(value[keep]))
