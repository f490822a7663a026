"""As the collections are that regions simulate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from evenface.core.config import Fault
from evenface.synthesis import dice
from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.designs._design import Design, persons
from evenface.synthesis.prototypes import EMOTIONS
from evenface.synthesis.regions import REGIONS
from evenface.synthesis.roll import Roll, new_roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Regional(Design):
    """Each region with its own people and its own shares of expressions, as `evenface.synthesis.regions` has them.

    Persons are dealt to regions by the spec's shares. Attributes and expressions that the spec gives hold in all
    regions; an expression that a region does not have is not shown there. The design is our own; sources are with each
    region.
    """

    emotions: ClassVar[Mapping[str, float]] = dict.fromkeys(EMOTIONS, 1.0)
    looks: ClassVar[str] = "linked"

    kind: Literal["regional"] = "regional"

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Every region shows one of the expressions at least."""
        for name in spec.regions:
            if not sum(_emotions(spec, name)):
                yield Fault((), f"region {name} shows none of {', '.join(spec.emotion_shares)}. Name one of its own.")

    def roll(self, spec: Spec) -> Roll:
        """Draw each person by region, and the expression of each face."""
        row = np.arange(self.rows(spec))
        person, _ = persons(spec, row)
        region = dice.choice(spec.shares("region"), "which region", spec.seed, person)
        codes = {"region": region}
        for name in ("ethnicity", "gender", "age"):
            law = np.array([_people(spec, place, name) for place in spec.regions])
            codes[name] = dice.choice(law[region], f"which {name}", spec.seed, person)
        law = np.array([_emotions(spec, place) for place in spec.regions])
        return new_roll(spec, person, row, codes, dice.choice(law[region], "which emotion", spec.seed, row))


def _people(spec: Spec, region: str, name: str) -> list[float]:
    shares = spec.attributes.get(name, REGIONS.get(region).people[name])
    return [shares.get(level, 0.0) for level in LEVELS[name]]


def _emotions(spec: Spec, region: str) -> list[float]:
    if spec.emotions is not None and len(set(spec.emotions.values())) > 1:
        return list(spec.emotions.values())
    return [REGIONS.get(region).emotions.get(name, 0.0) for name in spec.emotion_shares]
