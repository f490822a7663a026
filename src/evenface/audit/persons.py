"""Chance tables for label-conditional metrics where persons are known: the same rates for all, each group its labels.

Whole persons cannot be dealt out here: groups may show different expressions, and dealing persons evens that out, so
that a group with few sad faces gets many. Nor can a person's faces of one label be dealt as one part: parts are larger
in one group than in the other, and faces of different labels would no longer hang together.

So the faces of each leaf and stratum (a label; for precision, an answer) are drawn anew from the rates of all leaves
together, and the draws are then spread as faces of persons are. With e the whitened deviations of a leaf's counts from
what is expected (0 on average, each with variance 1), n its faces and N its pairs of faces of one person by strata, e
becomes (1 + N / sqrt(n n') o G)^1/2 e, where o is the product entry by entry, and G the mean product of the deviations
of two faces of one person, over all such pairs within and across strata. That is the covariance of a sum over persons;
nothing is changed where faces of a person are no more alike than others. G is estimated, so a table is widened as
Student's t is. Our reconstruction; docs/STATISTICS.md shows how often it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.cells import Cells, Units

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNITS_AT_ONCE = 20_000  # persons whose faces are held as a dense table
ROUNDING = 1e-12


@dataclass(frozen=True)
class SameRates:
    """Draws of tables in which all leaves have the same rates within each stratum.

    Attributes:
        size: (leaf, stratum) faces.
        rates: (leaf, stratum, outcome) shares among all faces of the leaf's pattern, see `Cells.patterns`.
        root: (leaf, stratum, outcome, outcome) square root of the covariance of one face's outcome.
        whiten: Its inverse.
        gain: (leaf, cell, cell), what makes of independent faces those of persons.
        df: Degrees of freedom of `gain`.
    """

    size: Ints
    rates: Floats
    root: Floats
    whiten: Floats
    gain: NDArray[np.float32]
    df: int

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` tables (size, leaf, stratum, outcome); counts are not whole, and add up to the leaf's strata."""
        n = np.sqrt(np.maximum(self.size, 1))[..., None]
        expected = self.size[..., None] * self.rates
        off = rng.multinomial(self.size, self.rates, size=(size, *self.size.shape)) - expected
        white = np.einsum("lsab,dlsb->lsad", self.whiten, off / n, optimize=True)
        spread = self.gain @ white.reshape(len(n), -1, size).astype(np.float32)
        spread *= np.sqrt(self.df / rng.chisquare(self.df, size))
        off = np.einsum("lsab,lsbd->dlsa", self.root, spread.reshape(white.shape), optimize=True) * n
        drawn = np.maximum(expected + off, 0)
        total = drawn.sum(-1, keepdims=True)
        return np.asarray(drawn * (self.size[..., None] / np.where(total > 0, total, 1)))


def same_rates(cells: Cells, units: Units, *, by_answer: bool = False) -> SameRates:
    """What `SameRates` draws from.

    Args:
        cells: The counted table.
        units: Its persons.
        by_answer: Strata are answers and outcomes labels, not the other way round.
    """
    counts, cell = cells.counts, units.cell
    if by_answer:
        counts, answers = counts.swapaxes(1, 2), counts.shape[2]
        cell = cell % answers * counts.shape[2] + cell // answers
    rates = pooled(counts, cells.patterns)
    root, whiten = _roots(rates)
    found = _Pairs(rates, whiten)
    found.add_all(units, cell)
    alike, outcomes = found.likeness(), counts.shape[2]
    size = counts.sum(2)
    gain = np.tile(np.eye(len(alike), dtype=np.float32), (len(size), 1, 1))
    used = np.ix_(alike.any(1), alike.any(1))  # no root of a large matrix that is mostly empty
    for leaf, n in enumerate(np.sqrt(np.maximum(size, 1))):
        if found.pairs[leaf].any():
            weight = _wide(found.pairs[leaf] / np.outer(n, n), outcomes)
            value, vector = np.linalg.eigh((np.eye(len(alike)) + weight * alike)[used])
            gain[leaf][used] = vector * np.sqrt(np.maximum(value, 0)) @ vector.T
    return SameRates(size, rates, root, whiten, gain, max(units.n - 1, 1))


