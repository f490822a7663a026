"""Population: from who is shown to every parameter of their faces but the expression.

All draws are hashes of a name, the spec's seed and the number of the person (what stays with a person) or of the scene
(what changes from picture to picture), so a face does not depend on how many others there are. How people look by age
and gender is our own choice of plausible laws, measured nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis import dice
from evenface.synthesis.attributes import drawn
from evenface.synthesis.laws import Law, draw
from evenface.synthesis.parameters import HAIR_COLOURS, PARAMETERS

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

PERSONAL = (
    "weight", "distinctness", "redness", "freckles", "blemishes", "shine", "lip_colour",
    "hair_style", "hair_colour", "brows", "beard", "eye_colour", "glasses",
)  # fmt: skip
"""Parameters that stay with a person from picture to picture; those of the camera and the light do not."""

# Hair worn, in the order of HAIR_STYLES: by gender (female, male) and age (the levels of `attributes.LEVELS`).
_STYLES = np.array(
    [
        [[0, 1, 10, 8, 12, 6, 20, 28, 15, 0], [1, 3, 10, 8, 12, 6, 22, 26, 12, 0],
         [1, 2, 22, 10, 12, 5, 25, 15, 8, 0], [1, 1, 34, 8, 16, 4, 24, 4, 8, 0]],
        [[1, 14, 38, 20, 14, 7, 2, 3, 1, 0], [6, 20, 32, 18, 10, 6, 1, 3, 2, 2],
         [12, 16, 30, 14, 5, 3, 0, 1, 1, 18], [20, 8, 26, 10, 3, 2, 0, 0, 0, 31]],
    ]
)  # fmt: skip
# Colour before it greys, in the order of HAIR_COLOURS: for each ethnicity where looks are linked to it, and for all.
_COLOURS = {
    "linked": np.array([[80, 18, 2, 0, 0, 0], [75, 22, 3, 0, 0, 0], [8, 24, 28, 18, 17, 5], [45, 30, 15, 6, 3, 1]]),
    "independent": np.array([[35, 25, 18, 10, 9, 3]] * 4),
}
_LIGHT_EYES = {"linked": (0.01, 0.01, 0.55, 0.1), "independent": (0.2,) * 4}


def population(
    codes: Mapping[str, NDArray[np.uint8]],
    seed: int,
    person: Whole,
    scene: Whole,
    laws: Mapping[str, Law],
    looks: str,
) -> dict[str, Numbers]:
    """Draw every parameter but the facial actions, for faces of given people in given scenes.

    Args:
        codes: Attribute -> (face,) index into its levels.
        seed: Of the spec.
        person: (face,) number of the person.
        scene: (face,) number of the picture; faces alike in it share camera, light and background.
        laws: Parameter -> law: of camera, light and background, and of looks that are not to be as they are drawn here.
        looks: `linked`: hair and eye colours go with ethnicity as they do among people, with overlap;
            `independent`: one law for all.

    Returns:
        Parameter -> (face,) numbers, choices as their number.
    """
    out = drawn(codes, seed, person) | _looks(codes, seed, person, looks)
    out["person"] = _identity("person", seed, person)
    out["image_seed"] = _identity("image", seed, scene)
    for name, parameter in PARAMETERS.items():
        if name in laws:
            seeds = dice.bits("who" if name in PERSONAL else "where", seed, person if name in PERSONAL else scene)
            out[name] = draw(laws[name], name, seeds, parameter.low, parameter.high)
        elif name not in out and not name.startswith("action:"):
            out[name] = np.full(len(person), parameter.default)
    return out


def _identity(name: str, seed: int, number: Whole) -> Numbers:
    return (dice.bits(name, seed, number) >> np.uint64(11)).astype(np.float64)


def _looks(codes: Mapping[str, NDArray[np.uint8]], seed: int, person: Whole, looks: str) -> dict[str, Numbers]:
    def chance(name: str) -> Numbers:
        return dice.uniform(name, seed, person)

    male, age = codes["gender"] == 1, drawn(codes, seed, person)["age"]
    light = np.array(_LIGHT_EYES[looks])[codes["ethnicity"]]
    dark_eyes, light_eyes = 0.18 * chance("dark eyes"), 0.35 + 0.65 * chance("light eyes")
    grown = np.where(male & (age >= 18), 0.45, 0)
    painted = np.where(~male & (age >= 16), 0.4, 0)
    wearing = 0.06 + 0.3 / (1 + np.exp((48 - age) / 8))
    return {
        "weight": np.clip(0.5 + 0.17 * dice.normal("weight", seed, person), 0, 1),
        "distinctness": np.clip(1 + 0.2 * dice.normal("distinctness", seed, person), 0.5, 1.6),
        "redness": 0.15 + 0.35 * chance("redness"),
        "freckles": np.where(chance("freckled") < 0.2, 0.2 + 0.6 * chance("freckles"), 0),
        "blemishes": np.clip(0.05 + 0.4 * chance("blemishes") + 0.002 * (age - 30), 0, 1),
        "shine": 0.2 + 0.25 * chance("shine"),
        "lip_colour": np.where(chance("painted") < painted, 0.2 + 0.6 * chance("lip_colour"), 0),
        "brows": np.clip(0.5 + 0.12 * male + 0.15 * dice.normal("brows", seed, person), 0.1, 1),
        "beard": np.where(chance("bearded") < grown, 0.15 + 0.85 * chance("beard"), 0),
        "eye_colour": np.where(chance("eyes") < light, light_eyes, dark_eyes),
        "glasses": (chance("glasses") < wearing).astype(np.float64),
        "hair_style": _style(codes, seed, person).astype(np.float64),
        "hair_colour": _colour(codes, seed, person, looks, age).astype(np.float64),
    }


def _style(codes: Mapping[str, NDArray[np.uint8]], seed: int, person: Whole) -> Whole:
    shares = _STYLES[codes["gender"], codes["age"]].astype(np.float64)
    return dice.choice(shares, "hair_style", seed, person)


def _colour(codes: Mapping[str, NDArray[np.uint8]], seed: int, person: Whole, looks: str, age: Numbers) -> Whole:
    own = dice.choice(_COLOURS[looks][codes["ethnicity"]].astype(np.float64), "hair_colour", seed, person)
    greyed = 1 / (1 + np.exp((56 - age) / 6)) * (age > 30)
    white = HAIR_COLOURS.index("grey") + (dice.uniform("white", seed, person) < (age - 50) / 50)
    return np.where(dice.uniform("greyed", seed, person) < greyed, white, own)
