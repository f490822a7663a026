"""Which expression goes with whom: group by label tables, their metrics and cells, beside what chance would give."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenface.audit.dataset.counts import FaceCounts, Grouping
from evenface.audit.dataset.profile import SMALL, group_name, metrics_of, named_levels, reason
from evenface.audit.dataset.spec import DataMetric
from evenface.audit.dataset.uncertainty import (
    Counts,
    cell_p,
    chance,
    interval,
    max_adjusted,
    ratio_interval,
    resample,
    shuffled_rows,
)
from evenface.audit.dataset.words import cell_words
from evenface.core.multiplicity import holm

_EMPTY_CELL = "no face in this cell, so resamples cannot vary"


def stereotypes(
    data: FaceCounts, groupings: list[Grouping], resamples: int, permutations: int, seed: int
) -> list[dict[str, Any]]:
    """Describe each grouping against the label.

    Chance tables deal the labels out anew among the faces of which the same attributes are known, whole profiles at
    once, so the draws of all groupings belong together and the largest residual over all cells of a family can be taken
    in each draw.

    Returns:
        Entries of `stereotypes[]` as in docs/DATASET_BIAS_SCHEMA.md.
    """
    tables = [data.table(grouping)[:, :-1] for grouping in groupings]
    shuffled = _shuffled_tables(data, groupings, permutations, np.random.default_rng([seed, 1]))
    entries = []
    for place, (grouping, counts, drawn) in enumerate(zip(groupings, tables, shuffled, strict=True)):
        rng = np.random.default_rng([seed, 2, place])
        again = resample(counts, resamples, rng) if counts.any() else np.zeros((0, *counts.shape), dtype=np.int64)
        entries.append(_entry(data, grouping, counts, again, drawn))
    _adjust_metrics(entries)
    for size in sorted({len(grouping.columns) for grouping in groupings}):
        family = [place for place, grouping in enumerate(groupings) if len(grouping.columns) == size]
        _adjust_cells([entries[i] for i in family], [shuffled[i] for i in family])
    for entry in entries:
        for cell in entry["cells"]:
            cell["words"] = cell_words(cell, estimated=entry["estimated"])
    return entries


def _shuffled_tables(data: FaceCounts, groupings: list[Grouping], draws: int, rng: np.random.Generator) -> list[Counts]:
    """Chance tables of each grouping, `(draw, group, label)`, collapsed from the same draws."""
    labels = len(data.labels)
    tables = [np.zeros((draws, len(grouping.levels), labels), dtype=np.int64) for grouping in groupings]
    if not draws:
        return tables
    places = [data.places(grouping) for grouping in groupings]
    _, pattern = np.unique(data.profiles < 0, axis=0, return_inverse=True)
    for alike in range(int(pattern.max(initial=-1)) + 1):
        # A face of unknown gender is of no gender by chance too, so that its label must not be dealt to one.
        profiles = np.flatnonzero(pattern.reshape(-1) == alike)
        for profile, row in zip(profiles, shuffled_rows(data.counts[profiles, :-1], draws, rng), strict=True):
            for table, place in zip(tables, places, strict=True):
                if place[profile] >= 0:
                    table[:, place[profile]] += row
    return tables


def _entry(data: FaceCounts, grouping: Grouping, counts: Counts, drawn: Counts, shuffled: Counts) -> dict[str, Any]:
    present = np.flatnonzero(counts.sum(axis=1)).tolist()
    return {
        "by": grouping.by,
        "label": data.label,
        "estimated": grouping.estimated,
        "n": int(counts.sum()),
        "missing": data.rows - int(counts.sum()),
        "groups": [group_name(data, grouping, place) for place in present],
        "labels": list(data.labels),
        "counts": counts[present].tolist(),
        "metrics": _whole(counts, drawn, shuffled),
        "cells": _cells(data, grouping, counts, drawn),
    }


def _whole(counts: Counts, drawn: Counts, shuffled: Counts) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for metric in metrics_of("stereotypical"):
        value = float(metric(counts))
        low, high, corrected = (float(end) for end in interval(metric, (counts,), (drawn,)))
        if metric.interval_of is not None:
            low, high, corrected = found[metric.interval_of]["low"], found[metric.interval_of]["high"], float("nan")
        middle, limit, p = chance(value, metric(shuffled), bias=metric.bias)
        found[metric.name] = {
            "value": value,
            "corrected": corrected,
            "low": low,
            "high": high,
            "chance_50": middle,
            "chance_95": limit,
            "p": p,
            "p_holm": float("nan"),
            "undefined": reason(metric, value, low),
        }
    return found


def _adjust_metrics(entries: list[dict[str, Any]]) -> None:
    """Fill in `p_holm`: for each metric, over all groupings."""
    for metric in metrics_of("stereotypical"):
        found = [entry["metrics"][metric.name] for entry in entries]
        for one, adjusted in zip(found, holm([one["p"] for one in found]), strict=True):
            one["p_holm"] = float(adjusted)


def _cells(data: FaceCounts, grouping: Grouping, counts: Counts, drawn: Counts) -> list[dict[str, Any]]:
    n, groups, labels = int(counts.sum()), counts.sum(axis=1), counts.sum(axis=0)
    local = [(metric, metric(counts), *interval(metric, (counts,), (drawn,))[:2]) for metric in metrics_of("local")]
    cells = []
    for row in np.flatnonzero(groups).tolist():
        for column in np.flatnonzero(labels).tolist():
            hits, of_group, of_label = int(counts[row, column]), int(groups[row]), int(labels[column])
            cells.append(
                {
                    "group": group_name(data, grouping, row),
                    "levels": named_levels(data, grouping, row),
                    "label": data.labels[column],
                    "n": hits,
                    "group_n": of_group,
                    "label_n": of_label,
                    "expected": of_group * of_label / n,
                    "small": of_group < SMALL or of_group * of_label / n < 5,
                    **_ratio(hits, of_group, of_label - hits, n - of_group),
                    "p": cell_p(hits, of_group, of_label, n),
                    "p_holm": float("nan"),
                    "p_adjusted": float("nan"),
                    "metrics": {
                        metric.name: _local(
                            metric, hits, float(value[row, column]), float(low[row, column]), float(high[row, column])
                        )
                        for metric, value, low, high in local
                    },
                }
            )
    return cells


def _ratio(hits: int, of_group: int, rest_hits: int, rest: int) -> dict[str, Any]:
    low, high = ratio_interval(hits, of_group, rest_hits, rest)
    ratio = (hits / of_group) / (rest_hits / rest) if rest and rest_hits else float("nan")
    why = (
        None if not np.isnan(ratio) else "there is no other group" if not rest else "no face of the rest has this label"
    )
    return {
        "rest_n": rest,
        "share": hits / of_group,
        "rest_share": rest_hits / rest if rest else float("nan"),
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "undefined": why,
    }


def _local(metric: DataMetric, hits: int, value: float, low: float, high: float) -> dict[str, Any]:
    if hits == 0:
        low = high = float("nan")
    why = reason(metric, value, low)
    if hits == 0 and why is not None and not np.isnan(value) and metric.interval != "none":
        why = _EMPTY_CELL
    return {"value": value, "low": low, "high": high, "undefined": why}


def _adjust_cells(entries: list[dict[str, Any]], shuffled: list[Counts]) -> None:
    """Fill in `p_holm` and `p_adjusted` of all cells of one family: groupings of as many attributes each."""
    cells = [cell for entry in entries for cell in entry["cells"]]
    if not cells:
        return
    for cell, adjusted in zip(cells, holm([cell["p"] for cell in cells]), strict=True):
        cell["p_holm"] = float(adjusted)
    if not len(shuffled[0]):
        return
    (residual,) = (metric for metric in metrics_of("local") if metric.name == "adjusted_residual")
    drawn = np.stack([np.nan_to_num(np.abs(residual(table)), nan=0.0).max(axis=(1, 2)) for table in shuffled])
    observed = np.array([abs(cell["metrics"]["adjusted_residual"]["value"]) for cell in cells])
    for cell, adjusted in zip(cells, max_adjusted(observed, drawn.max(axis=0)), strict=True):
        cell["p_adjusted"] = float(adjusted)
