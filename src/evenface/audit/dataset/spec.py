"""What a data-set metric is: a formula over counts, with the words that belong to it.

Every metric computes from counts with draws in front, `(..., group)` or `(..., group, label)`, and gives one number
per leading index (`(...)`; scope `local` gives one per cell). What is undefined comes out as NaN, and
`DataMetric.undefined` says in words when that happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Scope = Literal["representational", "stereotypical", "local", "similarity"]
IntervalKind = Literal["shifted", "squares", "box", "distance", "percentile", "none"]
Bounds = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class DataMetric:
    """One measure of a data set's composition.

    Attributes:
        name: Key in the table and in every result.
        title: Name as printed.
        scope: `representational`: counts per group; `stereotypical`: counts per group and label, one number;
            `local`: the same counts, one number per cell; `similarity`: two profiles, one number.
        compute: The formula, over arrays of counts.
        meaning: First line of the formula's docstring.
        formula: In plain signs.
        source: Paper or book it comes from.
        low: Smallest possible value, None if unbounded.
        high: Largest possible value, None if unbounded.
        bias: Which end speaks of more bias; `either` for signed values, `none` for plain description.
        undefined: When the value is NaN, in words.
        interval: How the 95 % interval is made from resamples (see `uncertainty.interval`).
        interval_of: Name of the metric that estimates the same quantity and lends its interval, if not its own.
        bounds: For `box`: the smallest and largest value when each share lies between given limits `(group,)`.
        differences: For `distance`: what the metric takes the absolute sum of, `(..., group)` or `(..., group, label)`.
        levels: `present` leaves groups without faces out before computing, `declared` keeps them.
    """

    name: str
    title: str
    scope: Scope
    compute: Callable[..., Floats]
    meaning: str
    formula: str
    source: str
    low: float | None
    high: float | None
    bias: Literal["high", "low", "either", "none"]
    undefined: str
    interval: IntervalKind = "shifted"
    interval_of: str | None = None
    bounds: Bounds | None = None
    differences: Callable[..., Floats] | None = None
    levels: Literal["present", "declared"] = "present"

    def __call__(self, *counts: npt.ArrayLike) -> Floats:
        """Compute over counts of any numeric type, with undefined values as NaN and no numpy warnings."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.compute(*(np.asarray(count, dtype=np.float64) for count in counts))

    def describe(self) -> dict[str, object]:
        """Give what a reader of a result must know of this metric, ready for JSON."""
        keys = ("name", "title", "scope", "meaning", "bias", "low", "high", "interval", "formula", "source")
        return {key: getattr(self, key) for key in keys}


def data_metric(
    scope: Scope,
    title: str,
    *,
    formula: str,
    source: str,
    low: float | None,
    high: float | None,
    bias: Literal["high", "low", "either", "none"],
    undefined: str,
    interval: IntervalKind = "shifted",
    interval_of: str | None = None,
    bounds: Bounds | None = None,
    differences: Callable[..., Floats] | None = None,
    levels: Literal["present", "declared"] = "present",
) -> Callable[[Callable[..., Floats]], DataMetric]:
    """Turn a function over counts into a `DataMetric` of the same name; the arguments are its attributes."""

    def make(compute: Callable[..., Floats]) -> DataMetric:
        return DataMetric(
            name=compute.__name__,
            title=title,
            scope=scope,
            compute=compute,
            meaning=(compute.__doc__ or "").strip().partition("\n")[0],
            formula=formula,
            source=source,
            low=low,
            high=high,
            bias=bias,
            undefined=undefined,
            interval=interval,
            interval_of=interval_of,
            bounds=bounds,
            differences=differences,
            levels=levels,
        )

    return make


def shares(counts: Floats) -> Floats:
    """Divide counts by their sum over the last axis; NaN where the sum is zero."""
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True))


def entropy(counts: Floats) -> Floats:
    """Shannon entropy in nats over the last axis, where an empty group adds nothing; NaN where all are empty."""
    p = shares(counts)
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1))
