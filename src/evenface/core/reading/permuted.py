"""Notice a class order that looks permuted: a model's "happy" that is really everybody's "sad".

A permutation is reported only cycle by cycle, and only if each class of the cycle is answered as the next one more
often than as itself, both among its own faces and among those answers. A class that merely collapses into another
does not do that: the other class still keeps its own faces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 1e-3  # chance that an honest model at its most confusing is reported, over all pairs of classes together
TIMES = 2.0  # a cycle must explain this many times as many faces as the given order


@dataclass(frozen=True, slots=True)
class PermutedCycle:
    """Classes whose names seem to be passed round.

    Attributes:
        classes: Names in the order of the cycle: a face of each class is mostly answered as the next one.
        moved: Faces that are answered as the next class of the cycle.
        kept: Faces that are answered as their own class.
    """

    classes: tuple[str, ...]
    moved: int
    kept: int

    def __str__(self) -> str:
        steps = " -> ".join((*self.classes, self.classes[0]))
        what = "are swapped" if len(self.classes) == 2 else "are passed round"
        return (
            f"{' and '.join(self.classes) if len(self.classes) == 2 else steps} look as if they {what}: "
            f"{self.moved:,} of these faces are answered as the other class and {self.kept:,} as their own"
        )


def permuted_classes(confusion: ArrayLike, names: Sequence[str]) -> tuple[PermutedCycle, ...]:
    """Find cycles of classes that a permutation of the answers explains far better than the given order.

    The permutation with most faces on the diagonal is found exactly. Each of its cycles is then held against the given
    order with a sign test over the cycle's faces, corrected for the number of class pairs. Our reconstruction of what a
    careful reader of a confusion table does.

    Args:
        confusion: (true class, answered class) counts of faces.
        names: Class names in that order.

    Returns:
        The cycles, largest first; empty if the order looks right.
    """
    counts = np.asarray(confusion, dtype=float)
    order = best_assignment(counts + 0.5 * np.eye(len(counts)))
    found = []
    for cycle in _cycles(order):
        rows, columns = np.array(cycle), np.array([order[i] for i in cycle])
        moved, kept = counts[rows, columns], counts[rows, rows]
        beaten_in_column = counts[columns, columns]
        if (
            (moved > kept).all()
            and (moved > beaten_in_column).all()
            and _convincing(moved.sum(), kept.sum(), len(counts))
        ):
            found.append(PermutedCycle(tuple(names[i] for i in cycle), int(moved.sum()), int(kept.sum())))
    return tuple(sorted(found, key=lambda cycle: -cycle.moved))


def _convincing(moved: float, kept: float, classes: int) -> bool:
    pairs = classes * (classes - 1) / 2
    return moved >= TIMES * kept and _sign_test(int(moved), int(kept)) < LEVEL / pairs


def _sign_test(moved: int, kept: int) -> float:
    """Give the chance of at least `moved` heads in `moved + kept` tosses of a fair coin."""
    tosses = moved + kept
    logs = [
        math.lgamma(tosses + 1) - math.lgamma(k + 1) - math.lgamma(tosses - k + 1) - tosses * math.log(2)
        for k in range(moved, min(tosses, moved + 2000) + 1)
    ]
    return math.fsum(map(math.exp, logs))


def _cycles(order: Sequence[int]) -> list[list[int]]:
    """Split a permutation into its cycles of two or more."""
    seen: set[int] = set()
    cycles = []
    for start in range(len(order)):
        cycle, at = [], start
        while at not in seen:
            seen.add(at)
            cycle.append(at)
            at = order[at]
        if len(cycle) > 1:
            cycles.append(cycle)
    return cycles


def best_assignment(weights: NDArray[np.float64]) -> list[int]:
    """Give each row its own column so that the summed weight is largest (Kuhn 1955, by shortest augmenting paths).

    Args:
        weights: Square matrix.

    Returns:
        The column of each row.
    """
    size = len(weights)
    cost = np.zeros((size + 1, size + 1))
    cost[1:, 1:] = weights.max(initial=0.0) - weights
    row_price, column_price = np.zeros(size + 1), np.zeros(size + 1)
    row_of = np.zeros(size + 1, dtype=int)  # column 0 stands for the row that is being placed
    for row in range(1, size + 1):
        row_of[0], column = row, 0
        slack, came_from, done = (
            np.full(size + 1, np.inf),
            np.zeros(size + 1, dtype=int),
            np.zeros(size + 1, dtype=bool),
        )
        while row_of[column]:
            done[column] = True
            reduced = cost[row_of[column]] - row_price[row_of[column]] - column_price
            better = ~done & (reduced < slack)
            slack[better], came_from[better] = reduced[better], column
            following = int(np.argmin(np.where(done, np.inf, slack)))
            step = slack[following]
            row_price[row_of[done]] += step
            column_price[done] -= step
            slack[~done] -= step
            column = following
        while column:
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    columns = np.zeros(size, dtype=int)
    columns[row_of[1:] - 1] = np.arange(size)
    return [int(column) for column in columns]
