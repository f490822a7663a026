"""Ranking faces by a class's probability: levels, histograms of them, and the AUROC they give.

A **placement** is the share of the other side's faces that a face is ranked rightly against (DeLong et al. 1988); the
AUROC is the mean placement, and its variance follows from theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GRID_SPAN = 14.0  # of log-odds, where exact levels do not fit


@dataclass(frozen=True)
class Placement:
    """AUROC of each class in each group, and the variance of the placements of each side, (group, class)."""

    auroc: Floats
    variance_positive: Floats
    variance_negative: Floats
    positives: Floats
    negatives: Floats

    @property
    def variance(self) -> Floats:
        """Variance of the AUROC (DeLong)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.variance_positive / self.positives + self.variance_negative / self.negatives


def exact_levels(parts: Sequence[Floats], room: int) -> list[Floats] | None:
    """The distinct probabilities of each class, if there is room for a histogram of them.

    Args:
        parts: Probabilities (face, class), in parts.
        room: Levels that there is room for.
    """
    if sum(len(part) for part in parts) > 8 * room:
        return None
    levels = [np.unique(column) for column in np.concatenate(parts).T]
    return levels if max(len(v) for v in levels) <= room else None


def level_of(p: Floats, c: int, levels: list[Floats] | None, width: int) -> Ints:
    """The level, 0 … width - 1, of a probability on the scale on which class `c` is ranked."""
    if levels is not None:
        return np.searchsorted(levels[c], p)
    with np.errstate(divide="ignore"):
        odds = np.log(p) - np.log1p(-p)
    return np.clip((odds + GRID_SPAN) * (width / (2 * GRID_SPAN)), 0, width - 1).astype(np.int64)


def _placements(histogram: Floats) -> tuple[Floats, Floats]:
    """Placement of each level among the other side, (…, 2, level): share below plus half of ties; and AUROC (…)."""
    negative, positive = histogram[..., 0, :], histogram[..., 1, :]
    below = np.cumsum(negative, -1) - negative / 2
    above = positive.sum(-1, keepdims=True) - np.cumsum(positive, -1) + positive / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        of_positive = below / negative.sum(-1, keepdims=True)
        of_negative = above / positive.sum(-1, keepdims=True)
        auroc = (of_positive * positive).sum(-1) / positive.sum(-1)
    return np.stack([of_negative, of_positive], axis=-2), auroc


def pooled_placements(histogram: Floats) -> Floats:
    """Centred placements (class, side, level) among all faces; 0 where a class has no faces or nothing but faces."""
    placement, auroc = _placements(histogram.sum(1))
    return np.nan_to_num(placement - auroc[:, None, None])


def placements_of(histogram: Floats, member: Floats) -> Placement:
    """AUROC and its variance in groups.

    Args:
        histogram: (class, leaf, side, level).
        member: (group, leaf), 1 where the leaf belongs to the group.
    """
    with ThreadPoolExecutor() as pool:  # a class at a time stays in the cache, and the classes share the cores
        parts = list(pool.map(lambda one: _of_class(one, member), histogram))
    return Placement(*(np.stack(part, axis=-1) for part in zip(*parts, strict=True)))


def _of_class(histogram: Floats, member: Floats) -> tuple[Floats, ...]:
    """AUROC, variances of the placements of both sides and their sizes, each (group,), from (leaf, side, level)."""
    leaves, sides, width = histogram.shape
    own = (member @ histogram.reshape(leaves, sides * width)).reshape(-1, sides, width)
    placement, auroc = _placements(own)
    sizes = own.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The mean placement of either side is the AUROC.
        square = np.einsum("gsk,gsk,gsk->gs", own, placement, placement) - sizes * auroc[:, None] ** 2
        variance = np.maximum(square, 0) / np.maximum(sizes - 1, 1)
    return auroc, variance[:, 1], variance[:, 0], sizes[:, 1], sizes[:, 0]
