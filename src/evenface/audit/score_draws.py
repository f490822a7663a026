"""What score metrics read: observed sums per group, and random draws of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Groups
from evenface.audit.metric import Array, Support
from evenface.audit.placements import placements_of, pooled_placements
from evenface.audit.scored import Scored, square_root
from evenface.core.calibration import BINS

ROUNDING = 1e-9  # of sums of squares
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
        self.n = self.member @ scored.n
        self.placement = placements_of(scored.histogram, self.member)
        self.auroc_sd = np.sqrt(np.nan_to_num(self.placement.variance * self._design_effect()))
        self.pools = [_Pool(scored, leaves) for leaves in patterns]
        self.pooled_auroc = self.placement.auroc[-1]  # the last group is all faces
        everybody = _Pool(scored, np.arange(len(scored.n)))
        self.auroc_root = square_root(self._correlation(everybody.covariance))

    def _correlation(self, pooled: Floats) -> Floats:
        """Correlation between classes of the errors of their AUROCs, from pooled placements, (class, class)."""
        c = self.scored.classes
        at = BINS * (c + 1) + 2
        share = self.scored.histogram.sum((1, 3)) / self.scored.n.sum()  # (class, side)
        with np.errstate(divide="ignore", invalid="ignore"):
            lift = np.concatenate([np.diag(1 / share[:, 1]), np.diag(1 / share[:, 0])])
        lift = np.where(np.isfinite(lift), lift, 0)
        covariance = lift.T @ pooled[at:, at:] @ lift
        sd = np.sqrt(np.maximum(np.diag(covariance), 0))
        scale = np.where(sd > 0, sd, 1)
        return covariance / np.outer(scale, scale)

    def _design_effect(self) -> Floats:
        """Variance of AUROCs with persons as units over that with faces as units, (group, class), at least 1.

        Both are of placements among all faces, which rank as those within a group do; DeLong's variance is within.
        """
        if not self.scored.of_persons.size:
            return np.ones(self.placement.auroc.shape)
        histogram = self.scored.histogram
        placement = pooled_placements(histogram)
        n = histogram.sum(-1)
        first = np.einsum("clsk,csk->cls", histogram, placement, optimize=True)
        square = np.einsum("clsk,csk->cls", histogram, placement**2, optimize=True)
        spread = square - first**2 / np.maximum(n, 1)
        faces = np.where(spread > ROUNDING * square, spread, 0).transpose(1, 0, 2)  # (leaf, class, side)
        with np.errstate(divide="ignore", invalid="ignore"):
            lift = 1 / np.stack([self.placement.negatives, self.placement.positives], axis=-1)  # (group, class, side)
            alone = np.einsum("gl,lcs,gcs->gc", self.member, faces, lift**2 * _unbiased(1 / lift))
            persons = np.einsum("gl,lcs->gcs", self.member, self.scored.persons)
            lift = lift * np.sqrt(_unbiased(persons))
            together = np.einsum("gl,lcst,gcs,gct->gc", self.member, self.scored.of_persons, lift, lift, optimize=True)
            # Where faces do not differ, as where all are told apart, there is nothing that persons could widen.
            return np.where(alone > 0, np.fmax(together / alone, 1.0), 1.0)

    def support(self, kind: Support) -> Floats:
        """How many faces with scores a value rests on, (group, class); the class axis has length 1 for whole groups."""
        if kind == "labelled":
            return self.placement.positives
        return self.placement.negatives if kind == "not labelled" else self.n[:, None]

    def observed(self) -> ScoreSums:
        """The sums as they are."""
        return self._sums(self.member @ self.scored.first, self.placement.auroc)

    def bootstrap(self, rng: np.random.Generator, size: int) -> ScoreSums:
        """What other samples of the same groups would have held, (size, group, …)."""
        scored = self.scored
        leaves, width = scored.first.shape
        noise = np.empty((width, leaves, size), np.float32)
        for leaf in range(leaves):
            root = np.sqrt(scored.n[leaf]) * scored.roots[leaf]
            noise[:, leaf] = root.astype(np.float32) @ rng.standard_normal((root.shape[1], size), np.float32)
        noise += scored.first.T[:, :, None].astype(np.float32)
        sums = self._gather(noise)
        error = rng.standard_normal((size, len(self.n), self.auroc_root.shape[1])) @ self.auroc_root.T
        return self._sums(sums, self.placement.auroc + self.auroc_sd * error)

    def chance(self, rng: np.random.Generator, size: int) -> ScoreSums:
        """What the same faces would have given had groups been dealt at random, (size, group, …)."""
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
        sums = self._gather(drawn)
        at = BINS * (scored.classes + 1) + 2
        with np.errstate(divide="ignore", invalid="ignore"):
            # Each side is dealt within its class: scaled from the share of the class in all faces to that in the group.
            share = scored.histogram.sum((1, 3)) / scored.n.sum()  # (class, side)
            own = (self.placement.negatives, self.placement.positives)
            scale = [np.sqrt(own[side] / (self.n[:, None] * share[:, side])) / own[side] for side in (0, 1)]
            positive = sums[..., at : at + scored.classes] * scale[1]
            negative = sums[..., at + scored.classes : at + 2 * scored.classes] * scale[0]
        return self._sums(sums, self.pooled_auroc + positive + negative)

    def _gather(self, drawn: Array) -> Array:
        """Leaves (feature, leaf, draw) to groups (draw, group, feature), draws innermost in memory, see `drawing`."""
        return (self.member.astype(drawn.dtype) @ drawn).T

    def _sums(self, sums: Floats, auroc: Floats) -> ScoreSums:
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


def _unbiased(n: Floats) -> Floats:
    """What makes a variance about the mean of `n` one about the truth."""
    return np.asarray(n / np.maximum(n - 1, 1))


class _Pool:
    """Moments of one face drawn from some leaves together."""

    def __init__(self, scored: Scored, leaves: Ints) -> None:
        self.leaves = leaves
        n = max(float(scored.n[leaves].sum()), 1.0)
        self.mean = scored.first[leaves].sum(0) / n
        self.covariance = scored.second[leaves].sum(0) / n - np.outer(self.mean, self.mean)
        self.root = square_root(self.covariance)
