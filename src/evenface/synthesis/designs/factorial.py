"""All cells equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from evenface.core.config import Fault
from evenface.synthesis import dice
from evenface.synthesis.designs._design import Design, persons
from evenface.synthesis.roll import Roll, new_roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

_FACTORS = ("ethnicity", "gender", "age", "skin_tone", "region")


class Factorial(Design):
    """Every crossing of attributes, regions and expressions equally often.

    Persons go round the crossings of attributes and regions, and each person goes round the expressions, where to begin
    drawn by lot for each crossing. Cells are equal where the count is a multiple of their number (and of people, if
    given), else they differ by one round. Skin tone is a factor where the spec lists its levels; otherwise it is drawn,
    alike for all. A full factorial design (Fisher, The Design of Experiments, 1935); the order is our own.
    """

    kind: Literal["factorial"] = "factorial"

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Shares other than equal ones are for other designs."""
        shares = {**spec.attributes, "region": spec.regions, "emotions": spec.emotion_shares}
        for name, given in shares.items():
            if len(set(given.values())) > 1:
                yield Fault(
                    (), f"makes all cells equal, but shares of {name} differ. List its names only, or use natural."
                )

    def roll(self, spec: Spec) -> Roll:
        """Go round the cells."""
        row = np.arange(self.rows(spec))
        person, before = persons(spec, row)
        codes, cells = cells_of(spec, person)
        first = dice.bits("first emotion", spec.seed, person % cells) % np.uint64(len(spec.emotion_shares))
        emotion = (first.astype(np.int64) + person // cells + before) % len(spec.emotion_shares)
        return new_roll(spec, person, row, codes, emotion)


def cells_of(spec: Spec, person: NDArray[np.int64]) -> tuple[dict[str, NDArray[np.int64]], int]:
    """Give the level of each factor for each person, and how many cells the factors make."""
    codes, cells = {}, 1
    for name in _FACTORS:
        if name == "skin_tone" and name not in spec.attributes:
            continue
        levels = np.flatnonzero(spec.shares(name))
        codes[name] = levels[person // cells % len(levels)]
        cells *= len(levels)
    return codes, cells
