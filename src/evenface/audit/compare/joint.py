"""Joint cells: how many faces of each leaf and true class got which pair of answers. All that a comparison counts on.

Only observed pairs are kept, an entry each. Both models' confusion tables of one random sample come from the same draw
of entries, so the cost of a draw does not grow with the number of faces (with persons known: with entries per person).

* `bootstrap`: faces (or persons, with all their faces) drawn with replacement.
* `swap`: each face's two answers (or those of all faces of a person) exchanged with probability 1/2, which is what
  chance alone gives if it does not matter which model answered.

Entries are held in an order and orientation that do not depend on which model is called A: comparing B with A uses the
same draws, and every change is exactly the negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.audit.cells import Cells, Units, leaf_profiles
from evenface.audit.compare.pairing import Pair

Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """The counted pairs of answers.

    Attributes:
        classes: Class names; they name the true axis and all but the last of the answer axis ("no answer").
        attributes: Attribute names.
        levels: (leaf, attribute) index into the attribute's levels; -1 where not known.
        level_names: Attribute -> names of its levels.
        leaf: (entry,) leaf.
        true: (entry,) true class.
        first: (entry,) answer of the model that comes first in the fixed orientation.
        second: (entry,) answer of the other.
        count: (entry,) number of faces.
        subject: (entry,) person 0 … `persons` - 1, or None.
        persons: Number of persons, or None.
        flipped: Whether the first model is B.
    """

    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    levels: Ints
    level_names: dict[str, tuple[str, ...]]
    leaf: Ints
    true: Ints
    first: Ints
    second: Ints
    count: Ints
    subject: Ints | None
    persons: int | None
    flipped: bool

    @property
    def answers(self) -> tuple[Ints, Ints]:
        """(entry,) answers of A and of B."""
        return (self.second, self.first) if self.flipped else (self.first, self.second)

    @property
    def width(self) -> int:
        """Number of (true, answer) cells."""
        return len(self.classes) * (len(self.classes) + 1)

    def cell(self, answer: Ints) -> Ints:
        """(entry,) (true, answer) cell."""
        return self.true * (len(self.classes) + 1) + answer

    @cached_property
    def places(self) -> tuple[Ints, Ints]:
        """(entry,) place in a flat (leaf, cell) table, for the first and the second model."""
        first, second = (self.leaf * self.width + self.cell(answer) for answer in (self.first, self.second))
        return first, second

    @cached_property
    def cells(self) -> tuple[Cells, Cells]:
        """Each model's own counts, A's and B's."""
        a, b = (self._cells(answer) for answer in self.answers)
        return a, b

    def _cells(self, answer: Ints) -> Cells:
        cell = self.cell(answer)
        flat = np.bincount(self.leaf * self.width + cell, weights=self.count, minlength=len(self.levels) * self.width)
        counts = flat.astype(np.int64).reshape(len(self.levels), len(self.classes), len(self.classes) + 1)
        units = None
        if self.subject is not None and self.persons is not None:
            units = Units(self.subject, self.leaf, cell, self.count, self.persons)
        return Cells(self.classes, self.attributes, self.levels, self.level_names, counts, units)

    def bootstrap(self, rng: np.random.Generator, size: int) -> tuple[Numbers, Numbers]:
        """A's and B's tables (size, leaf, cell) of the same random samples."""
        weight: NDArray[np.int64]
        if self.subject is None or self.persons is None:
            total = self.count.sum()
            weight = rng.multinomial(total, self.count / total, size=size)
        else:
            drawn = rng.multinomial(self.persons, np.full(self.persons, 1 / self.persons), size=size)
            weight = drawn[:, self.subject] * self.count
        first, second = (_scatter(place, weight, self._shape(size)) for place in self.places)
        return (second, first) if self.flipped else (first, second)

    def swap(self, rng: np.random.Generator, size: int) -> tuple[Numbers, Numbers]:
        """A's and B's tables (size, leaf, cell) with answers exchanged at random."""
        if self.subject is None or self.persons is None:
            moved = rng.binomial(self.count, 0.5, (size, len(self.count)))
        else:
            moved = rng.integers(0, 2, (size, self.persons))[:, self.subject] * self.count
        kept = self.count - moved
        shape, (one, two) = self._shape(size), self.places
        first = _scatter(one, kept, shape) + _scatter(two, moved, shape)
        second = _scatter(two, kept, shape) + _scatter(one, moved, shape)
        return (second, first) if self.flipped else (first, second)

    def _shape(self, size: int) -> tuple[int, int, int]:
        return size, len(self.levels), self.width


def _scatter(place: Ints, weight: Ints, shape: tuple[int, int, int]) -> Numbers:
    """Add weights (draw, entry) up into tables (draw, leaf, cell)."""
    size, table = shape[0], shape[1] * shape[2]
    where = place + np.arange(size)[:, None] * table
    flat = np.bincount(where.reshape(-1), weights=weight.reshape(-1), minlength=size * table)
    return flat.astype(np.float64, copy=False).reshape(shape)


def count_joint(pair: Pair) -> Joint:
    """Count a pair of tables into joint cells by one group-by."""
    has_subject = "subject" in pair.frame.columns
    keys = [f"attr:{a.name}" for a in pair.attributes] + ["true", "a", "b"] + ["subject"] * has_subject
    table = pair.frame.group_by(keys).agg(pl.len().cast(pl.Int64).alias("count"))
    names = pair.labels.names
    none = len(names)
    levels, leaf = leaf_profiles(table, pair.attributes)
    true, a, b = (table[c].cast(pl.Int64).fill_null(none).to_numpy() for c in ("true", "a", "b"))
    count = table["count"].to_numpy()
    subject = table["subject"].rank("dense").cast(pl.Int64).to_numpy() - 1 if has_subject else None
    # Classes count in the order of their names here, so that neither table's own order decides.
    rank = np.append(np.argsort(np.argsort(names)), none)
    head = [leaf, rank[true]] if subject is None else [subject, leaf, rank[true]]
    forward, backward = (_sorted([*head, rank[x], rank[y], count]) for x, y in ((a, b), (b, a)))
    flipped = _smaller(backward[0], forward[0])
    order = backward[1] if flipped else forward[1]
    first, second = (b, a) if flipped else (a, b)
    return Joint(
        classes=names,
        attributes=tuple(x.name for x in pair.attributes),
        levels=levels,
        level_names={x.name: x.levels for x in pair.attributes},
        leaf=leaf[order],
        true=true[order],
        first=first[order],
        second=second[order],
        count=count[order],
        subject=None if subject is None else subject[order],
        persons=None if subject is None else int(subject.max()) + 1,
        flipped=flipped,
    )


def _sorted(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Rows (entry, column) in lexicographic order, and that order."""
    order = np.lexsort(columns[::-1])
    return np.stack(columns, axis=1)[order], order


def _smaller(one: Ints, two: Ints) -> bool:
    """Whether rows `one` come before rows `two`, by their first difference."""
    differ = np.flatnonzero((one != two).reshape(-1))
    return bool(len(differ) and one.reshape(-1)[differ[0]] < two.reshape(-1)[differ[0]])
