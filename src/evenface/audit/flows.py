"""Confusion flows: which mistakes one group suffers more often than the rest.

For each grouping, group, labelled class and wrong answer, the share of the group's faces of that class read so is
held against the same share among all other faces. p comes from dealing the answers to the groups anew within each
labelled class, corrected over all flows of the grouping by the maximum of their standardised sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.metric import Array

Floats = NDArray[np.float64]
LEAST_EXPECTED = 1.0  # a flow is tested where chance alone would give at least one such face


@dataclass(frozen=True)
class Flows:
    """All flows of one grouping, (group, true, answer); NaN where not tested.

    Attributes:
        size: Faces of that true class in the group, (group, true).
        rate: Share of them read so.
        rest: The same share among all other faces of that class.
        low: Lower end of the 95 % interval of rate / rest.
        high: Upper end.
        statistic: Standardised difference from what chance would give.
    """

    size: Array
    rate: Floats
    rest: Floats
    low: Floats
    high: Floats
    statistic: Floats


def standardise(counts: Array) -> tuple[Floats, NDArray[np.bool_]]:
    """How far each flow lies from its mean under exchange within true class, in (regularised) standard deviations.

    Mean and variance are the hypergeometric ones. Half a face is added to the variance so that rare flows, whose
    distribution is skew, do not rule the maximum.

    Args:
        counts: (…, group, true, answer), the groups of one grouping.

    Returns:
        (…, group, true, answer), and where the expected count is at least `LEAST_EXPECTED`.
    """
    size = counts.sum(-1, keepdims=True)
    flow = counts.sum(-3, keepdims=True)
    total = size.sum(-3, keepdims=True)
    share = flow / np.maximum(total, 1)
    mean = size * share
    variance = size * share * (1 - share) * (total - size) / np.maximum(total - 1, 1)
    return (counts - mean) / np.sqrt(variance + 0.5), mean >= LEAST_EXPECTED


def measure(counts: Array, z: float) -> Flows:
    """Rates and ratios of all flows of one grouping.

    The ratio's interval is that of its logarithm with half a face added (Walter 1975; Pettigrew, Gart, Thomas 1986).

    Args:
        counts: (group, true, answer).
        z: Two-sided critical value.
    """
    size = counts.sum(-1)
    flow = counts.sum(0)
    others = (flow.sum(-1) - size)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = counts / size[..., None]
        rest = (flow - counts) / others
        a, b = counts + 0.5, flow - counts + 0.5
        n, m = size[..., None] + 0.5, others + 0.5
        log_ratio = np.log(a / n) - np.log(b / m)
        half = z * np.sqrt(np.maximum(1 / a - 1 / n + 1 / b - 1 / m, 0))
    statistic, tested = standardise(counts)
    wrong = ~np.eye(counts.shape[1], counts.shape[2], dtype=bool)
    keep = tested & wrong & (size[..., None] > 0) & (others > 0)
    return Flows(
        size=size,
        rate=rate,
        rest=rest,
        low=np.exp(log_ratio - half),
        high=np.exp(log_ratio + half),
        statistic=np.where(keep, statistic, np.nan),
    )


def largest(counts: Array) -> Floats:
    """The largest |statistic| over the tested flows of each draw, (…); 0 where none is tested."""
    statistic, tested = standardise(counts)
    wrong = ~np.eye(counts.shape[-2], counts.shape[-1], dtype=bool)
    return np.asarray(np.where(tested & wrong, np.abs(statistic), 0).max((-1, -2, -3)))


def words(group: str, true: str, answer: str | None, rate: float, rest: float) -> str:
    """One flow as a sentence."""
    read = "left without an answer" if answer is None else f"read as {answer}"
    if rest == 0:
        return f"{true} {read}: {rate:.1%} for {group}, never for the rest"
    ratio = rate / rest
    how = f"{ratio:.1f} times as often" if ratio >= 1 else f"{ratio:.2f} times as often"
    return f"{true} {read}: {how} for {group} ({rate:.1%} against {rest:.1%})"
