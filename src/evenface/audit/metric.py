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
    """What a count metric reads: sums over the faces of each group. Leading axes (resamples) are free.

    Score metrics read `evenface.audit.score_draws.ScoreSums` instead.
    """

    @property
    def rows(self) -> Array:
        """(…, group): all faces."""

    @property
    def answered(self) -> Array:
        """(…, group): faces with an answer."""

    @property
    def hits(self) -> Array:
        """(…, group, class): answered faces read as they are labelled."""

    @property
    def true(self) -> Array:
        """(…, group, class): answered faces labelled so."""

    @property
    def predicted(self) -> Array:
        """(…, group, class): answered faces read so."""

    @property
    def matrix(self) -> Array:
        """(…, group, true, predicted): answered faces; for metrics with `needs="matrix"`."""

    @property
    def in_use(self) -> Array:
        """(class,): whether any face of the table is labelled so; a mean over classes counts no other."""

    @property
    def enough_true(self) -> Array:
        """(group, class): whether enough faces are labelled so for a rate to be compared between groups."""

    @property
    def enough_other(self) -> Array:
        """(group, class): whether enough faces are labelled otherwise for a rate to be compared between groups."""

    @property
    def enough_read(self) -> Array:
        """(group, class): whether enough faces are read so for a rate to be compared between groups."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the audit's table: the function and everything a reader must know about it.

    Attributes:
        name: Identifier, as in `audit.json`; a per-class metric becomes `name[class]`.
        title: For people.
        compute: `Sums`, or `ScoreSums` where scores are needed -> (…, group), (…, group, class), or for scope
            `groups` (…).
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
    compute: Callable[[Any], Array]
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

    def __call__(self, sums: object) -> Array:
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
