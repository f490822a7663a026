"""Each group's values: with intervals, intervals that hold for all groups at once, and shrunken estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Units
from evenface.audit.drawing import Drawn
from evenface.audit.evaluate import Column, columns, evaluate, support, why_undefined
from evenface.audit.intervals import (
    Precision,
    interval,
    interval_at,
    persons_behind,
    persons_of,
    precision,
    shrink,
    student,
)
from evenface.audit.metric import Array, Metric
from evenface.audit.plan import Plan
from evenface.audit.score_draws import ScoreSums
from evenface.audit.sums import CountSums

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupTable:
    """Arrays (group, column); NaN where undefined, and `undefined` says why (group -> column -> reason).

    `known` and `centre` are what intervals are made of: how well each value is known, and about which value.
    """

    value: Floats
    low: Floats
    high: Floats
    low_simultaneous: Floats
    high_simultaneous: Floats
    shrunken: Floats
    deviation: Floats
    n: NDArray[np.int64]
    undefined: dict[tuple[int, int], str]
    known: Precision
    centre: Floats

    def at(
        self, plan: Plan, rows: NDArray[np.int64], columns: NDArray[np.int64], z: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Values and their intervals, (row,), for single groups and columns.

        Args:
            plan: What the table belongs to.
            rows: (row,) which group.
            columns: (row,) which column.
            z: (row,) normal deviate of the confidence asked for; Student's t takes its place where persons are few.
        """
        place = rows, columns
        known = Precision(self.known.n[place], self.known.df[place], self.known.bias[place])
        own = [plan.group_columns[j] for j in columns]
        value = self.value[place]
        return value, *_around(value, *interval_at(self.centre[place], known, own, student(z, known.df)))


def group_table(plan: Plan, drawn: Drawn) -> GroupTable:
    """Values and intervals of all groups of all groupings, and of all faces (the last row)."""
    level = plan.settings.level
    value, known, centre = _known(plan, plan.counts, plan.cells.units, drawn)
    low, high = _interval(plan, value, known, centre, level)
    both = np.full((len(value), 1), level)
    for span in plan.groups.spans.values():
        # Groups of one grouping share no face, so their intervals are independent: Sidak's level is exact.
        both[span] = level ** (1 / max(span.stop - span.start, 1))
    low_all, high_all = _interval(plan, value, known, centre, both)
    z = NormalDist().inv_cdf((1 + level) / 2)
    shrunken, deviation = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    for span in plan.groups.spans.values():
        shrunken[span], deviation[span] = shrink(value[span], low[span], high[span], z)
    sizes, reasons = _support(plan, plan.counts, value)
    return GroupTable(value, low, high, low_all, high_all, shrunken, deviation, sizes, reasons, known, centre)


def _known(plan: Plan, counts: Array, units: Units | None, drawn: Drawn) -> tuple[Floats, Precision, Floats]:
    """Values, how well they are known, and the centres of their intervals."""
    classes = len(plan.cells.classes)
    value = evaluate(plan.by_counts, CountSums(counts, plan.in_use), counts.shape[:1], classes)
    known = precision(
        plan.by_counts, columns(plan.by_counts, plan.cells.classes), counts, plan.in_use, plan.groups, units
    )
    if plan.scores is None:
        return value, known, _inside(value - known.bias, plan)
    sums = plan.scores.observed()
    scored = evaluate(plan.by_scores, sums, counts.shape[:1], classes)
    n, centre = _score_precision(plan.by_scores, plan, sums, scored, drawn)
    df = np.full(n.shape, np.inf)
    if units is not None:
        resting = partial(persons_behind, groups=plan.groups, units=units, shape=counts.shape[1:])
        df = np.maximum(persons_of(columns(plan.by_scores, plan.cells.classes), resting) - 1, 1)
    parts = [(known.n, n), (known.df, df), (known.bias, np.zeros(n.shape))]
    both = Precision(*(np.concatenate(part, 1) for part in parts))
    return np.concatenate([value, scored], 1), both, np.concatenate([_inside(value - known.bias, plan), centre], 1)


