"""Random tables: what another sample would have held, and what exchangeable groups would have shown.

All draws are made on cells, so their cost does not grow with resamples x faces. Shapes: (draw, leaf, cell),
where a cell is a (true class, answer) pair.

* `Bootstrap` draws faces with replacement: a multinomial draw of all cells, which has exactly the law of
  drawing rows. Where subjects are known, persons are drawn and bring all their faces.
* `Exchange` deals the same faces out to the groups anew, all margins kept: what chance alone gives if groups do not
  matter. Faces are exchanged among leaves of which the same attributes are known. `within_true` keeps each leaf's
  labels too, `within_predicted` its answers. Where subjects are known, persons as wholes are dealt to the leaves;
  whole persons bring their labels, so that a leaf's labels (or answers) are kept otherwise, see `audit.persons`. Where
  persons are seen in several leaves, see `audit.scattered`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Cells, Units
from evenface.audit.metric import Metric, Null
from evenface.audit.persons import SameRates, same_rates
from evenface.audit.scattered import WeightedPersons, WholePersons

Ints = NDArray[np.int64]
# A shuffled face costs about as much as 1/20 of a hypergeometric draw (measured, numpy 2.4 on x86-64).
SHUFFLES_PER_HYPERGEOMETRIC = 20


class Sampler(Protocol):
    """Anything that gives random tables."""

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64] | Ints:
        """Draw `size` tables of shape (size, leaf, cell)."""
        ...


@dataclass(frozen=True)
class Bootstrap:
    """Resample faces, or persons where these are known, with replacement."""

    cells: Cells

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64] | Ints:
        """Draw `size` tables of shape (size, leaf, cell)."""
        counts = self.cells.counts
        leaves, n_cells = counts.shape[0], counts.shape[1] * counts.shape[2]
        if self.cells.units is not None:
            return _bootstrap_persons(self.cells.units, leaves, n_cells, rng, size)
        flat = counts.reshape(-1)
        used = np.flatnonzero(flat)
        out = np.zeros((size, flat.size), np.int64)
        total = flat.sum()
        out[:, used] = rng.multinomial(total, flat[used] / total, size=size)
        return out.reshape(size, leaves, n_cells)


def _bootstrap_persons(
    units: Units, leaves: int, n_cells: int, rng: np.random.Generator, size: int
) -> NDArray[np.float64]:
    share, place = np.full(units.n, 1 / units.n), units.leaf * n_cells + units.cell
    out = np.empty((size, leaves * n_cells))
    for row in out:  # one at a time, so that memory does not grow with draws x persons
        weight = rng.multinomial(units.n, share)[units.subject] * units.count
        row[:] = np.bincount(place, weights=weight, minlength=leaves * n_cells)
    return out.reshape(size, leaves, n_cells)


@dataclass
class Exchange:
    """Deal the faces out to the leaves anew.

    Attributes:
        cells: The counted table.
        null: What stays fixed beside the size of each leaf and the overall table: nothing, the labels of each leaf, or
            its answers. Where subjects are known and something stays fixed, the overall table does so on average.
    """

    cells: Cells
    null: Null = "any"
    _same: SameRates | None = field(init=False, default=None)
    _scattered: Sampler | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        units, by_answer = self.cells.units, self.null == "within_predicted"
        if units is None:
            return
        if units.scattered:
            whole = self.null == "any"
            self._scattered = (
                WholePersons(self.cells, units) if whole else WeightedPersons(self.cells, units, 1 if by_answer else 2)
            )
        elif self.null != "any":
            self._same = same_rates(self.cells, units, by_answer=by_answer)

    def suits(self, metric: Metric) -> bool:
        """Whether these tables are what chance gives for a metric."""
        return metric.null == self.null

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64] | Ints:
        """Draw `size` tables of shape (size, leaf, cell)."""
        counts = self.cells.counts
        leaves, classes, answers = counts.shape
        n_cells = classes * answers
        if self._scattered is not None:
            return self._scattered.draw(rng, size)
        if self._same is not None:
            drawn = self._same.draw(rng, size)
            return (drawn.swapaxes(2, 3) if self.null == "within_predicted" else drawn).reshape(size, leaves, n_cells)
        if self.cells.units is not None:
            return _exchange_persons(self.cells, self.cells.units, rng, size)
        out = np.zeros((size, leaves, n_cells), np.int64)
        flat = counts.reshape(leaves, n_cells)
        for pattern in self.cells.patterns:
            for columns in _strata(classes, answers, self.null):
                corner = np.ix_(pattern, columns)
                out[:, corner[0], corner[1]] = deal(flat[corner], rng, size)
        return out


def _strata(classes: int, answers: int, null: Null) -> list[Ints]:
    """The cells among which faces are exchanged, one array of cell numbers per stratum."""
    grid = np.arange(classes * answers).reshape(classes, answers)
    if null == "any":
        return [grid.reshape(-1)]
    return list(grid) if null == "within_true" else list(grid.T)


def deal(table: Ints, rng: np.random.Generator, size: int) -> Ints:
    """Random tables (size, leaf, cell) with the row and column sums of `table` (leaf, cell), as by shuffling faces."""
    rows, columns = table.sum(1), table.sum(0)
    used_rows, used_columns = np.flatnonzero(rows), np.flatnonzero(columns)
    out = np.zeros((size, *table.shape), np.int64)
    if len(used_rows) == 0:
        return out
    few = len(used_columns) < 2**CODE_BITS
    if few and table.sum() <= SHUFFLES_PER_HYPERGEOMETRIC * len(used_rows) * len(used_columns):
        small = _deal_by_shuffle(rows[used_rows], columns[used_columns], rng, size)
    else:
        small = _deal_by_hypergeometric(rows[used_rows], columns[used_columns], rng, size)
    out[:, used_rows[:, None], used_columns] = small
    return out


CODE_BITS = 16  # a column number must fit; the other 48 bits of a key are random
LOW_BITS = np.uint64(2**CODE_BITS - 1)


def _deal_by_shuffle(rows: Ints, columns: Ints, rng: np.random.Generator, size: int) -> Ints:
    """Shuffle by sorting random keys with the face's column in their low bits; numpy sorts faster than it permutes."""
    n, cells = int(rows.sum()), len(rows) * len(columns)
    codes = np.repeat(np.arange(len(columns), dtype=np.uint64), columns)
    keys = rng.integers(0, 2**64, (size, n), dtype=np.uint64)
    keys &= ~LOW_BITS
    keys |= codes
    keys.sort(axis=1)
    keys &= LOW_BITS
    place = keys.view(np.int64)
    place += np.repeat(np.arange(len(rows)), rows) * len(columns) + np.arange(size)[:, None] * cells
    return np.bincount(place.reshape(-1), minlength=size * cells).reshape(size, len(rows), len(columns))


