"""The demographic profile of a data set: faces per group, and representational bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenface.audit.dataset.counts import FaceCounts, Grouping
from evenface.audit.dataset.metrics import DATA_METRICS
from evenface.audit.dataset.spec import DataMetric
from evenface.audit.dataset.uncertainty import Counts, interval, resample, wilson

SMALL = 30
NO_INTERVAL = "no interval is made for this metric"


def metrics_of(scope: str) -> list[DataMetric]:
    """Load the metrics of one scope, in the order of the table."""
    loaded = (DATA_METRICS.get(name) for name in DATA_METRICS.names())
    return [metric for metric in loaded if metric.scope == scope]


def group_name(data: FaceCounts, grouping: Grouping, place: int) -> str:
    """Name a group with its attributes: `"gender=Female, race=Black"`."""
    return ", ".join(f"{name}={level}" for name, level in named_levels(data, grouping, place).items())


def named_levels(data: FaceCounts, grouping: Grouping, place: int) -> dict[str, str]:
    """Give attribute -> level of a group."""
    return {
        data.attributes[column].name: level
        for column, level in zip(grouping.columns, grouping.levels[place], strict=True)
    }


def profile(data: FaceCounts, grouping: Grouping, resamples: int, rng: np.random.Generator) -> dict[str, Any]:
    """Describe one grouping: shares of its groups and every representational metric, each with its interval.

    Returns:
        An entry of `profiles[]` as in docs/DATASET_BIAS_SCHEMA.md.
    """
    counts = data.table(grouping).sum(axis=1)
    n = int(counts.sum())
    present = counts > 0
    drawn = resample(counts, resamples, rng) if n else np.zeros((0, len(counts)), dtype=np.int64)
    low, high = wilson(counts) if n else (np.full(len(counts), np.nan),) * 2
    groups = [
        {
            "group": group_name(data, grouping, place),
            "levels": named_levels(data, grouping, place),
            "n": int(counts[place]),
            "share": counts[place] / n,
            "low": low[place],
            "high": high[place],
            "small": bool(counts[place] < SMALL),
        }
        for place in np.flatnonzero(present).tolist()
    ]
    return {
        "by": grouping.by,
        "estimated": grouping.estimated,
        "n": n,
        "missing": data.rows - n,
        "groups": groups,
        "absent": [group_name(data, grouping, place) for place in np.flatnonzero(~present).tolist()],
        "metrics": {
            metric.name: _measured(metric, counts, drawn, present) for metric in metrics_of("representational")
        },
    }


def _measured(metric: DataMetric, counts: Counts, drawn: Counts, present: np.ndarray[Any, Any]) -> dict[str, Any]:
    if not present.any():
        return {"value": None, "corrected": None, "low": None, "high": None, "undefined": "no face with a known group"}
    kept = present if metric.levels == "present" else np.ones_like(present)
    value = float(metric(counts[kept]))
    low, high, corrected = (float(end) for end in interval(metric, (counts[kept],), (drawn[:, kept],)))
    return {"value": value, "corrected": corrected, "low": low, "high": high, "undefined": reason(metric, value, low)}


def reason(metric: DataMetric, value: float, low: float) -> str | None:
    """Say why a value or its interval is missing; None if nothing is."""
    if np.isnan(value):
        return metric.undefined
    if np.isnan(low):
        return NO_INTERVAL
    return None
