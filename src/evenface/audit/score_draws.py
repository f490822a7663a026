"""What score metrics read: observed sums per group, and random draws of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Groups
from evenface.audit.metric import Array, Support
from evenface.audit.placements import placements_of
from evenface.audit.score_persons import PersonDraws, Singles, bessel, square_root
from evenface.audit.scored import Scored
from evenface.core.calibration import BINS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ScoreSums:
    """What score metrics read; leading axes free, then group."""

    scored: Array
    confidence_residual: Array
    class_residual: Array
    squared_error: Array
    negative_log: Array
    auroc: Array
    bin_count: Array
    bin_confidence: Array
    labelled: Array
    in_use: Array


class ScoreDraws:
    """Observed sums and random draws of them for the groups of an audit.

    Args:
        scored: Moments per leaf.
        groups: Which leaves each group holds.
        patterns: Leaves among which faces may be exchanged, see `Cells.patterns`.
    """

    def __init__(self, scored: Scored, groups: Groups, patterns: Sequence[Ints]) -> None:
        self.scored = scored
        self.member = groups.member.astype(float)
        self.patterns = patterns
        self.n = self.member @ scored.n
        self.first = self.member @ scored.first
        self.at = BINS * (scored.classes + 1) + 2  # where placements begin
        self.placement = placements_of(scored.histogram, self.member)
        self.persons = None
        if scored.persons is not None:
            self.persons = PersonDraws(scored.persons, scored.n, scored.first, scored.histogram, groups.member)
        effect = 1.0 if self.persons is None else self.persons.design_effect()
        self.auroc_sd = np.sqrt(np.nan_to_num(self.placement.variance * effect))
        self.pools = [_Pool(scored, leaves) for leaves in patterns] if self.persons is None else []
        self.pooled_auroc = self.placement.auroc[-1]  # the last group is all faces
        self.auroc_root = square_root(self._correlation(self._covariance()))

    def _covariance(self) -> Floats:
        """Of one face's placements among all faces, (2 class, 2 class)."""
        if self.persons is not None:
            return self.persons.covariance()
        return _Pool(self.scored, np.arange(len(self.scored.n))).covariance[self.at :, self.at :]

    def _correlation(self, pooled: Floats) -> Floats:
        """Correlation between classes of the errors of their AUROCs, from pooled placements, (class, class)."""
        share = self.scored.histogram.sum((1, 3)) / self.scored.n.sum()  # (class, side)
        with np.errstate(divide="ignore", invalid="ignore"):
            lift = np.concatenate([np.diag(1 / share[:, 1]), np.diag(1 / share[:, 0])])
        lift = np.where(np.isfinite(lift), lift, 0)
        covariance = lift.T @ pooled @ lift
        sd = np.sqrt(np.maximum(np.diag(covariance), 0))
        scale = np.where(sd > 0, sd, 1)
        return covariance / np.outer(scale, scale)

    def support(self, kind: Support) -> Floats:
        """How many faces with scores a value rests on, (group, class); the class axis has length 1 for whole groups."""
        if kind == "labelled":
            return self.placement.positives
        return self.placement.negatives if kind == "not labelled" else self.n[:, None]

    def observed(self) -> ScoreSums:
        """The sums as they are."""
        return self._sums(self.first, self.placement.auroc)

    def bootstrap(self, rng: np.random.Generator, size: int) -> ScoreSums:
        """What other samples of the same groups would have held, (size, group, …)."""
        noise = self._noise(rng, size) if self.persons is None else self.persons.noise(rng, size)
        drawn = self.member.astype(np.float32) @ noise
        sums = drawn[:-1]
        sums -= (self.first / np.maximum(self.n, 1)[:, None]).T[..., None].astype(np.float32) * drawn[-1]
        sums *= np.sqrt(bessel(self.n if self.persons is None else self.persons.number))[:, None].astype(np.float32)
        sums += self.first.T[..., None].astype(np.float32)
        error = rng.standard_normal((size, len(self.n), self.auroc_root.shape[1])) @ self.auroc_root.T
        return self._sums(sums.T, self.placement.auroc + self.auroc_sd * error)

    def _noise(self, rng: np.random.Generator, size: int) -> Singles:
        """What draws of faces add to the sums of each leaf, and to its number of faces: (feature + 1, leaf, draw)."""
        leaves, width = self.scored.first.shape
        noise = np.empty((width + 1, leaves, size), np.float32)
        for leaf, root in enumerate(self.scored.roots):
            root = np.sqrt(self.scored.n[leaf]) * root
            noise[:, leaf] = root.astype(np.float32) @ rng.standard_normal((root.shape[1], size), np.float32)
        return noise

    def chance(self, rng: np.random.Generator, size: int) -> ScoreSums:
        """What the same faces would have given had groups been dealt at random, (size, group, …)."""
        own = (self.placement.positives, self.placement.negatives)
        scale = [np.ones(1)] * 2
        if self.persons is not None:
            drawn = self.persons.chance(rng, size, self.patterns)
        else:
            drawn = self._dealt(rng, size)
            # Each side is dealt within its class: scaled from the share of the class in all faces to that in the group.
            share = self.scored.histogram.sum((1, 3))[:, ::-1].T / self.scored.n.sum()  # (side, class)
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = [np.sqrt(faces / (self.n[:, None] * s)) for faces, s in zip(own, share, strict=True)]
        sums = (self.member.astype(np.float32) @ drawn).T
        sides = np.split(sums[..., self.at :], 2, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            off = [side * (s / faces) for side, s, faces in zip(sides, scale, own, strict=True)]
        return self._sums(sums, self.pooled_auroc + off[0] + off[1])

    def _dealt(self, rng: np.random.Generator, size: int) -> Singles:
        """Sums of each leaf if its faces come from those of its pattern, (feature, leaf, draw)."""
        scored = self.scored
        leaves, width = scored.first.shape
        drawn = np.empty((width, leaves, size), np.float32)
        for pool in self.pools:
            n = scored.n[pool.leaves].astype(np.float32)
            normal = rng.standard_normal((pool.root.shape[1], len(n), size), np.float32)
            normal *= np.sqrt(n)[:, None]
            mine = (pool.root.astype(np.float32) @ normal.reshape(len(normal), len(n) * size)).reshape(
                width, len(n), size
            )
            mine += (n * pool.mean[:, None].astype(np.float32))[:, :, None]
            drawn[:, pool.leaves] = mine
        return drawn

    def _sums(self, sums: Array, auroc: Array) -> ScoreSums:
        c = self.scored.classes
        tail = BINS * (c + 1)
        residual = sums.T[BINS:tail].reshape(c, BINS, *sums.shape[-2::-1])  # (class, bin, group, …)
        bins = np.einsum("gl,lbk->gbk", self.member, self.scored.bins)
        defined = (self.placement.positives > 0) & (self.placement.negatives > 0)
        return ScoreSums(
            scored=np.where(self.n > 0, self.n, np.nan),
            confidence_residual=sums[..., :BINS],
            class_residual=residual.transpose(*range(residual.ndim - 1, 1, -1), 0, 1),
            squared_error=sums[..., tail],
            negative_log=sums[..., tail + 1],
            auroc=np.where(defined, auroc, np.nan),
            bin_count=bins[..., 0],
            bin_confidence=bins[..., 1],
            labelled=self.placement.positives,
            in_use=np.asarray(self.scored.histogram[:, :, 1].any((1, 2))),
        )


class _Pool:
    """Moments of one face drawn from some leaves together."""

    def __init__(self, scored: Scored, leaves: Ints) -> None:
        self.leaves = leaves
        n = max(float(scored.n[leaves].sum()), 1.0)
        self.mean = scored.first[leaves].sum(0) / n
        self.covariance = scored.second[leaves].sum(0) / n - np.outer(self.mean, self.mean)
        self.root = square_root(self.covariance)
