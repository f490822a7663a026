"""Style: how a set of people shows emotions: how strongly, how evenly, with which accents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import SettingsError, did_you_mean
from evenface.synthesis import laws
from evenface.synthesis.laws import Law
from evenface.synthesis.prototypes import EXPRESSIONS, read
from evenface.synthesis.units import UNITS

Accents = Mapping[str, Mapping[str, float]]
"""Emotion, or `*` for all -> unit (`AU12`), part of the face (`upper`, `mid`, `lower`, `gaze`, `head`) or `*` ->
multiplier. Where several apply they multiply."""


_AMOUNTS = ("spread", "asymmetry", "resting", "gaze", "talking", "mixed")


@dataclass(frozen=True, slots=True)
class Style:
    """How a set of people shows emotions.

    Attributes:
        intensity: Law of the intensity of an expression, 0 to 1; neutral is 0 in every style.
        strength: Multipliers of how strongly a unit moves.
        chance: Multipliers of how often a unit takes part; below 1, those that always do stay away at times.
        added: Emotion -> units in the notation of `PROTOTYPES` that join where a variant does not have them.
        spread: Standard deviation of the strength of a unit, as a share of it.
        asymmetry: Standard deviation of the difference between the sides, as a share of the strength.
        resting: Standard deviation of what moves in a face at rest; it fades as intensity grows.
        gaze: Standard deviation of where the eyes look, 1 being as far as they turn.
        talking: Chance that a neutral or weak face (intensity below 0.4) is caught talking.
        mixed: Chance that 15 to 40 % of another plain emotion is mixed in.

    Raises:
        SettingsError: A law, name or number is not possible; every fault is named.
    """

    intensity: Law = ("normal", 0.85, 0.12)
    strength: Accents = field(default_factory=dict)
    chance: Accents = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    spread: float = 0.1
    asymmetry: float = 0.06
    resting: float = 0.04
    gaze: float = 0.06
    talking: float = 0.0
    mixed: float = 0.0

    def __post_init__(self) -> None:
        faults = [f"intensity: {fault}" for fault in laws.faults_of(self.intensity, 0, 1)]
        amounts = {name: getattr(self, name) for name in _AMOUNTS}
        faults += [f"{name} is {number}; allowed: 0 to 1" for name, number in amounts.items() if not 0 <= number <= 1]
        targets = (*UNITS, "upper", "mid", "lower", "gaze", "head", "*")
        for which, accents in (("strength", self.strength), ("chance", self.chance)):
            for emotion, row in accents.items():
                faults += _unknown(f"{which}: emotion", emotion, (*EXPRESSIONS, "*"))
                for target, number in row.items():
                    faults += _unknown(f"{which} of {emotion}: unit or part", target, targets)
                    if not number >= 0:
                        faults.append(f"{which} of {emotion}, {target} is {number}; allowed: 0 and more")
        for emotion, notation in self.added.items():
            faults += _unknown("added: emotion", emotion, EXPRESSIONS)
            read(notation)
        if faults:
            raise SettingsError("This style cannot be drawn:\n" + "\n".join(f"- {fault}" for fault in faults))


def multipliers(accents: Accents) -> NDArray[np.float64]:
    """Give the multiplier of each unit in each emotion: (emotion, unit), in the order of `EXPRESSIONS` and `UNITS`."""
    out = np.ones((len(EXPRESSIONS), len(UNITS)))
    for emotion, targets in accents.items():
        rows = slice(None) if emotion == "*" else EXPRESSIONS.index(emotion)
        for target, number in targets.items():
            hit = [target in ("*", name, unit.part) for name, unit in UNITS.items()]
            out[rows, hit] *= number
    return out


def _unknown(where: str, name: str, allowed: Sequence[str]) -> list[str]:
    return [] if name in allowed else [f"{where} {name!r} is unknown.{did_you_mean(name, tuple(allowed))}"]
