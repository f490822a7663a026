"""How each group's values change from A to B, with paired intervals.

The interval of a change combines the two values' own Wilson-type intervals (`evenface.audit.intervals`) by the rule for
two *correlated* estimates (square and add: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>
3.0.CO;2-C; Zou & Donner 2008), with the correlation of their influence functions over the same faces, or persons. For
accuracy, where both models answer every face, that is Newcombe's method 10, including its correction of the
correlation; for all other metrics it is our reconstruction. The bias of ratios in small groups, for which the audit
moves single intervals, is nearly the same under both models and left alone here. `benchmarks/compare_calibration.py`
shows the coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.compare.joint import Joint
from evenface.audit.evaluate import columns, evaluate, support, why_undefined
from evenface.audit.intervals import Precision, influence, interval, precision, smooth, to_unit
from evenface.audit.plan import Plan
from evenface.audit.sums import CountSums

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Changes:
    """Arrays (group, column): values under A and B, the change B - A and its intervals; NaN where undefined.

    Attributes:
        a: Values under A.
        b: Values under B.
        low: Lower end of the interval of `b - a`.
        high: Upper end.
        low_simultaneous: The same at Sidak's level over the groups of a grouping.
        high_simultaneous: The same.
        undefined: (group, column) -> why.
    """

    a: Floats
    b: Floats
    low: Floats
    high: Floats
    low_simultaneous: Floats
    high_simultaneous: Floats
    undefined: dict[tuple[int, int], str]

    @property
    def change(self) -> Floats:
        """B - A."""
        return self.b - self.a


def measure_changes(joint: Joint, plans: tuple[Plan, Plan]) -> Changes:
    """Values and paired intervals of all groups."""
    level = plans[0].settings.level
    values = [_values(plan) for plan in plans]
    known = [_precision(plan) for plan in plans]
    shared = _correlation(joint, plans, values, known)
    # Groups of one grouping share no face, so that Sidak's level is exact.
    both = np.full((len(values[0]), 1), level)
    for span in plans[0].groups.spans.values():
        both[span] = level ** (1 / max(span.stop - span.start, 1))
    low, high = _combine(plans, values, known, shared, level)
    low_all, high_all = _combine(plans, values, known, shared, both)
    return Changes(values[0], values[1], low, high, low_all, high_all, _undefined(plans, values))


def _values(plan: Plan) -> Floats:
    return evaluate(plan.by_counts, CountSums(plan.counts, plan.in_use), plan.counts.shape[:1], len(plan.cells.classes))


def _precision(plan: Plan) -> Precision:
    return precision(plan.by_counts, plan.group_columns, plan.counts, plan.in_use, plan.groups, plan.cells.units)


def _combine(
    plans: tuple[Plan, Plan],
    values: Sequence[Floats],
    known: Sequence[Precision],
    shared: Floats,
    level: Floats | float,
) -> tuple[Floats, Floats]:
    """Square and add: the interval of the second value less the first."""
    cols = plans[0].group_columns
    (la, ua), (lb, ub) = (interval(v, k, cols, level) for v, k in zip(values, known, strict=True))
    a, b = values
    down, up = _hypotenuse(b - lb, ua - a, shared), _hypotenuse(ub - b, a - la, shared)
    return b - a - down, b - a + up


def _hypotenuse(x: Floats, y: Floats, shared: Floats) -> Floats:
    return np.sqrt(np.maximum(x * x - 2 * shared * x * y + y * y, 0))


def _correlation(
    joint: Joint, plans: tuple[Plan, Plan], values: Sequence[Floats], known: Sequence[Precision]
) -> Floats:
    """Correlation of A's and B's values over samples, (group, column); 0 where either does not vary."""
    slopes = [influence(plan.by_counts, smooth(plan.counts), plan.in_use)[1] for plan in plans]
    cells = [joint.cell(answer) for answer in joint.answers]
    member = plans[0].groups.member
    out = np.zeros(values[0].shape)
    for g in range(len(member)):
        mine = member[g][joint.leaf]
        if mine.any():
            moved = [np.nan_to_num(slope[cell[mine], g]) for slope, cell in zip(slopes, cells, strict=True)]
            subject = None if joint.subject is None else joint.subject[mine]
            out[g] = _pearson(moved[0], moved[1], joint.count[mine], subject)
    return _corrected(out, plans, values, known)


def _pearson(x: Floats, y: Floats, count: NDArray[np.int64], subject: NDArray[np.int64] | None) -> Floats:
    """Correlation of columns over faces, or of their totals over persons."""
    n = count.sum()
    mean_x, mean_y = count @ x / n, count @ y / n
    x, y, weight = x - mean_x, y - mean_y, count.astype(float)
    if subject is not None:
        _, who = np.unique(subject, return_inverse=True)
        totals = [np.zeros((who.max() + 1, x.shape[1])) for _ in "xy"]
        for total, part in zip(totals, (x, y), strict=True):
            np.add.at(total, who, count[:, None] * part)
        (x, y), weight = totals, np.ones(len(totals[0]))
    scale = np.sqrt((weight @ (x * x)) * (weight @ (y * y)))
    return np.where(scale > 1e-300, (weight @ (x * y)) / np.where(scale > 1e-300, scale, 1), 0)


def _corrected(
    shared: Floats, plans: tuple[Plan, Plan], values: Sequence[Floats], known: Sequence[Precision]
) -> Floats:
    """Newcombe's continuity correction: a positive correlation is lowered by half a face, not below 0."""
    cols = plans[0].group_columns
    spread = np.ones(shared.shape)
    for value, plan in zip(values, plans, strict=True):
        unit = to_unit(value, plan.group_columns)
        spread = spread * np.where(np.isfinite([c.metric.high for c in cols]), unit * (1 - unit), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = 1 / (2 * np.minimum(known[0].n, known[1].n) * np.sqrt(spread))
    half = np.where(np.isfinite(half), half, 0)
    return np.where(shared > 0, np.maximum(shared - half, 0), shared)


def _undefined(plans: tuple[Plan, Plan], values: Sequence[Floats]) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    classes = plans[0].cells.classes
    for which, plan, value in zip("AB", plans, values, strict=True):
        sums = CountSums(plan.counts)
        for j, column in enumerate(columns(plan.by_counts, classes)):
            lacking = np.flatnonzero(~np.isfinite(value[:, j]))
            if not len(lacking):
                continue
            faces = support(sums, column.metric.support)
            for g in map(int, lacking):
                own = faces[g] if column.label is None or faces.shape[-1] == 1 else faces[g, [column.index]]
                why = why_undefined(column, own, classes, plan.in_use)
                found[g, j] = f"{found[g, j]}; {which}: {why}" if (g, j) in found else f"{which}: {why}"
    return found