def pooled(counts: Ints, patterns: list[Ints]) -> Floats:
    """Rates (leaf, stratum, outcome) of the leaf's pattern; even where it has no face of a stratum."""
    out = np.empty(counts.shape)
    for pattern in patterns:
        total = counts[pattern].sum(0)
        size = total.sum(-1, keepdims=True)
        out[pattern] = np.where(size > 0, total / np.maximum(size, 1), 1 / counts.shape[2])
    return out


def _roots(rates: Floats) -> tuple[Floats, Floats]:
    """Square roots of the covariances of one face's outcome, and their (pseudo-)inverses."""
    covariance = rates[..., None] * (np.eye(rates.shape[-1]) - rates[..., None, :])
    value, vector = np.linalg.eigh(covariance)
    used = value > ROUNDING
    sd = np.sqrt(np.where(used, value, 1))
    turned = vector.swapaxes(-1, -2)
    root, inverse = (vector * np.where(used, each, 0)[..., None, :] @ turned for each in (sd, 1 / sd))
    return root, inverse


def _wide(by_strata: Floats, outcomes: int) -> Floats:
    """Repeat (stratum, stratum) for every pair of cells."""
    return np.repeat(np.repeat(by_strata, outcomes, 0), outcomes, 1)


class _Pairs:
    """Pairs of faces of one person: how many there are, and how alike they are.

    Attributes:
        pairs: (leaf, stratum, stratum) ordered pairs of two faces of a person.
    """

    def __init__(self, rates: Floats, whiten: Floats) -> None:
        leaves, strata, outcomes = rates.shape
        self.rates, self.whiten = rates, whiten
        self.pairs = np.zeros((leaves, strata, strata))
        self._products = np.zeros((strata * outcomes, strata * outcomes))  # of persons' total deviations
        self._alone = np.zeros((strata, outcomes, outcomes))  # of single faces' deviations
        self._persons = np.zeros(strata)

    def add_all(self, units: Units, cell: Ints) -> None:
        """Add all persons, none of whom is seen in several leaves."""
        _, strata, outcomes = self.rates.shape
        part, index = np.unique(units.leaf * units.n + units.subject, return_inverse=True)
        home, order = part // units.n, np.argsort(index, kind="stable")
        index, cell, count = index[order], cell[order], units.count[order]
        for start in range(0, len(part), UNITS_AT_ONCE):
            stop = min(start + UNITS_AT_ONCE, len(part))
            mine = slice(*np.searchsorted(index, [start, stop]))
            table = np.zeros((stop - start, strata * outcomes))
            np.add.at(table, (index[mine] - start, cell[mine]), count[mine])
            for leaf in np.unique(home[start:stop]):
                self._add(leaf, table[home[start:stop] == leaf].reshape(-1, strata, outcomes))

    def _add(self, leaf: int, table: Floats) -> None:
        """Add some persons of a leaf, (person, stratum, outcome)."""
        rates, whiten = self.rates[leaf], self.whiten[leaf]
        n = table.sum(2)
        self.pairs[leaf] += n.T @ n - np.diag(n.sum(0))
        self._persons += (n > 0).sum(0)
        off = np.einsum("sab,psb->psa", whiten, table - n[..., None] * rates).reshape(len(n), -1)
        self._products += off.T @ off
        of_outcome = (np.eye(rates.shape[1]) - rates[:, None, :]) @ whiten  # (stratum, outcome of the face, …)
        self._alone += np.einsum("so,soa,sob->sab", table.sum(0), of_outcome, of_outcome)

    def likeness(self) -> Floats:
        """Mean product of the whitened deviations of two faces of one person, (cell, cell); 0 where there are none."""
        outcomes = self.rates.shape[2]
        few = np.sqrt(np.repeat(self._persons / np.maximum(self._persons - 1, 1), outcomes))
        products = self._products * few[:, None] * few
        for s, alone in enumerate(self._alone):
            products[s * outcomes : (s + 1) * outcomes, s * outcomes : (s + 1) * outcomes] -= alone
        total = _wide(self.pairs.sum(0), outcomes)
        return np.where(total > 0, products / np.where(total > 0, total, 1), 0)
