"""From what a probe says of each face to balanced accuracy and bits, of every column of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.probe.result import Leak, against

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DRAWS = 500  # of persons, for intervals


@dataclass(frozen=True, slots=True)
class Cells:
    """Faces by stratum and level.

    Attributes:
        strata: (face,) index of the stratum.
        people: (face,) index of the person.
        number: Of strata.
        levels: Number of levels.
    """

    strata: Ints
    people: Ints
    number: int
    levels: int

    def balanced(self, hits: Floats, codes: Ints, weights: Floats | None = None) -> Floats:
        """Mean over strata, by their faces, of the mean over levels of the share of hits, (column,).

        Args:
            hits: (face, column) 1 where right.
            codes: (face, column) levels.
            weights: (face, column) how often each face counts; once if not given.
        """
        columns = hits.shape[1]
        cell = (self.strata[:, None] * self.levels + codes) * columns + np.arange(columns)
        shape, size = (self.number, self.levels, columns), self.number * self.levels * columns
        weigh = np.ones_like(hits) if weights is None else weights
        faces = np.bincount(cell.ravel(), weigh.ravel(), size).reshape(shape)
        right = np.bincount(cell.ravel(), (weigh * hits).ravel(), size).reshape(shape)
        there = faces > 0
        share = np.where(there, right / np.where(there, faces, 1), 0).sum(1) / np.maximum(there.sum(1), 1)
        return np.asarray((share * faces.sum(1)).sum(0) / faces.sum((0, 1)))

    def drawn(self, rng: np.random.Generator) -> Floats:
        """How often each face counts, (face, draw), where persons are drawn anew."""
        persons = int(self.people.max()) + 1
        return rng.multinomial(persons, np.full(persons, 1 / persons), _DRAWS).T[self.people].astype(np.float64)

    def leaks(self, hits: Floats, saved: Floats, codes: Ints, rng: np.random.Generator) -> dict[str, Leak]:
        """Give balanced accuracy and bits, each beside chance and sampling.

        Args:
            hits: (face, column) 1 where right.
            saved: (face, column) bits saved.
            codes: (face, column) levels.
            rng: Draws persons.
        """
        weights = self.drawn(rng)
        same = np.broadcast_to(hits[:, :1], weights.shape), np.broadcast_to(codes[:, :1], weights.shape)
        return {
            "accuracy": against(self.balanced(hits, codes), self.balanced(*same, weights)),
            "bits": against(saved.mean(0), saved[:, 0] @ weights / weights.sum(0)),
        }
