"""Attributes of generated people: their levels, and how they follow from the parameters of a face.

Names of ethnicities are names of axes of head shape, not of peoples. Skin tone is set apart from them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis import dice
from evenface.synthesis.parameters import ETHNICITIES

LEVELS: Mapping[str, tuple[str, ...]] = {
    "ethnicity": (*ETHNICITIES, "mixed"),
    "gender": ("female", "male"),
    "age": ("4-19", "20-39", "40-69", "70+"),
    "skin_tone": ("light", "medium", "dark"),
}
"""Attribute -> its levels; ages as RAF-DB bands them, skin tones as Monk 1-3, 4-6 and 7-10."""

AGES = ((4, 20), (20, 40), (40, 70), (70, 86))
"""From and below which years each level of age is drawn."""
TONES = ((1, 3.5), (3.5, 6.5), (6.5, 10))
"""From and below which Monk step each level of skin tone is drawn."""
DOMINANT = 0.6  # a face whose largest share of a pole is below this is mixed

TYPICAL: Mapping[str, tuple[Mapping[str, float], ...]] = {
    "ethnicity": (
        *({pole: 0.9 if pole == one else 0.05 for pole in ETHNICITIES} for one in ETHNICITIES),
        dict.fromkeys(ETHNICITIES, 1 / 3),
    ),
    "gender": ({"gender": 0.1}, {"gender": 0.9}),
    "age": ({"age": 12.0}, {"age": 30.0}, {"age": 55.0}, {"age": 76.0}),
    "skin_tone": ({"skin_tone": 2.0}, {"skin_tone": 5.0}, {"skin_tone": 8.5}),
}
"""Attribute -> for each level, the parameters that a face gets when the level is set as such: our choice."""


def drawn(
    codes: Mapping[str, NDArray[np.uint8]], seed: int, person: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Draw the parameters of people of given levels; what a person gets depends on seed, number and levels alone.

    Args:
        codes: Attribute -> (face,) index into its levels.
        seed: Of the spec.
        person: (face,) number of the person.
    """
    mix = _mix(codes["ethnicity"], seed, person)
    out = {pole: mix[:, i] for i, pole in enumerate(ETHNICITIES)}
    shape = 0.38 * dice.uniform("gender", seed, person)
    out["gender"] = np.where(codes["gender"] == 0, 0.02 + shape, 0.98 - shape)
    for name, bounds in (("age", AGES), ("skin_tone", TONES)):
        low, high = np.array(bounds, np.float64)[codes[name]].T
        out[name] = low + (high - low) * dice.uniform(name, seed, person)
    return out


def _mix(code: NDArray[np.uint8], seed: int, person: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of the poles: (face, pole). Round one pole it has .62 to .98; a mixed head has less than .59 of each."""
    poles = np.arange(len(ETHNICITIES))
    loose = -np.log1p(-dice.uniform("mix", seed, person[:, None], poles))
    loose /= loose.sum(1, keepdims=True)
    mixed = 1 / 3 + 0.38 * (loose - 1 / 3)
    at_pole = poles == code[:, None]
    share = 0.62 + 0.36 * dice.uniform("pole", seed, person)[:, None]
    rest = np.where(at_pole, 0, loose)
    near = np.where(at_pole, share, (1 - share) * rest / np.maximum(rest.sum(1, keepdims=True), 1e-12))
    return np.where(code[:, None] == len(ETHNICITIES), mixed, near)


def levels_of(parameters: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
    """Give the level of each attribute that parameters amount to: (face,) index into its levels."""
    mix = np.stack([parameters[pole] for pole in ETHNICITIES], 1)
    mix = mix / mix.sum(1, keepdims=True)
    mixed = mix.max(1) < DOMINANT
    return {
        "ethnicity": np.where(mixed, len(ETHNICITIES), mix.argmax(1)),
        "gender": (parameters["gender"] >= 0.5).astype(np.int64),
        "age": np.searchsorted([low for low, _ in AGES[1:]], parameters["age"], "right"),
        "skin_tone": np.searchsorted([low for low, _ in TONES[1:]], parameters["skin_tone"], "right"),
    }
