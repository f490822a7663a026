"""Intervals of one group's value: Wilson's score interval at the effective sample size.

The variance of a metric is found by the infinitesimal jackknife (Jaeckel 1972; Efron 1982): how the value
moves when a face is added to each cell. It is taken at counts lightly smoothed towards the pattern of all
faces (2 pseudo-faces per true class), so that a class of three faces, all read rightly, does not claim to be
certain. The variance gives an effective sample size n* = v (1 - v) / var, and Wilson's interval (1927) at n*
is the interval. For a plain proportion n* = n exactly; for all else it is our reconstruction. A mean of ratios such as
macro-F1 is also biased downward in small groups; the interval (not the value) is moved by the second-order bias, by at
most half a standard error. `benchmarks/audit_calibration.py` shows how often intervals cover the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import erfc, log1p, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Groups, Units
from evenface.audit.evaluate import Column, evaluate, support
from evenface.audit.metric import Array, Metric, Support
from evenface.audit.sums import CountSums

Floats = NDArray[np.float64]
PSEUDO_FACES = 2.0
SMALLEST_P = 1e-300  # a p is never 0, also where numbers end


@dataclass(frozen=True)
class Precision:
    """How well each value is known, (group, column).

    Attributes:
        n: Effective number of independent faces.
        df: Degrees of freedom of the variance: where persons are resampled, those it rests on - 1; else infinite.
        bias: By how much the value is expected to lie above the truth.
    """

    n: Floats
    df: Floats
    bias: Floats


def smooth(counts: Array, pseudo: float = PSEUDO_FACES) -> Floats:
    """Mix `pseudo` faces of the overall pattern into each true class of each group, keeping every class's size.

    Args:
        counts: (group, true, answer); the last group is all faces.
        pseudo: How many.
    """
    overall = counts[-1]
    size = overall.sum(-1, keepdims=True)
    pattern = overall / np.where(size > 0, size, 1)
    own = counts.sum(-1, keepdims=True)
    return np.asarray((counts + pseudo * pattern) / (own + pseudo) * own)


STEP = 2e-3  # of the faces that share a cell's label or its answer: wide for second differences, narrow for curvature
MOST_BIAS = 0.5  # in standard errors


def influence(metrics: Sequence[Metric], counts: Floats, in_use: Array) -> tuple[Floats, Floats, Floats]:
    """How each value moves per face added to each cell.

    Args:
        metrics: Count metrics of scope `group`.
        counts: (group, true, answer), smoothed.
        in_use: (class,) whether any face of the table is labelled so.

    Returns:
        The values (group, column), their derivatives (cell, group, column), and their second derivatives.
    """
    groups, classes, answers = counts.shape
    cells = classes * answers
    near = np.minimum(counts.sum(2, keepdims=True), counts.sum(1, keepdims=True))
    step = STEP * np.maximum(near, 1).reshape(groups, cells).T
    # Perturbed tables lie innermost in memory, so that sums over classes run along contiguous numbers.
    stack = np.repeat(counts.reshape(groups, cells).T[..., None], 2 * cells + 1, axis=-1)
    every = np.arange(cells)
    stack[every, :, every] += step
    stack[every, :, cells + every] -= step
    tables = stack.reshape(classes, answers, groups, -1).transpose(3, 2, 0, 1)
    values = evaluate(metrics, CountSums(tables, in_use), (2 * cells + 1, groups), classes)
    up, down, here = values[:cells], values[cells:-1], values[-1]
    return here, (up - down) / (2 * step[..., None]), (up - 2 * here + down) / step[..., None] ** 2


def precision(
    metrics: Sequence[Metric],
    columns: Sequence[Column],
    counts: Array,
    in_use: Array,
    groups: Groups | None,
    units: Units | None,
) -> Precision:
    """Effective sample size of every value of scope `group`.

    Args:
        metrics: Count metrics.
        columns: Their columns.
        counts: (group, true, answer).
        in_use: (class,) whether any face of the table is labelled so.
        groups: Which leaves each group holds; needed with `units`.
        units: Counts per person, if faces of one person are not independent.
    """
    smoothed = smooth(counts)
    value, slope, bend = influence(metrics, smoothed, in_use)
    cells = slope.shape[0]
    weight = smoothed.reshape(len(counts), cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.einsum("gk,kgc->gc", weight, slope**2)
        bias = np.einsum("gk,kgc->gc", weight, bend) / 2
        most = MOST_BIAS * np.sqrt(variance)
        share = to_unit(value, columns)
        span = np.array([c.metric.high - c.metric.low for c in columns])
        spread = np.where(np.isfinite(span), share * (1 - share), 1.0)
        scale = np.where(np.isfinite(span), span, 1.0)
        n = spread * scale**2 / variance
    df = np.full(n.shape, np.inf)
    known = np.isfinite(n) & (n > 0)
    resting = partial(support, CountSums(counts))
    if units is not None and groups is not None:
        resting = partial(persons_behind, groups=groups, units=units, shape=counts.shape[1:])
        persons = persons_of(columns, resting)
        whole = np.array([column.label is None for column in columns], bool)
        effect, df = design_effect(slope, counts, groups, units, persons, whole)
        n = n / effect
    if not known.all():
        # A rate that is 0 or 1 in the whole table has no variance to go by: trust it as a share of the faces it rests
        # on or, since nothing shows how alike a person's faces are, of the persons.
        n = np.where(known, n, smallest_support(columns, resting, in_use))
    return Precision(n, df, np.nan_to_num(np.clip(bias, -most, most)))


def smallest_support(columns: Sequence[Column], resting: Callable[[Support], Array], in_use: Array) -> Floats:
    """Faces or persons that each value rests on, (group, column); for a mean over classes, those of its rarest class.

    Args:
        columns: The columns.
        resting: How many of each kind, (group, class); the class axis has length 1 for whole groups.
        in_use: (class,) whether any face of the table is labelled so.
    """
    found = {kind: resting(kind) for kind in dict.fromkeys(column.metric.support for column in columns)}
    out = []
    for column in columns:
        each = found[column.metric.support]
        if each.shape[-1] > 1:
            used = np.broadcast_to(in_use, each.shape[1:])
            each = each[:, [column.index]] if column.label is not None else each[:, used]
        out.append(each.min(-1))
    return np.maximum(np.stack(out, axis=-1), 1.0)


def persons_of(columns: Sequence[Column], resting: Callable[[Support], Array]) -> Floats:
    """Persons that each value rests on, (group, column); for a mean over classes, all who answer for any of them.

    Args:
        columns: The columns.
        resting: Persons with a face of a kind, see `persons_behind`.
    """
    kinds = [c.metric.support if c.label is not None or c.metric.support == "rows" else "answered" for c in columns]
    found = {kind: resting(kind) for kind in dict.fromkeys(("answered", *kinds))}
    each = [found[kind][:, c.index if found[kind].shape[1] > 1 else 0] for kind, c in zip(kinds, columns, strict=True)]
    return np.stack(each, axis=-1) if each else np.empty((len(found["answered"]), 0))


def persons_behind(kind: Support, groups: Groups, units: Units, shape: tuple[int, ...]) -> Array:
    """Persons with a face of a kind, (group, class); the class axis has length 1 for whole groups.

    Args:
        kind: As for `evaluate.support`.
        groups: Which leaves each group holds.
        units: Counts per person.
        shape: (true, answer), the axes of a cell.
    """
    cells = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
    of_kind = support(CountSums(cells), kind) > 0  # (cell, class)
    out = np.zeros((len(groups.member), of_kind.shape[1]))
    for g, member in enumerate(groups.member):
        mine = member[units.leaf]
        for c in range(of_kind.shape[1]):
            out[g, c] = _people(units, mine & of_kind[units.cell, c])
    return out


def design_effect(
    slope: Floats, counts: Array, groups: Groups, units: Units, persons: Floats, whole: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Variance with persons as units over that with faces as units, and its degrees of freedom, (group, column).

    A value of all classes may hang on a class that few persons show, so its degrees of freedom are those of a sum of
    variances, one per class (Satterthwaite 1946), at most persons - 1.

    Args:
        slope: (cell, group, column) how a face moves each value.
        counts: (group, true, answer).
        groups: Which leaves each group holds.
        units: Counts per person.
        persons: (group, column) how many of them each value rests on.
        whole: (column,) whether a value is of all classes.
    """
    cells, n_groups, n_columns = slope.shape
    faces = np.einsum("gk,kgc->gc", counts.reshape(n_groups, cells), slope**2)
    clustered = np.full((n_groups, n_columns), np.nan)
    df = np.maximum(persons - 1, 1)
    for g in range(n_groups):
        mine = np.flatnonzero(groups.member[g][units.leaf])
        if not len(mine):
            continue
        clustered[g] = _between(slope[:, g], units, mine) * persons[g] / np.maximum(persons[g] - 1, 1)
        true = units.cell[mine] // counts.shape[2]
        shown = [mine[true == t] for t in np.unique(true)]
        part = np.stack([_between(slope[:, g, whole], units, rows) for rows in shown])
        few = np.array([[_people(units, rows) - 1] for rows in shown])
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = clustered[g, whole] ** 2 / (part**2 / np.maximum(few, 1)).sum(0)
        df[g, whole] = np.clip(np.nan_to_num(freedom, nan=np.inf), 1, df[g, whole])
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = clustered / faces
    # Few persons can look as if they told more than their faces; they are not trusted to.
    return np.asarray(np.fmax(effect, 1.0)), df


