"""What a metric is: a function of counts or scores, with its direction, its formula and its source.

A **group** metric gives one number (or one per class) for each group; the audit itself compares the
groups. A **groups** metric takes all groups of a grouping and gives one number: it *is* a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Scope = Literal["group", "groups"]
Needs = Literal["counts", "matrix", "scores"]
Null = Literal["any", "within_true", "within_predicted"]
Support = Literal["rows", "answered", "labelled", "read", "labelled or read", "not labelled"]


class Sums(Protocol):
    """What a metric reads: sums over the faces of each group. Leading axes (resamples) are free.

    Shapes: `rows`, `answered` (…, group); `hits`, `true`, `predicted` (…, group, class), all three over answered
    faces; `matrix` (…, group, true class, predicted class), answered faces only, for metrics with `needs="matrix"`;
    `in_use` (class,): whether any face of the table is labelled so, and a mean over classes counts it; `enough_true`,
    `enough_read` (group, class): whether so many faces of a group are labelled (read) so that its rates are
    worth comparing with other groups', which scope `groups` metrics heed; the rest for metrics with `needs="scores"`, see `evenface.audit.scored.ScoreSums`.
    """

    rows: Array
    answered: Array
    hits: Array
    true: Array
    predicted: Array
    matrix: Array
    in_use: Array
    enough_true: Array
    enough_read: Array
    scored: Array
    confidence_residual: Array
    class_residual: Array
    squared_error: Array
    negative_log: Array
    auroc: Array


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the audit's table: the function and everything a reader must know about it.

    Attributes:
        name: Identifier, as in `audit.json`; a per-class metric becomes `name[class]`.
        title: For people.
        compute: `Sums` -> (…, group), (…, group, class), or for scope `groups` (…) .
        scope: Whether it describes one group or compares groups.
        per_class: Whether the last axis of the result is the class.
        direction: Whether larger is better; `closer` means closer to `ideal`.
        ideal: The value of a perfect (scope `group`) or perfectly even (scope `groups`) model.
        low: Smallest possible value.
        high: Largest possible value; infinity where there is none.
        needs: What the table must hold.
        null: What stays fixed when groups are exchanged to find the chance level: nothing, the true
            class of each face, or the predicted class of each face.
        support: Which faces the value of one group rests on.
        ratio: Whether min / max over groups is reported beside max - min.
        formula: In words or symbols.
        source: Where the definition comes from.
    """

    name: str
    title: str
    compute: Callable[[Sums], Array]
    scope: Scope
    per_class: bool
    direction: Literal["higher", "lower", "closer"]
    ideal: float
    low: float
    high: float
    needs: Needs
    null: Null
    support: Support
    ratio: bool
    formula: str
    source: str

    def __call__(self, sums: Sums) -> Array:
        """Compute the metric; undefined entries are NaN."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.compute(sums))

    @property
    def doc(self) -> str:
        """The docstring of the function behind it."""
        return (self.compute.__doc__ or "").strip()


def metric(
    *,
    formula: str,
    source: str,
    title: str = "",
    scope: Scope = "group",
    per_class: bool = False,
    direction: Literal["higher", "lower", "closer"] = "higher",
    ideal: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
    needs: Needs = "counts",
    null: Null = "any",
    support: Support = "answered",
    ratio: bool = False,
) -> Callable[[Callable[[Any], Array]], Metric]:
    """Make a `Metric` of a function, whose name becomes the metric's name.

    Example:
        >>> @metric(formula="wrong / answered", source="ours", direction="lower")
        ... def error_rate(sums):
        ...     "Share of answered faces read wrongly."
        ...     return 1 - sums.hits.sum(-1) / sums.answered
        >>> error_rate.name, error_rate.ideal
        ('error_rate', 0.0)
    """

    def wrap(function: Callable[[Any], Array]) -> Metric:
        name = function.__name__
        best = (high if direction == "higher" else low) if ideal is None else ideal
        return Metric(
            name=name,
            title=title or name.replace("_", " ").capitalize(),
            compute=function,
            scope=scope,
            per_class=per_class,
            direction=direction,
            ideal=best,
            low=low,
            high=high,
            needs=needs,
            null=null,
            support=support,
            ratio=ratio,
            formula=formula,
            source=source,
        )

    return wrap
