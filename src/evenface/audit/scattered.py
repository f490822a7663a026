"""Chance tables where persons are seen in several leaves, as where light differs between the faces of a person.

A leaf is a crossing of all attributes, so one that varies within persons would cut them into parts in every other
grouping too; parts that are dealt each on its own make faces of a person look independent. Here persons stay whole:

* `WholePersons`, where nothing is fixed: each person gets the leaves of another. The person's faces are laid in a
  random order, those of one leaf next to each other, and cut as the other's are. So what is constant within persons is
  dealt among persons, and what varies within them is dealt within them too.
* `WeightedPersons`, where each leaf keeps its labels (or its answers): what everybody's rates give, plus by how much
  all faces of a person depart from it, times a weight drawn for each person, and widened as Student's t is. This is the
  wild cluster bootstrap with the null imposed (Cameron, Gelbach & Miller, Rev. Econ. Stat. 2008); the weights are
  Mammen's (Ann. Stat. 1993), which keep the skewness that counts of rare mistakes have. Counts are not whole, and in
  small leaves they may be below 0; whoever sums them keeps the sums within what can be.

That these are what chance gives for any attributes is our reconstruction; docs/STATISTICS.md shows how often it holds.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Cells, Units
from evenface.audit.persons import pooled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GOLDEN = (1 + 5**0.5) / 2
LOW_SHARE = GOLDEN / 5**0.5  # weights 1 - GOLDEN and GOLDEN so have mean 0, variance 1 and third moment 1 (Mammen 1993)
SHUFFLED = 2.0**-24  # of the key that orders a person's faces: their order within a leaf; the rest orders the leaves


class WholePersons:
    """Tables in which each person has the leaves of another person.

    Persons swap who have faces of the same patterns (see `Cells.patterns`); their faces of each pattern are a *piece*.
    Faces lie in memory piece after piece; within a piece, smaller leaves come first.

    Args:
        cells: The counted table.
        units: Its persons.
    """

    def __init__(self, cells: Cells, units: Units) -> None:
        self.shape = (len(cells.counts), cells.counts[0].size)
        self.patterns = len(cells.patterns)
        pattern = np.empty(len(cells.counts), np.int64)
        for k, leaves in enumerate(cells.patterns):
            pattern[leaves] = k
        own = units.subject * self.patterns + pattern[units.leaf]
        _, part = np.unique(units.subject * len(cells.counts) + units.leaf, return_inverse=True)
        self.part_size = np.bincount(part, weights=units.count)
        order = np.lexsort((units.leaf, self.part_size[part], own))
        faces = np.repeat(order, units.count[order])
        self.piece, piece_of = np.unique(own[faces], return_inverse=True)
        self.start, self.size = np.searchsorted(piece_of, np.arange(len(self.piece))), np.bincount(piece_of)
        small = np.int32  # there may be many faces
        self.leaf, self.cell = units.leaf[faces].astype(small), units.cell[faces].astype(small)
        self.piece_of, self.part_of = piece_of.astype(small), part[faces].astype(small)
        self.several = self.leaf[self.start] != self.leaf[self.start + self.size - 1]
        known = np.zeros((units.n, self.patterns), bool)
        known[units.subject, pattern[units.leaf]] = True
        _, alike = np.unique(known, axis=0, return_inverse=True)
        self.strata = [np.flatnonzero(alike.reshape(-1) == k) for k in range(int(alike.max()) + 1)]
        self.persons = units.n

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` tables (size, leaf, cell)."""
        out = np.empty((size, self.shape[0] * self.shape[1]))
        for row in out:  # one at a time, so that memory does not grow with draws x faces
            leaf, cell = self._deal(rng)
            row[:] = np.bincount(leaf.astype(np.int64) * self.shape[1] + cell, minlength=len(row))
        return out.reshape(size, *self.shape)

    def _deal(self, rng: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The leaf and the cell of every face, in no order that matters."""
        giver = self._givers(rng)
        leaf, cell = self.leaf[self.start[giver]][self.piece_of], self.cell
        at = np.flatnonzero(self.several[giver][self.piece_of])  # elsewhere all faces go to one leaf
        if len(at):
            mine = self.piece_of[at]
            # Parts in an order in which each face is equally likely to be first: by exponential clocks of their sizes.
            clock = 1 - rng.random(len(self.part_size)) ** (1 / self.part_size)
            key = mine + (1 - SHUFFLED) * clock[self.part_of[at]] + SHUFFLED * rng.random(len(at))
            cell = cell.copy()
            cell[at] = cell[at[np.argsort(key)]]
            # Pieces may differ in size: every k-th of the giver's places, from a random one on.
            theirs = self.size[giver][mine]
            place = (at - self.start[mine] + rng.random(len(self.piece))[mine]) * (theirs / self.size[mine])
            leaf[at] = self.leaf[self.start[giver][mine] + np.minimum(place.astype(np.int64), theirs - 1)]
        return leaf, cell

    def _givers(self, rng: np.random.Generator) -> Ints:
        """(piece,) whose leaves it gets."""
        giver = np.arange(self.persons)
        for persons in self.strata:
            giver[persons] = persons[rng.permutation(len(persons))]
        if self.patterns == 1:
            return giver
        person, pattern = np.divmod(self.piece, self.patterns)
        return np.searchsorted(self.piece, giver[person] * self.patterns + pattern)


class WeightedPersons:
    """Tables in which all leaves have the same rates within each stratum, and persons depart from them as they do.

    Args:
        cells: The counted table.
        units: Its persons.
        outcome: The axis of `Cells.counts` whose shares are everybody's: 2, answers within labels; 1, labels within
            answers.
    """

    def __init__(self, cells: Cells, units: Units, outcome: Literal[1, 2]) -> None:
        counts = cells.counts if outcome == 2 else cells.counts.swapaxes(1, 2)
        rates = pooled(counts, cells.patterns)
        self.rates = rates if outcome == 2 else rates.swapaxes(1, 2)
        self.expected = cells.counts.sum(outcome, keepdims=True) * self.rates
        self.units, self.outcome = units, outcome
        self.place = units.leaf * cells.counts[0].size + units.cell
        self.df = max(units.n - 1, 1)

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` tables (size, leaf, cell); each leaf's sums over outcomes stay as they are."""
        out = np.empty((size, self.expected.size))
        wide = np.sqrt(self.df / rng.chisquare(self.df, size))
        for row, scale in zip(out, wide, strict=True):
            weight = scale * np.where(rng.random(self.units.n) < LOW_SHARE, 1 - GOLDEN, GOLDEN)
            weights = weight[self.units.subject] * self.units.count
            faces = np.bincount(self.place, weights=weights, minlength=len(row)).reshape(self.expected.shape)
            row[:] = (self.expected + faces - faces.sum(self.outcome, keepdims=True) * self.rates).reshape(-1)
        return out.reshape(size, len(self.expected), -1)
