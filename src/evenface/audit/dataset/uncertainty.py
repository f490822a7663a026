"""How sure: resampled counts, chance counts, and the intervals and p values read from them.

Everything works on tables of counts, so cost and memory do not grow with the number of faces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from evenface.audit.dataset.spec import DataMetric, Floats
from evenface.audit.intervals import SMALLEST_P

Counts = npt.NDArray[np.int64]

LEVEL = 0.95
TAILS = (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)
MOST_FACES = 10**9  # above this, numpy's hypergeometric generator refuses
_WINDOW = 40  # standard deviations of the hypergeometric law that are summed; beyond, p is below 1e-300


def resample(counts: Counts, draws: int, rng: np.random.Generator) -> Counts:
    """Draw tables of the same size from the observed shares (multinomial bootstrap).

    Args:
        counts: Faces per cell, any shape, at least one face.
        draws: How many tables.
        rng: Source of randomness.

    Returns:
        Counts `(draw, *shape of counts)`, each draw with as many faces as `counts`.
    """
    total = int(counts.sum())
    return rng.multinomial(total, counts.ravel() / total, size=draws).reshape(draws, *counts.shape)


def shuffled_rows(counts: Counts, draws: int, rng: np.random.Generator) -> Iterator[Counts]:
    """Draw tables with both margins fixed, as if labels were dealt out anew among all faces.

    Each cell is a hypergeometric draw given the cells before it, which together is the law of a random permutation of
    the labels, so no row of data is ever moved.

    Args:
        counts: Faces `(profile, label)`, at most 10^9 in all.
        draws: How many tables.
        rng: Source of randomness.

    Yields:
        For each profile in turn, its counts in all tables: `(draw, label)`.
    """
    left = np.tile(counts.sum(axis=0), (draws, 1))
    for size in counts.sum(axis=1):
        row = np.zeros_like(left)
        wanted = np.full(draws, size)
        others = left.sum(axis=1)
        for label in range(left.shape[1] - 1):
            others = others - left[:, label]
            row[:, label] = rng.hypergeometric(left[:, label], others, wanted)
            wanted = wanted - row[:, label]
        row[:, -1] = wanted
        left -= row
        yield row


def interval(
    metric: DataMetric, observed: tuple[Counts, ...], resampled: tuple[Counts, ...]
) -> tuple[Floats, Floats, Floats]:
    """Give the 95 % interval of a metric and its value less its bias.

    - `shifted`: quantiles of the resamples, moved by twice their bias: resamples carry the bias of a plain estimate
      once more than the value does, and the value once more than the truth (our construction). `squares`: the same on
      the square of the value, where that bias adds up.
    - `distance`, for sums of absolute differences, which have a kink where a difference is zero: below, the 2.5 %
      quantile of the resamples, which is on the safe side as they are biased downwards; above, the value plus the
      97.5 % quantile of the summed absolute errors of the differences, which bounds the error of the sum whether or not
      there is a kink (our construction, from the triangle inequality).
    - `box`, for the largest and smallest share: what is possible while each share stays in its simultaneous Wilson
      interval (our construction; holds with at least 95 %).
    - `percentile`: quantiles of the resamples. `none`: no interval.

    Args:
        metric: Which metric.
        observed: The counts it takes.
        resampled: The same, with draws in front; not used by `box` and `none`.

    Returns:
        Lower limit, upper limit and corrected value, each of the value's shape; NaN where undefined or not made.
    """
    value = metric(*observed)
    nothing = np.full_like(value, np.nan)
    if metric.interval == "none" or not len(resampled[0]):
        return nothing, nothing, nothing
    if metric.bounds is not None:
        return *metric.bounds(*wilson(observed[0], simultaneous=True)), nothing
    draws = metric(*resampled)
    usable = np.asarray(~np.isnan(value) & ~np.isnan(draws).all(axis=0))
    draws = np.where(usable, draws, 0.0)
    power = 2.0 if metric.interval == "squares" else 1.0
    low, high = np.nanquantile(draws**power, TAILS, axis=0, method="inverted_cdf")
    corrected = nothing
    if metric.differences is not None:
        high = value + _distance_error(metric.differences, observed, resampled)
    elif metric.interval != "percentile":
        bias = np.nanmean(draws**power, axis=0) - value**power
        low, high, corrected = low - 2 * bias, high - 2 * bias, value**power - bias
    ends = (_root(end, power, metric) for end in (low, high, corrected))
    return tuple(np.where(usable, end, np.nan) for end in ends)  # type: ignore[return-value]


def _distance_error(
    differences: Callable[..., Floats], observed: tuple[Counts, ...], resampled: tuple[Counts, ...]
) -> Floats:
    """97.5 % quantile of half the absolute errors of `differences`, summed over groups, averaged over labels."""
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = differences(*(np.asarray(counts, dtype=np.float64) for counts in observed))
        drawn = differences(*(np.asarray(counts, dtype=np.float64) for counts in resampled))
    errors = np.abs(drawn - centre)
    if centre.ndim > 1:  # group and label: mean over the labels that have faces
        used = np.asarray(~np.isnan(errors).any(axis=-2))
        errors = np.where(used[..., None, :], errors, 0.0).sum(axis=-2).sum(axis=-1) / np.maximum(used.sum(axis=-1), 1)
    else:
        errors = errors.sum(axis=-1)
    return np.asarray(np.nanquantile(errors / 2.0, TAILS[1], axis=0))


def _root(end: Floats, power: float, metric: DataMetric) -> Floats:
    floor = 0.0 if power != 1.0 else -np.inf
    return np.clip(np.maximum(end, floor) ** (1.0 / power), metric.low, metric.high)


def wilson(counts: Counts, *, simultaneous: bool = False) -> tuple[Floats, Floats]:
    """95 % intervals of the shares of groups (Wilson 1927), each alone or all at once (Bonferroni).

    Args:
        counts: Faces `(group,)`, at least one.
        simultaneous: All intervals hold together with at least 95 %.

    Returns:
        Lower and upper limits `(group,)`.
    """
    tail = (1.0 - LEVEL) / 2 / (len(counts) if simultaneous else 1)
    z2 = NormalDist().inv_cdf(1.0 - tail) ** 2
    n = counts.sum()
    p = counts / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low, high = np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
    return np.where(counts == 0, 0.0, low), np.where(counts == n, 1.0, high)


def chance(value: float, draws: Floats, *, bias: str) -> tuple[float, float, float]:
    """Place a value among what chance gives.

    Args:
        value: Observed; NaN gives NaN.
        draws: The metric on chance tables `(draw,)`.
        bias: `"high"` or `"low"`: the end that speaks of more bias.

    Returns:
        Median of the draws, the limit that 95 % of them stay within, and p: the share of draws, the observation
        counted as one, that show at least as much bias (Phipson and Smyth 2010).
    """
    draws = draws[~np.isnan(draws)]
    if np.isnan(value) or not draws.size:
        return float("nan"), float("nan"), float("nan")
    sign = 1.0 if bias == "high" else -1.0
    limit = sign * np.quantile(sign * draws, LEVEL)
    as_extreme = (sign * draws >= sign * value - 1e-12).sum()
    return float(np.median(draws)), float(limit), float((1 + as_extreme) / (1 + draws.size))


def max_adjusted(value: Floats, largest: Floats) -> Floats:
    """Adjust p values by the largest statistic of each chance draw (Westfall and Young 1993, single step).

    Args:
        value: Absolute statistics `(cell,)`, NaN where undefined.
        largest: The largest absolute statistic over the family in each draw, `(draw,)`.

    Returns:
        `(cell,)`, never below 1 / (1 + number of draws).
    """
    if not largest.size:
        return np.full_like(value, np.nan)
    ordered = np.sort(largest)
    above = ordered.size - np.searchsorted(ordered, value - 1e-12, side="left")
    return np.where(np.isnan(value), np.nan, (1 + above) / (1 + ordered.size))


def cell_p(observed: int, row: int, column: int, total: int) -> float:
    """Two-sided p of one cell against all else, margins fixed: Fisher's exact test on the 2 x 2 table.

    Sums the chances of all counts that are no more likely than the observed one; counts further than 40 standard
    deviations from the mean are left out. At least 1e-300; NaN if a margin is empty or full.

    Args:
        observed: Faces in the cell.
        row: Faces in its row.
        column: Faces in its column.
        total: All faces.
    """
    if not (0 < row < total and 0 < column < total):
        return float("nan")
    mean = row * column / total
    spread = (mean * (1 - row / total) * (1 - column / total) * total / max(total - 1, 1)) ** 0.5
    reach = _WINDOW * spread + 10
    low, high = max(0, row + column - total, int(mean - reach)), min(row, column, int(mean + reach))
    if not low <= observed <= high:
        return SMALLEST_P
    k = np.arange(low, high, dtype=np.float64)
    steps = np.log(row - k) + np.log(column - k) - np.log(k + 1) - np.log(total - row - column + k + 1)
    log_chance = np.concatenate([[0.0], np.cumsum(steps)])
    log_chance -= log_chance.max()
    weights = np.exp(log_chance)
    as_unlikely = weights[log_chance <= log_chance[observed - low] + 1e-7].sum()
    return float(min(1.0, max(as_unlikely / weights.sum(), SMALLEST_P)))


def ratio_interval(hits: int, n: int, rest_hits: int, rest: int) -> tuple[float, float]:
    """95 % interval of (hits / n) / (rest_hits / rest): log method with half a face added to each count (Walter 1975).

    Returns:
        Lower and upper limit: 0 below without hits, infinity above if the rest has none; NaN if either is empty.
    """
    if not (n and rest):
        return float("nan"), float("nan")
    a, b, c, d = hits + 0.5, n + 0.5, rest_hits + 0.5, rest + 0.5
    half = 1.959963984540054 * max(1 / a - 1 / b + 1 / c - 1 / d, 0.0) ** 0.5
    centre = np.log(a / b) - np.log(c / d)
    return (
        0.0 if hits == 0 else float(np.exp(centre - half)),
        float("inf") if rest_hits == 0 else float(np.exp(centre + half)),
    )
