"""Confusion flows: which mistakes one group suffers more often than the rest.

For each grouping, group, labelled class and wrong answer, the share of the group's faces of that class read so is
held against the same share among all other faces. `p_adjusted` comes from dealing the answers to the groups anew within
each labelled class (persons, if they are known, as wholes), corrected over all flows of all groupings by the maximum of
their standardised sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Units
from evenface.audit.intervals import SMALLEST_P, student, student_p
from evenface.audit.metric import Array

Floats = NDArray[np.float64]
NO_ANSWER = "no answer"
LEAST_EXPECTED = 1.0  # a flow is tested where chance alone would give at least one such face


@dataclass(frozen=True)
class Flow:
    """One flow of one group.

    Attributes:
        count: Faces of the group with this label and this answer.
        size: Faces of the group with this label.
        rest_count: The same answer among all other faces of this label.
        rest_size: All other faces of this label.
        low: Lower end of the interval of rate / rest rate.
        high: Upper end.
        p: Two-sided, of equal rates, not corrected.
    """

    count: int
    size: int
    rest_count: int
    rest_size: int
    low: float
    high: float
    p: float


def standardise(counts: Array) -> tuple[Floats, NDArray[np.bool_]]:
    """How far each flow lies from its mean under exchange within true class, in (regularised) standard deviations.

    Mean and variance are the hypergeometric ones. Half a face is added to the variance so that rare flows, whose
    distribution is skew, do not rule the maximum.

    Args:
        counts: (…, group, true, answer), the groups of one grouping.

    Returns:
        (…, group, true, answer), and where a flow is tested: a mistake that chance would give at least
        `LEAST_EXPECTED` times, in a group that is not alone with its label.
    """
    size = counts.sum(-1, keepdims=True)
    flow = counts.sum(-3, keepdims=True)
    total = size.sum(-3, keepdims=True)
    share = flow / np.maximum(total, 1)
    mean = size * share
    variance = size * share * (1 - share) * (total - size) / np.maximum(total - 1, 1)
    wrong = ~np.eye(counts.shape[-2], counts.shape[-1], dtype=bool)
    return (counts - mean) / np.sqrt(variance + 0.5), wrong & (mean >= LEAST_EXPECTED) & (size < total)


def largest(counts: Array) -> Floats:
    """The largest |statistic| over the tested flows of each draw, (…); 0 where none is tested."""
    statistic, tested = standardise(counts)
    return np.asarray(np.where(tested, np.abs(statistic), 0).max((-1, -2, -3)))


def examine(
    counts: Array, place: tuple[int, int, int], z: float, member: NDArray[np.bool_], units: Units | None
) -> Flow:
    """One flow: its rates, the interval of their ratio, and p.

    Faces on their own: Fisher's exact test (twice the smaller tail), and the interval of the log ratio with half a
    face added (Walter 1975). Persons: both from the variance of the log ratio between persons (a ratio estimator's).

    Args:
        counts: (group, true, answer), the groups of one grouping.
        place: Which flow.
        z: Two-sided critical value.
        member: (group, leaf) of these groups.
        units: Counts per person, if faces of one person are not independent.
    """
    g, t, a = place
    size, count = int(counts[g, t].sum()), int(counts[g, t, a])
    rest_size, rest_count = int(counts[:, t].sum()) - size, int(counts[:, t, a].sum()) - count
    x, n, y, m = count + 0.5, size + 0.5, rest_count + 0.5, rest_size + 0.5
    log_ratio = log(x / n) - log(y / m)
    if units is None:
        variance = max(1 / x - 1 / n + 1 / y - 1 / m, 0.0)
        p = fisher(count, size, count + rest_count, size + rest_size)
    else:
        others = np.asarray(np.delete(member, g, 0).any(0))
        answers = counts.shape[-1]
        own, persons = _between_persons(units, member[g], t, a, answers, x, n)
        rest, other_persons = _between_persons(units, others, t, a, answers, y, m)
        variance, df = own + rest, max(min(persons, other_persons) - 1, 1)
        p = student_p(log_ratio / sqrt(variance), df) if variance > 0 else 1.0
        z = float(student(z, df))
    half = z * sqrt(variance)
    return Flow(count, size, rest_count, rest_size, exp(log_ratio - half), exp(log_ratio + half), p)


def _between_persons(
    units: Units, leaves: NDArray[np.bool_], t: int, a: int, answers: int, count: float, size: float
) -> tuple[float, int]:
    """Variance of the log of count / size with persons as the units, and how many there are.

    Never less than that of independent faces: where nobody, or a single person, was read so, persons show no spread.
    """
    mine = leaves[units.leaf] & (units.cell // answers == t)
    who, index = np.unique(units.subject[mine], return_inverse=True)
    faces = np.bincount(index, weights=units.count[mine], minlength=len(who))
    hits = np.bincount(index, weights=units.count[mine] * (units.cell[mine] % answers == a), minlength=len(who))
    spread = ((hits - count / size * faces) ** 2).sum() * len(who) / max(len(who) - 1, 1)
    return max(float(spread) / count**2, 1 / count - 1 / size), len(who)


def fisher(count: int, size: int, flow: int, total: int) -> float:
    """Fisher's exact test of a flow, two-sided as twice the smaller tail (Fisher 1935).

    Args:
        count: Such answers in the group.
        size: Faces of the group with this label.
        flow: Such answers among all faces of this label.
        total: All faces of this label.
    """
    mean = size * flow / total
    step = -1 if count < mean else 1
    term = share = _hypergeometric(count, size, flow, total)
    k = count
    # Outward from what was seen, each term from its neighbour, until terms no longer matter.
    while term > 1e-17 * share:
        up, down = (size - k) * (flow - k), k * (total - size - flow + k)
        term *= up / ((k + 1) * (total - size - flow + k + 1)) if step > 0 else down / ((size - k + 1) * (flow - k + 1))
        share += term
        k += step
    return min(1.0, max(2 * share, SMALLEST_P))


def _hypergeometric(k: int, size: int, flow: int, total: int) -> float:
    """Probability of k such answers in the group, all margins given."""

    def log_choose(n: int, m: int) -> float:
        return lgamma(n + 1) - lgamma(m + 1) - lgamma(n - m + 1)

    return exp(log_choose(flow, k) + log_choose(total - flow, size - k) - log_choose(total, size))


def words(group: str, true: str, answer: str, flow: Flow) -> str:
    """One flow as a sentence."""
    read = "left without an answer" if answer == NO_ANSWER else f"read as {answer}"
    rate = flow.count / flow.size
    if flow.rest_count == 0:
        return f"{true} {read}: {100 * rate:.1f} % for {group}, never for the rest"
    rest = flow.rest_count / flow.rest_size
    ratio = rate / rest
    how = f"{ratio:.1f} times as often" if ratio >= 1 else f"{ratio:.2f} times as often"
    return f"{true} {read}: {how} for {group} ({100 * rate:.1f} % against {100 * rest:.1f} %)"
