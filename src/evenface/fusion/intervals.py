"""How sure: persons and seeds drawn anew, signs of persons flipped, p-values corrected.

An accuracy is the share of right answers among all faces for testing, over all seeds; no answer is not right. Its
interval comes from drawing persons and, independently, seeds with replacement (the pigeonhole bootstrap of Owen, Ann.
Appl. Stat. 1, 2007, which errs on the wide side). All models of one region see the same draws, so that differences
between them are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Tally:
    """Right answers of several models to the faces of one region, by seed and person.

    Attributes:
        hits: (model, seed, person).
        faces: (seed, person).
    """

    hits: Doubles
    faces: Doubles

    @property
    def accuracy(self) -> Doubles:
        """Give (model,); NaN where there are no faces."""
        total = self.faces.sum()
        return self.hits.sum((1, 2)) / total if total else np.full(len(self.hits), np.nan)

    def draws(self, count: int, seed: int) -> Doubles:
        """Give (draw, model) accuracies of samples in which persons and seeds are drawn anew."""
        dice = np.random.default_rng(seed)
        seeds, people = self.faces.shape
        by_person = dice.multinomial(people, np.full(people, 1 / people), count).astype(float)
        by_seed = dice.multinomial(seeds, np.full(seeds, 1 / seeds), count).astype(float)
        hits = np.zeros((count, len(self.hits)))
        faces = np.zeros((count, 1))
        for s in range(seeds):
            hits += by_seed[:, s, None] * (by_person @ self.hits[:, s].T)
            faces += by_seed[:, s, None] * (by_person @ self.faces[s])[:, None]
        return np.divide(hits, faces, out=np.full_like(hits, np.nan), where=faces > 0)

    def flips(self, pairs: Sequence[tuple[int, int]], count: int, seed: int) -> Doubles:
        """Give the p-value of each pair of models: are the two right equally often, whoever is shown?

        The difference of each person, over all seeds, keeps its size and gets a sign by lot; two-sided, with the
        observed signs counted as one of the draws.
        """
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (count, self.faces.shape[1]))
        a, b = (self.hits[[pair[side] for pair in pairs]].sum(1) for side in (0, 1))
        apart = np.abs((a - b).sum(1))
        by_luck = np.abs(signs @ (a - b).T)
        return np.asarray((1 + (by_luck >= apart - 1e-9).sum(0)) / (1 + count), np.float64)


def interval(draws: Doubles) -> tuple[float | None, float | None]:
    """Give the ends of the middle 95 % of draws; None where there are none."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def shapley(cues: Sequence[str], values: dict[frozenset[str], Doubles]) -> Doubles:
    """Share what all cues reach together among them (Shapley, 1953): (cue, …).

    Args:
        cues: Names.
        values: What each subset reaches, the empty one too; arrays of one shape.

    Raises:
        KeyError: A subset is missing.

    Example:
        >>> f = frozenset
        >>> shapley(["a", "b"], {f(): np.zeros(1), f("a"): np.ones(1), f("b"): np.zeros(1), f("ab"): np.ones(1)})
        array([[1.],
               [0.]])
    """
    from itertools import combinations
    from math import comb

    found = []
    for cue in cues:
        others = [each for each in cues if each != cue]
        total = np.zeros_like(values[frozenset()])
        for size in range(len(others) + 1):
            share = 1 / (len(cues) * comb(len(others), size))
            for subset in combinations(others, size):
                total = total + share * (values[frozenset((*subset, cue))] - values[frozenset(subset)])
        found.append(total)
    return np.stack(found)
