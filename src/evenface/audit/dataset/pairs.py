"""Two data sets side by side: how much of their demographic profiles is the same, and where they differ most."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenface.audit.dataset.counts import FaceCounts, Grouping
from evenface.audit.dataset.profile import group_name, metrics_of, reason
from evenface.audit.dataset.uncertainty import MOST_FACES, Counts, chance, interval, resample
from evenface.core.multiplicity import holm

SHOWN = 3


def similarities(
    data_sets: list[FaceCounts],
    pairs: list[tuple[int, int]],
    groupings: list[Grouping],
    resamples: int,
    permutations: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Compare pairs of aligned data sets on each grouping.

    The chance level deals all faces of both anew into two data sets of the same sizes: what similarity two samples of
    one population would show.

    Returns:
        Entries of `similarity[]`, their p corrected over all of them, as in docs/DATASET_BIAS_SCHEMA.md.
    """
    found = [
        _pair(
            data_sets[a], data_sets[b], grouping, resamples, permutations, np.random.default_rng([seed, 3, place, a, b])
        )
        for place, grouping in enumerate(groupings)
        for a, b in pairs
    ]
    for entry, corrected in zip(found, holm([entry["p"] for entry in found]), strict=True):
        entry["p_holm"] = float(corrected)
    return found


def _pair(
    a: FaceCounts, b: FaceCounts, grouping: Grouping, resamples: int, permutations: int, rng: np.random.Generator
) -> dict[str, Any]:
    first, second = a.table(grouping).sum(axis=1), b.table(grouping).sum(axis=1)
    entry: dict[str, Any] = {"by": grouping.by, "estimated": grouping.estimated, "a": a.name, "b": b.name}
    (metric,) = metrics_of("similarity")
    if not (first.any() and second.any()):
        empty = dict.fromkeys(("value", "low", "high", "chance_50", "chance_95", "p", "p_holm"), float("nan"))
        return {
            **entry,
            "n_a": int(first.sum()),
            "n_b": int(second.sum()),
            **empty,
            "undefined": metric.undefined,
            "differences": [],
        }
    value = float(metric(first, second))
    drawn = (resample(first, resamples, rng), resample(second, resamples, rng))
    low, high, _ = (float(end) for end in interval(metric, (first, second), drawn))
    middle, limit, p = chance(value, metric(*_dealt(first, second, permutations, rng)), bias=metric.bias)
    return {
        **entry,
        "n_a": int(first.sum()),
        "n_b": int(second.sum()),
        "value": value,
        "low": low,
        "high": high,
        "chance_50": middle,
        "chance_95": limit,
        "p": p,
        "p_holm": float("nan"),
        "undefined": reason(metric, value, low),
        "differences": _differences(a, grouping, first, second),
    }


def _dealt(first: Counts, second: Counts, draws: int, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Deal the pooled faces into two data sets of the same sizes, `draws` times."""
    pooled = first + second
    draws = draws if pooled.sum() <= MOST_FACES else 0
    mine = rng.multivariate_hypergeometric(pooled, int(first.sum()), size=draws, method="marginals")
    return mine, pooled - mine


def _differences(data: FaceCounts, grouping: Grouping, first: Counts, second: Counts) -> list[dict[str, Any]]:
    """The groups whose shares differ most, largest difference first."""
    p, q = first / first.sum(), second / second.sum()
    order = np.argsort(-np.abs(p - q), kind="stable")[:SHOWN].tolist()
    return [
        {"group": group_name(data, grouping, place), "share_a": p[place], "share_b": q[place]}
        for place in order
        if p[place] != q[place]
    ]
