"""Which group is worst, how probable that is, and how single groups differ pair by pair."""

from __future__ import annotations

from itertools import combinations
from math import erfc, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from evenface.audit.gaps import HEADLINE, holm
from evenface.audit.group_table import GroupTable
from evenface.audit.intervals import SMALLEST_P
from evenface.audit.plan import Plan

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

    The interval combines the two groups' own intervals (MOVER, Newcombe 1998; Zou & Donner 2008); p is that at which
    the interval would just reach 0; corrected by Holm over all pairs of the audit.
    """
    z = NormalDist().inv_cdf((1 + plan.settings.level) / 2)
    out: list[dict[str, Any]] = []
    for by, rows in plan.compared.items():
        if not 2 <= len(rows) <= MOST_GROUPS_IN_PAIRS or len(plan.groups.names[rows[0]].levels) > 1:
            continue
        for j, column in enumerate(plan.group_columns):
            if column.name in HEADLINE:
                out.extend(_pair(plan, table, by, j, int(a), int(b), z) for a, b in combinations(rows, 2))
    p = np.array([np.nan if entry["p"] is None else entry["p"] for entry in out])
    for entry, corrected in zip(out, holm(p, ["pairs"] * len(out)), strict=True):
        entry["p_adjusted"] = entry["p_holm"] = None if np.isnan(corrected) else float(corrected)
    return out


def difference(v: tuple[float, float, float], w: tuple[float, float, float]) -> tuple[float, float, float]:
    """The difference of two independent values, each (value, low, high), and its interval (MOVER)."""
    d = v[0] - w[0]
    return d, d - sqrt((v[0] - v[1]) ** 2 + (w[2] - w[0]) ** 2), d + sqrt((v[2] - v[0]) ** 2 + (w[0] - w[1]) ** 2)


def p_of_interval(value: float, low: float, high: float, z: float) -> float:
    """Two-sided p of the value 0, from an interval with critical value `z`; below 1 - level if it excludes 0."""
    side = value - low if value >= 0 else high - value
    return max(erfc(z * abs(value) / side / sqrt(2)), SMALLEST_P) if side > 0 else 1.0


def _pair(plan: Plan, table: GroupTable, by: str, j: int, a: int, b: int, z: float) -> dict[str, Any]:
    column = plan.group_columns[j]
    one, two = ((float(table.value[g, j]), float(table.low[g, j]), float(table.high[g, j])) for g in (a, b))
    names = [plan.groups.names[g].name for g in (a, b)]
    entry: dict[str, Any] = {"by": by, "metric": column.name, "family": "pairs", "kind": "pair"}
    value, low, high = difference(one, two)
    undefined = None if np.isfinite(value) else "undefined in one of the two groups"
    first_is_better = (value > 0) == (column.metric.direction == "higher")
    side = (value - low) if value >= 0 else (high - value)
    numbers = {
        "value": value,
        "low": low,
        "high": high,
        "chance_50": 0.0,
        "chance_95": side,
        "p": p_of_interval(value, low, high, z),
        "p_adjusted": None,
        "p_holm": None,
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