def _people(units: Units, rows: NDArray[np.bool_] | NDArray[np.int64]) -> int:
    """How many persons some rows of `units` are of."""
    return int(np.count_nonzero(np.bincount(units.subject[rows])))


def _between(slope: Floats, units: Units, rows: NDArray[np.int64]) -> Floats:
    """Sum over persons of the square of how far all faces of one move each value, (column,)."""
    _, who = np.unique(units.subject[rows], return_inverse=True)
    moved = np.zeros((int(who.max()) + 1, slope.shape[1]))
    np.add.at(moved, who, units.count[rows, None] * slope[units.cell[rows]])
    return np.asarray((moved**2).sum(0))


def to_unit(value: Floats, columns: Sequence[Column]) -> Floats:
    """Scale values of bounded metrics to 0 … 1, so that one interval serves all."""
    low = np.array([c.metric.low for c in columns])
    span = np.array([c.metric.high for c in columns]) - low
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(span), (value - low) / np.where(np.isfinite(span), span, 1), value)


def wilson(share: Floats, n: Floats, z: Floats | float) -> tuple[Floats, Floats]:
    """Wilson's score interval of a proportion `share` seen in `n` independent trials (Wilson, JASA 1927)."""
    with np.errstate(invalid="ignore"):
        centre = (n * share + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(n * share * (1 - share) + z * z / 4)
    return centre - half, centre + half


def interval(
    value: Floats, known: Precision, columns: Sequence[Column], level: Floats | float
) -> tuple[Floats, Floats]:
    """The interval of each value, (group, column), at confidence `level` (scalar or (group, 1)).

    Bounded metrics get Wilson's interval, unbounded ones a normal interval of their logarithm.
    """
    return interval_at(value, known, columns, critical(np.broadcast_to(level, value.shape), known.df))


def interval_at(value: Floats, known: Precision, columns: Sequence[Column], z: Floats) -> tuple[Floats, Floats]:
    """The ends of each value's interval at its own critical value `z`; all arrays have columns on their last axis."""
    low = np.array([c.metric.low for c in columns])
    high = np.array([c.metric.high for c in columns])
    bounded = np.isfinite(high - low)
    below, above = wilson(to_unit(value, columns), known.n, z)
    span = np.where(bounded, high - low, 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(value > 0, 1 / np.sqrt(known.n) / value, np.inf)
        below = np.where(bounded, low + span * below, value * np.exp(-z * relative))
        above = np.where(bounded, low + span * above, value * np.exp(z * relative))
    unknown = ~np.isfinite(value)
    below, above = np.where(unknown, np.nan, below), np.where(unknown, np.nan, above)
    return np.maximum(np.minimum(below, value), low), np.minimum(np.maximum(above, value), high)


def critical(level: Floats, df: Floats) -> Floats:
    """Two-sided critical value of Student's t."""
    levels, where = np.unique(level, return_inverse=True)
    z = np.array([NormalDist().inv_cdf((1 + float(each)) / 2) for each in levels])
    return student(z[where].reshape(level.shape), df)


FAR = 3.0  # normal deviates beyond which the expansion of Student's t falls short where degrees of freedom are few


def student(z: Floats | float, df: Floats | float) -> Floats:
    """Student's t that is exceeded as often as the normal deviate `z`, both two-sided.

    Exact for one and two degrees of freedom, else the expansion in 1 / df (Abramowitz & Stegun 26.7.5) and, far out,
    what Wallace's deviate (Ann. Math. Stat. 1959) gives, if that is more.

    Args:
        z: 0 or more.
        df: Degrees of freedom, 1 or more; may be infinite.
    """
    z, df = np.broadcast_arrays(np.asarray(z, float), np.asarray(df, float))
    with np.errstate(over="ignore", divide="ignore"):
        powers = [
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
            (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
        ]
        t = z + np.sum([power / df**k for k, power in enumerate(powers, 1)], axis=0)
        many = np.minimum(df, 1e12)
        wallace = np.sqrt(many * np.expm1((z * (8 * many + 3) / (8 * many + 1)) ** 2 / many))
        t = np.where(z > FAR, np.fmax(t, wallace), t)
        p = tails(z)
        t = np.where(df == 2, (1 - p) * np.sqrt(2 / (p * (2 - p))), t)
        return np.asarray(np.where(df == 1, 1 / np.tan(np.pi * p / 2), t))


def tails(z: Floats) -> Floats:
    """Two-sided p of normal deviates."""
    values, where = np.unique(z, return_inverse=True)
    return np.array([erfc(float(each) / sqrt(2)) for each in values])[where].reshape(z.shape)


def student_p(t: float, df: float) -> float:
    """Two-sided p of Student's t, by the normal deviate of Wallace (Ann. Math. Stat. 1959); good to a few per cent."""
    z = sqrt(df * log1p(t * t / df)) * (8 * df + 1) / (8 * df + 3)
    return max(erfc(z / sqrt(2)), SMALLEST_P)


def shrink(value: Floats, low: Floats, high: Floats, z: float) -> tuple[Floats, Floats]:
    """Empirical-Bayes estimates of the groups of one grouping, and their standard deviations, (group, column).

    Values scatter around a common mean by tau plus their own error; tau^2 by Paule & Mandel (1982). A group with few
    faces is drawn to the mean; with tau^2 = 0 all groups are.
    """
    with np.errstate(over="ignore"):  # an unbounded metric of two faces may reach as far as numbers do
        error = np.maximum((high - low) / (2 * z), 1e-12) ** 2
    known = np.isfinite(value) & np.isfinite(error)
    v, e = np.where(known, value, 0), np.where(known, error, np.inf)
    tau = _paule_mandel(v, e, known.sum(0))
    weight = 1 / (tau + e)
    total = weight.sum(0)
    mean = (weight * v).sum(0) / np.where(total > 0, total, 1)
    keep = tau / (tau + e)
    estimate = np.where(known, mean + keep * (v - mean), np.nan)
    variance = keep * np.where(known, error, 0) + (1 - keep) ** 2 / np.where(total > 0, total, 1)
    deviation = np.where(known, np.sqrt(variance), np.nan)
    return estimate, deviation


def _paule_mandel(value: Floats, error: Floats, known: NDArray[np.int64], steps: int = 60) -> Floats:
    """Solve sum (v - mean)^2 / (tau2 + e) = k - 1 for tau2 >= 0 by bisection, per column."""
    if not len(value):
        return np.zeros(value.shape[1])
    low = np.zeros(value.shape[1])
    high = np.full(value.shape[1], 1e-8) + 4 * (np.ptp(value, axis=0) ** 2)

    def excess(tau2: Floats) -> Floats:
        weight = 1 / (tau2 + error)
        total = weight.sum(0)
        mean = (weight * value).sum(0) / np.where(total > 0, total, 1)
        return np.asarray((weight * (value - mean) ** 2).sum(0) - (known - 1))

    none = excess(low) <= 0
    for _ in range(steps):
        middle = (low + high) / 2
        up = excess(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(none, 0.0, (low + high) / 2)