def _deal_by_hypergeometric(rows: Ints, columns: Ints, rng: np.random.Generator, size: int) -> Ints:
    """Fill the table row by row, each cell from what its column and its row still have to give."""
    out = np.empty((size, len(rows), len(columns)), np.int64)
    left = np.tile(columns, (size, 1))
    for i, row in enumerate(rows[:-1]):
        need = np.full(size, row)
        others = left.sum(1)
        for j in range(len(columns) - 1):
            others = others - left[:, j]
            out[:, i, j] = _hypergeometric(rng, left[:, j], others, need)
            need = need - out[:, i, j]
        out[:, i, -1] = need
        left = left - out[:, i]
    out[:, -1] = left
    return out


# numpy's hypergeometric refuses populations of 10^9 and more.
HYPERGEOMETRIC_LIMIT = 10**9


def _hypergeometric(rng: np.random.Generator, good: Ints, bad: Ints, sample: Ints) -> Ints:
    if int((good + bad).max()) < HYPERGEOMETRIC_LIMIT:
        return rng.hypergeometric(good, bad, sample)
    total = good + bad
    share = good / np.maximum(total, 1)
    sd = np.sqrt(sample * share * (1 - share) * (total - sample) / np.maximum(total - 1, 1))
    normal = np.rint(sample * share + sd * rng.standard_normal(len(good))).astype(np.int64)
    return np.clip(normal, np.maximum(0, sample - bad), np.minimum(good, sample))


def _exchange_persons(cells: Cells, units: Units, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Deal persons, each seen in one leaf, to leaves."""
    leaves, n_cells = cells.counts.shape[0], cells.counts.shape[1] * cells.counts.shape[2]
    _, first = np.unique(units.subject, return_index=True)
    home = units.leaf[first]
    strata = [np.flatnonzero(np.isin(home, pattern)) for pattern in cells.patterns]
    out = np.empty((size, leaves * n_cells))
    for row in out:
        dealt = home.copy()
        for stratum in strata:
            dealt[stratum] = rng.permutation(home[stratum])
        row[:] = np.bincount(
            dealt[units.subject] * n_cells + units.cell, weights=units.count, minlength=leaves * n_cells
        )
    return out.reshape(size, leaves, n_cells)
