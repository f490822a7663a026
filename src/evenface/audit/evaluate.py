"""Metrics as columns: which numbers a table allows, and their values for any stack of sums.

A column is one metric, or one class of a per-class metric; arrays of values have axes (…, group, column).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.metric import Array, Metric, Support
from evenface.audit.sums import CountSums

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One number per group (or per grouping): a metric, and the class it is about if it is per class."""

    metric: Metric
    label: str | None = None
    index: int = -1

    @property
    def name(self) -> str:
        """`accuracy`, or `tpr[happy]`."""
        return self.metric.name if self.label is None else f"{self.metric.name}[{self.label}]"


def columns(metrics: Sequence[Metric], classes: Sequence[str]) -> tuple[Column, ...]:
    """Lay the metrics out as columns, each per-class metric once per class, in the classes' order."""
    out: list[Column] = []
    for metric in metrics:
        if metric.per_class:
            out.extend(Column(metric, label, i) for i, label in enumerate(classes))
        else:
            out.append(Column(metric))
    return tuple(out)


def places(metrics: Sequence[Metric], classes: int) -> tuple[slice, ...]:
    """Where each metric's columns lie on the last axis."""
    out, at = [], 0
    for metric in metrics:
        step = classes if metric.per_class else 1
        out.append(slice(at, at + step))
        at += step
    return tuple(out)


def fill(out: Array, where: Sequence[slice], metrics: Sequence[Metric], sums: object) -> None:
    """Compute metrics into the columns `where` of `out` (…, column)."""
    for metric, columns_of_metric in zip(metrics, where, strict=True):
        value = metric(sums)
        out[..., columns_of_metric] = value if metric.per_class else value[..., None]


def evaluate(metrics: Sequence[Metric], sums: object, shape: tuple[int, ...], classes: int) -> Floats:
    """Compute metrics into one array (*shape, column), in the order of `columns(metrics, …)`.

    Args:
        metrics: All of one scope.
        sums: What they read.
        shape: (…, group) for scope `group`, (…) for scope `groups`.
        classes: Number of classes.
    """
    where = places(metrics, classes)
    out = np.empty((*shape, where[-1].stop if where else 0))
    fill(out, where, metrics, sums)
    return out


def support(sums: CountSums, kind: Support) -> Array:
    """How many faces of each kind a value rests on, (…, group, class); the class axis has length 1 for whole groups."""
    if kind == "rows":
        return sums.rows[..., None]
    if kind == "answered":
        return sums.answered[..., None]
    if kind == "labelled":
        return sums.true
    if kind == "read":
        return sums.predicted
    if kind == "labelled or read":
        return np.asarray(sums.true + sums.predicted - sums.hits)
    return np.asarray(sums.answered[..., None] - sums.true)


LACKING: dict[Support, str] = {
    "rows": "no face",
    "answered": "no face with an answer",
    "labelled": "no answered face labelled {}",
    "read": "no face read as {}",
    "labelled or read": "no face labelled or read as {}",
    "not labelled": "every answered face is labelled {}",
}


def why_undefined(column: Column, supports: Array, classes: Sequence[str], in_use: Array) -> str:
    """Say why a value is NaN.

    Args:
        column: What was computed.
        supports: (class,) faces of the kind that the metric rests on, in one group; length 1 for whole groups.
        classes: Class names.
        in_use: (class,) whether any face of the table is labelled so.
    """
    text = LACKING[column.metric.support]
    if column.metric.needs == "scores":
        text = text.replace("with an answer", "with scores").replace("answered face", "face with scores")
    if "{}" not in text:
        return text if supports.sum() == 0 else "not defined for these counts"
    everyone = zip(classes, supports, in_use, strict=True) if column.label is None else ()
    lacking = [column.label] if column.label else [c for c, n, used in everyone if n == 0 and used]
    return text.format(", ".join(lacking)) if lacking else "not defined for these counts"
