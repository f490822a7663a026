"""What a design is: settings that lay out the roll of a set of faces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenface.core.config import Fault, Settings
from evenface.synthesis.attributes import LEVELS

if TYPE_CHECKING:
    from evenface.synthesis.roll import Roll
    from evenface.synthesis.spec import Spec

Whole = NDArray[np.int64]

EVEN: Mapping[str, Mapping[str, float]] = {
    name: dict.fromkeys(levels[:3] if name == "ethnicity" else levels, 1.0)
    for name, levels in LEVELS.items()
    if name != "skin_tone"
}
"""Attribute -> its levels in equal shares; heads near one pole only."""


class Variant(NamedTuple):
    """One member of a counterfactual family: what was changed, to what (`ethnicity=asian`), and the parameters set."""

    changed: str
    name: str
    parameters: Mapping[str, float]


class Motion(NamedTuple):
    """Clips: `macro` or `micro`, and frames in a second."""

    motion: str
    rate: float


class Design(Settings):
    """How the faces of a set are laid out.

    Attributes:
        kind: Its name in the table.
        emotions: Expression -> share where a spec does not say.
        attributes: Attribute -> level -> share where a spec does not say.
        looks: The laws of looks where a spec does not say.
    """

    emotions: ClassVar[Mapping[str, float]] = dict.fromkeys(
        ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"), 1.0
    )
    attributes: ClassVar[Mapping[str, Mapping[str, float]]] = EVEN
    looks: ClassVar[str] = "independent"

    kind: str

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Say what in the rest of the spec does not go with this design."""
        yield from ()

    @property
    def clips(self) -> Motion | None:
        """How fast and of which kind, where faces are the frames of clips; a line of the roll is a clip then."""
        return None

    def rows(self, spec: Spec) -> int:
        """Give how many faces are made: at most `spec.count`."""
        return spec.count

    def roll(self, spec: Spec) -> Roll:
        """Fill in the roll of the whole set: the same line for the same face, however many there are."""
        raise TypeError(f"{type(self).__name__} has no roll; a design must define it.")

    def variants(self) -> tuple[Variant, ...]:
        """Give what the column `variant` of the roll indexes; none but in counterfactual designs."""
        return ()


def persons(spec: Spec, row: Whole) -> tuple[Whole, Whole]:
    """Give the person in each face and how many faces of that person came before."""
    people = spec.people if spec.people is not None else len(row) + 1
    return row % people, row // people