def _inside(value: Floats, plan: Plan) -> Floats:
    """Keep centres where values can be."""
    own = columns(plan.by_counts, plan.cells.classes)
    return np.clip(value, [c.metric.low for c in own], [c.metric.high for c in own])


# Metrics whose plug-in estimate is biased upward in small groups; their interval is moved by the bootstrap's bias.
BIASED = ("ece", "classwise_ece")


def _score_precision(
    metrics: tuple[Metric, ...], plan: Plan, sums: ScoreSums, value: Floats, drawn: Drawn
) -> tuple[Floats, Floats]:
    """Effective sample sizes from the spread of the draws, and the interval's centre."""
    cols = columns(metrics, plan.cells.classes)
    biased = np.array([c.metric.name in BIASED for c in cols])
    centre = np.where(biased, np.clip(2 * value - drawn.score_mean, 1e-6, None), value)
    low = np.array([c.metric.low for c in cols])
    span = np.array([c.metric.high for c in cols]) - low
    bounded = np.isfinite(span)
    share = np.where(bounded, (centre - low) / np.where(bounded, span, 1), 0)
    spread = np.where(bounded, share * (1 - share) * np.where(bounded, span, 1) ** 2, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        n = spread / drawn.score_sd**2
    return np.where(np.isfinite(n) & (n > 0), n, np.maximum(_rarest(plan, sums, cols), 1)), centre


def _rarest(plan: Plan, sums: ScoreSums, cols: Sequence[Column]) -> Floats:
    """Faces, or persons if fewer, that each score value is trusted as where nothing varies; (group, column).

    Those of one class, or the others if they are fewer, and for whole groups those of the rarest class in use.
    """
    own, others = np.asarray(sums.labelled), sums.scored[:, None] - sums.labelled
    units = plan.cells.units
    if units is not None:
        behind = partial(persons_behind, groups=plan.groups, units=units, shape=plan.counts.shape[1:])
        own, others = np.minimum(own, behind("labelled")), np.minimum(others, behind("not labelled"))
    rarest = own[:, plan.in_use].min(-1)
    each = [rarest if c.label is None else np.minimum(own, others)[:, c.index] for c in cols]
    return np.stack(each, axis=-1) if each else np.empty((len(own), 0))


def _interval(
    plan: Plan, value: Floats, known: Precision, centre: Floats, level: Floats | float
) -> tuple[Floats, Floats]:
    return _around(value, *interval(centre, known, plan.group_columns, level))


def _around(value: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Intervals that hold their values; NaN where these are undefined."""
    undefined = ~np.isfinite(value)
    return np.where(undefined, np.nan, np.minimum(low, value)), np.where(undefined, np.nan, np.maximum(high, value))


def _support(plan: Plan, counts: Array, value: Floats) -> tuple[NDArray[np.int64], dict[tuple[int, int], str]]:
    """Faces that each value rests on, and why it is undefined where it is."""
    sums = CountSums(counts)
    sizes = np.zeros(value.shape, np.int64)
    reasons: dict[tuple[int, int], str] = {}
    for j, column in enumerate(plan.group_columns):
        kind = column.metric.support
        scored = plan.scores if column.metric.needs == "scores" else None
        faces = scored.support(kind) if scored is not None else support(sums, kind)
        if faces.shape[-1] == 1:
            sizes[:, j] = faces[..., 0]
        elif column.label is not None:
            sizes[:, j] = faces[..., column.index]
        else:
            sizes[:, j] = scored.n if scored is not None else sums.answered
        for g in np.flatnonzero(~np.isfinite(value[:, j])):
            own = faces[g] if column.label is None else faces[g, column.index : column.index + 1]
            reasons[int(g), j] = why_undefined(column, own, plan.cells.classes, plan.in_use)
    return sizes, reasons
