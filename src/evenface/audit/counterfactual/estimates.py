"""Means over families and how sure they are, where families of one person are not independent.

A value is a mean over the families that it is defined for. How each cluster (a person, or a family where persons are
not known) moves it gives its variance (linearisation; Liang & Zeger 1986), never less than that of independent
families. The variance gives an effective number of families n* = v (1 - v) / variance, and Wilson's interval (1927)
at n* is the interval, with Student's t on the persons. For independent families and a share, n* = n and the interval
is Wilson's own. The interval of a difference of two shares on the same families squares and adds the two (Newcombe
1998, method 10; Zou & Donner 2008) with the correlation of their movements, as `evenface.audit.compare` does.

All arrays are (family, column) or (column,); columns are computed together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.intervals import critical, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST = 1e-300
SAME = 1e-20  # a variance below is rounding


@dataclass(frozen=True)
class Means:
    """Means of columns over families.

    Attributes:
        value: (column,) NaN where no family is defined.
        low: (column,) lower end of the interval.
        high: (column,) upper end.
        families: (column,) on how many families it rests.
        moved: (cluster, column) by how much each cluster moves the value from what it is; sums to 0.
        alone: (column,) variance if families were independent.
        n: (column,) effective number of families.
        df: (column,) degrees of freedom: persons - 1, infinite where families are independent.
    """

    value: Floats
    low: Floats
    high: Floats
    families: Ints
    moved: Floats
    alone: Floats
    n: Floats
    df: Floats


def means(y: Floats, cluster: Ints, clusters: int, level: float, *, persons: bool) -> Means:
    """Means of columns in [0, 1], with intervals.

    Args:
        y: (family, column); NaN where a family does not count.
        cluster: (family,) 0 … `clusters` - 1.
        clusters: How many clusters there are in the whole table.
        level: Confidence.
        persons: Whether clusters are persons, of whom several families come.
    """
    value, families, moved, alone = linear(y, cluster, clusters)
    variance, df = _variance(y, cluster, moved, alone, persons=persons)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where all families are alike the next need not be: as if one more were at either end.
        variance = np.maximum(variance, (value**2 + (1 - value) ** 2) / families**2)
        n = value * (1 - value) / variance
    # A share of 0 or 1 has no variance to go by: it is trusted as far as there are clusters.
    n = np.where(np.isfinite(n) & (n > 0), n, np.minimum(families, df + 1))
    z = critical(np.full(value.shape, level), np.maximum(df, 1))
    known = (families > 0) & (df > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = wilson(value, n, z)
    low, high = np.clip(np.minimum(low, value), 0, 1), np.clip(np.maximum(high, value), 0, 1)
    return Means(value, np.where(known, low, np.nan), np.where(known, high, np.nan), families, moved, alone, n, df)


def linear(y: Floats, cluster: Ints, clusters: int) -> tuple[Floats, Ints, Floats, Floats]:
    """Mean, number of families, movement by cluster, and variance if families were independent."""
    known = np.isfinite(y)
    families = known.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(known, y, 0).sum(0) / families
        part = np.where(known, (y - value) / families, 0)
    moved = np.zeros((clusters, y.shape[1]))
    np.add.at(moved, cluster, part)
    return value, families, moved, (part * part).sum(0)


def _variance(y: Floats, cluster: Ints, moved: Floats, alone: Floats, *, persons: bool) -> tuple[Floats, Floats]:
    """Variance of each mean, and its degrees of freedom."""
    if not persons:
        return alone, np.full(alone.shape, np.inf)
    seen = np.zeros(moved.shape, bool)
    np.logical_or.at(seen, cluster, np.isfinite(y))
    number = seen.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (moved * moved).sum(0) * number / (number - 1)
    return np.fmax(variance, alone), np.maximum(number - 1, 0).astype(float)


@dataclass(frozen=True)
class Differences:
    """Second less first of two means, (column,); NaN where undefined. `lone`: a single cluster is behind it."""

    value: Floats
    low: Floats
    high: Floats
    lone: NDArray[np.bool_]


def difference(a: Means, b: Means) -> Differences:
    """The difference b - a of two means of shares, which may rest on the same clusters."""
    scale = np.sqrt((a.moved**2).sum(0) * (b.moved**2).sum(0))
    shared = np.where(scale > LEAST, (a.moved * b.moved).sum(0) / np.maximum(scale, LEAST), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(a.value * (1 - a.value) * b.value * (1 - b.value))
        half = 1 / (2 * np.minimum(a.n, b.n) * spread)
    half = np.where(np.isfinite(half), half, 0)
    shared = np.where(shared > 0, np.maximum(shared - half, 0), shared)  # Newcombe's continuity correction
    down = _hypotenuse(b.value - b.low, a.high - a.value, shared)
    up = _hypotenuse(b.high - b.value, a.value - a.low, shared)
    value = b.value - a.value
    return Differences(value, value - down, value + up, (a.df == 0) | (b.df == 0))


def _hypotenuse(x: Floats, y: Floats, shared: Floats) -> Floats:
    return np.sqrt(np.maximum(x * x - 2 * shared * x * y + y * y, 0))


def mean_change(y: Floats, cluster: Ints, clusters: int, level: float, *, persons: bool) -> Differences:
    """Means of columns in [-1, 1] that are differences already, with Student's interval; NaN where nothing varies."""
    value, families, moved, alone = linear(y, cluster, clusters)
    variance, df = _variance(y, cluster, moved, alone, persons=persons)
    df = np.where(np.isinf(df), np.maximum(families - 1, 0), df)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.maximum(variance, (value / families) ** 2)  # as if one more family had not changed
    known = (df > 0) & (variance > SAME)
    z = critical(np.full(value.shape, level), np.where(df > 0, df, 1.0).astype(float))
    with np.errstate(invalid="ignore"):
        half = np.where(known, z * np.sqrt(variance), np.nan)
    return Differences(value, np.maximum(value - half, -1), np.minimum(value + half, 1), df == 0)
