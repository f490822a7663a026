"""Which group is worst, how probable that is, and how single groups differ pair by pair."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.gaps import HEADLINE
from evenface.audit.group_table import GroupTable
from evenface.audit.intervals import SMALLEST_P, tails
from evenface.audit.plan import Plan
from evenface.core.multiplicity import holm

Floats = NDArray[np.float64]
MOST_GROUPS_IN_PAIRS = 12
POSTERIOR_DRAWS = 2000
STREAM = 3  # this part's own random numbers; gaps use spawned streams of the seed


def worst_groups(plan: Plan, table: GroupTable) -> list[dict[str, Any]]:
    """The worst group of each grouping, and the probability that it really is.

    Each group's true value is normal about its empirical-Bayes estimate; the probability is the share of joint draws
    in which the group comes last. A group of three faces is drawn to the mean and does not win by luck alone.
    """
    rng = np.random.default_rng([plan.settings.seed, STREAM])
    out: list[dict[str, Any]] = []
    for by, span in plan.groups.spans.items():
        rows = np.arange(span.start, span.stop)
        noise = rng.standard_normal((POSTERIOR_DRAWS, len(rows)))
        for j, column in enumerate(plan.group_columns):
            if column.label is not None or column.metric.direction == "closer":
                continue
            sign = 1 if column.metric.direction == "higher" else -1
            known = np.isfinite(table.shrunken[rows, j])
            entry: dict[str, Any] = {"by": by, "metric": column.name}
            if known.sum() < 2:
                out.append(entry | _no_worst("fewer than two groups have a value"))
                continue
            drawn = sign * (table.shrunken[rows, j][known] + noise[:, known] * table.deviation[rows, j][known])
            share = np.bincount(drawn.argmin(1), minlength=int(known.sum())) / POSTERIOR_DRAWS
            first, second = np.argsort(-share, kind="stable")[:2]
            names = [plan.groups.names[i].name for i in rows[known]]
            out.append(
                entry
                | {
                    "group": names[first],
                    "probability": float(share[first]),
                    "runner_up": names[second],
                    "runner_up_probability": float(share[second]),
                    "undefined": None,
                }
            )
    return out


def _no_worst(reason: str) -> dict[str, Any]:
    return {"group": None, "probability": None, "runner_up": None, "runner_up_probability": None, "undefined": reason}


def pairs(plan: Plan, table: GroupTable) -> list[dict[str, Any]]:
    """Every pair of groups of each single attribute, for the headline metrics.

    The interval combines the two groups' own intervals (MOVER, Newcombe 1998; Zou & Donner 2008); p is that of
    the level at which the interval would just reach 0; corrected by Holm over all pairs of the audit.
    """
    z = NormalDist().inv_cdf((1 + plan.settings.level) / 2)
    headline = [j for j, column in enumerate(plan.group_columns) if column.name in HEADLINE]
    found = [
        (j, int(a), int(b))
        for rows in plan.compared.values()
        if 2 <= len(rows) <= MOST_GROUPS_IN_PAIRS and len(plan.groups.names[rows[0]].levels) == 1
        for j in headline
        for a, b in combinations(rows, 2)
    ]
    j, a, b = np.array(found, np.int64).reshape(-1, 3).T

    def at(z: Floats) -> tuple[Floats, Floats, Floats]:
        return difference(table.at(plan, a, j, z), table.at(plan, b, j, z))

    value, low, high = at(np.full(len(found), z))
    p = p_of_intervals(value, at)
    corrected = holm(p)
    numbers = zip(value, low, high, p, corrected, strict=True)
    return [_pair(plan, place, tuple(map(float, each)), z) for place, each in zip(found, numbers, strict=True)]


def difference(v: tuple[Floats, Floats, Floats], w: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """The difference of two independent values, each (value, low, high), and its interval (MOVER)."""
    d = v[0] - w[0]
    return d, d - np.hypot(v[0] - v[1], w[2] - w[0]), d + np.hypot(v[2] - v[0], w[0] - w[1])


FARTHEST = 37.1  # normal deviate whose p is about `SMALLEST_P`
HALVINGS = 60


def p_of_intervals(value: Floats, at: Callable[[Floats], tuple[Floats, Floats, Floats]]) -> Floats:
    """Two-sided p of the value 0: of the confidence at which the interval just reaches it.

    So p is below 1 - level exactly where the interval excludes 0. Found by bisection, as intervals are neither
    symmetric nor in proportion to their critical value.

    Args:
        value: (pair,); NaN has p NaN.
        at: From normal deviates (pair,) to values and their intervals.
    """
    near, far = np.zeros(value.shape), np.full(value.shape, FARTHEST)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        _, low, high = at(middle)
        excluded = (low > 0) | (high < 0)
        near, far = np.where(excluded, middle, near), np.where(excluded, far, middle)
    return np.where(np.isfinite(value), np.maximum(tails(near), SMALLEST_P), np.nan)


def _pair(plan: Plan, place: tuple[int, int, int], found: tuple[float, ...], z: float) -> dict[str, Any]:
    """One entry of `gaps[]`.

    Args:
        plan: What is audited.
        place: Column, first and second group.
        found: Value, low, high, p, corrected p.
        z: Normal deviate of the level.
    """
    j, a, b = place
    value, low, high, p, corrected = found
    column, group = plan.group_columns[j], plan.groups.names[a]
    names = [group.name, plan.groups.names[b].name]
    entry: dict[str, Any] = {"by": group.by, "metric": column.name, "family": "pairs", "kind": "pair"}
    undefined = None if np.isfinite(value) else "undefined in one of the two groups"
    first_is_better = (value > 0) == (column.metric.direction == "higher")
    side = (value - low) if value >= 0 else (high - value)
    numbers: dict[str, float | None] = {
        "value": value,
        "low": low,
        "high": high,
        "chance_50": 0.0,
        "chance_95": side,
        "p": p,
        "p_adjusted": corrected,
        "p_holm": corrected,
        "smallest_detectable": side * (z + 0.8416) / z,
    }
    if undefined:
        numbers = dict.fromkeys(numbers)
    return (
        entry
        | numbers
        | {
            "best": names[0 if first_is_better else 1],
            "worst": names[1 if first_is_better else 0],
            "pair": names,
            "left_out": [],
            "undefined": undefined,
        }
    )
