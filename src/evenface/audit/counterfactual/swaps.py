"""What luck alone gives, if it does not matter which variant was shown.

**Turned differences**: each cluster's differences between variants keep or change their sign by a coin, all of them
by the same one, so that how they hang together stays (exact for one pair of exchangeable variants; the wild bootstrap
of Wu 1986 and Cameron, Gelbach & Miller 2008 otherwise). One set of coins serves every pair, class and transition, so
that the largest of them all can be corrected for (`evenface.audit.gaps.adjust`).

**Exchanged variants**: within each cluster the variants' names are dealt out anew, for Cochran's Q, which asks whether
any variant is read better than another (Cochran 1950, doi:10.1093/biomet/37.3-4.256).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.compare.gapchange import swap_p
from evenface.audit.gaps import adjust

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 100  # draws at a time, to bound memory


@dataclass(frozen=True)
class Column:
    """One difference between two variants.

    Attributes:
        key: Names it.
        family: Columns of one family are corrected together.
        total: (cluster,) sum of the differences of the cluster's families.
    """

    key: tuple[object, ...]
    family: str
    total: Floats


@dataclass(frozen=True)
class Chance:
    """p of each column by its key: alone, and corrected over its family."""

    p: dict[tuple[object, ...], float]
    adjusted: dict[tuple[object, ...], float]


def turn(columns: Sequence[Column], draws: int, seed: int, own: dict[tuple[object, ...], float]) -> Chance:
    """Compare each sum of differences with its sums under coins.

    Args:
        columns: The differences.
        draws: How many sets of coins.
        seed: Of the coins.
        own: p that an exact test gives, by key; used instead of the coins' p.
    """
    if not columns:
        return Chance({}, {})
    totals = np.stack([column.total for column in columns], axis=1)
    rng = np.random.default_rng([seed, 1])
    parts = []
    for start in range(0, draws, BATCH):
        coins = rng.integers(0, 2, (min(BATCH, draws - start), len(totals))) * 2.0 - 1
        parts.append(coins @ totals)
    drawn, seen = np.concatenate(parts), totals.sum(0)
    p = swap_p(seen, drawn)
    p = np.array([own.get(column.key, each) for column, each in zip(columns, p, strict=True)])
    adjusted = adjust(np.abs(seen), np.abs(drawn), [column.family for column in columns])
    keys = [column.key for column in columns]
    return Chance(
        dict(zip(keys, p.tolist(), strict=True)), dict(zip(keys, np.maximum(adjusted, p).tolist(), strict=True))
    )


@dataclass(frozen=True)
class Cochran:
    """Cochran's Q over complete families.

    Attributes:
        q: The statistic; NaN where no family was read rightly in some variants and wrongly in others.
        df: Variants - 1.
        p: By exchange of variants within clusters; NaN where `q` is.
        families: Families with every variant.
    """

    q: float
    df: int
    p: float
    families: int


def cochran(right: NDArray[np.bool_], cluster: Ints, draws: int, seed: int) -> Cochran:
    """Cochran's Q.

    Args:
        right: (family, variant), families with every variant alone.
        cluster: (family,) of any numbering.
        draws: How often variants are exchanged; all variants of a cluster's families in the same way.
        seed: Of the draws.
    """
    families, k = right.shape
    row = right.sum(1)
    within = float((k * row - row * row).sum())
    if within == 0:
        return Cochran(np.nan, k - 1, np.nan, families)
    _, who = np.unique(cluster, return_inverse=True)
    sums = np.zeros((int(who.max()) + 1, k))
    np.add.at(sums, who, right)
    spread = _spread(sums.sum(0)[None])[0]
    rng = np.random.default_rng([seed, 2])
    mixed = sums[(sums != sums[:, :1]).any(1)]  # exchanging equal counts changes nothing
    rest = sums.sum(0) - mixed.sum(0)
    drawn = np.empty(draws)
    for i in range(draws):
        drawn[i] = _spread((rng.permuted(mixed, axis=1).sum(0) + rest)[None])[0]
    p = ((drawn >= spread - 1e-9).sum() + 1) / (draws + 1)
    return Cochran((k - 1) * k * spread / within, k - 1, float(p), families)


def _spread(columns: Floats) -> Floats:
    """Sum of squares of the variants' numbers right about their mean, (…, variant) -> (…)."""
    return ((columns - columns.mean(-1, keepdims=True)) ** 2).sum(-1)
