"""The table of expressions: which action units show each emotion, how strongly, and in how many of its faces.

A variant is written in FACS notation, at full intensity: `6D 12E 25D@.9` is 6 at D and 12 at E always, and 25 at D in
nine faces of ten. `U14E` is on one side, left or right alike. Which units belong together is taken from the sources
named; letters, and how often each variant occurs, are our reconstruction of strong, posed or wild faces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evenface.core.errors import InputError, UnknownNameError
from evenface.core.labels import ALIASES, fold
from evenface.synthesis.facs import Score, score


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to show an emotion.

    Attributes:
        share: How often, among the variants of the emotion; shares need not sum to 1.
        units: Notation with chances, as the module says.
        about: What it looks like.
    """

    share: float
    units: str
    about: str

    def scores(self) -> tuple[tuple[Score, float], ...]:
        """Give each unit with its strength and its chance."""
        return read(self.units)


def read(notation: str) -> tuple[tuple[Score, float], ...]:
    """Read FACS notation with chances: `"6D 12E 25D@.9"`.

    Raises:
        UnknownNameError: A unit is unknown.
        InputError: A part cannot be read as a unit with a chance of 0 to 1.
    """
    words = [word.partition("@") for word in re.split(r"[+\s]+", notation.strip()) if word]
    wrong = [f"{unit}@{chance}" for unit, at, chance in words if at and not re.fullmatch(r"0?\.\d+|[01](\.0)?", chance)]
    if wrong:
        raise InputError(f"In {notation!r} {', '.join(wrong)} has no chance from 0 to 1. Write 25D@.9 for nine in ten.")
    return tuple((score(unit), float(chance or 1)) for unit, _, chance in words)


EMOTIONS: tuple[str, ...] = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")
"""The plain expressions, in the order of FER+ and in the spelling of `evenface.core.labels`."""

COMPOUNDS: Mapping[str, tuple[str, str]] = {
    "happily_surprised": ("happy", "surprise"),
    "happily_disgusted": ("happy", "disgust"),
    "sadly_fearful": ("sad", "fear"),
    "sadly_angry": ("sad", "angry"),
    "sadly_surprised": ("sad", "surprise"),
    "sadly_disgusted": ("sad", "disgust"),
    "fearfully_angry": ("fear", "angry"),
    "fearfully_surprised": ("fear", "surprise"),
    "fearfully_disgusted": ("fear", "disgust"),
    "angrily_surprised": ("angry", "surprise"),
    "angrily_disgusted": ("angry", "disgust"),
    "disgustedly_surprised": ("disgust", "surprise"),
}
"""Compound expression -> the two plain ones it is made of (Du, Tao and Martinez, PNAS 111, 2014)."""

EXPRESSIONS: tuple[str, ...] = (*EMOTIONS, *COMPOUNDS)
"""Everything that can be drawn: the plain expressions, then the compound ones."""

_DU = "units of Du et al. (2014), Table 1; chances rounded"

PROTOTYPES: Mapping[str, tuple[Variant, ...]] = {
    # Nothing moves but what rests (`Style.resting`).
    "neutral": (Variant(1, "", "at rest"),),
    # EMFACS 6+12, 12C/D; Du: 12+25, 6 in half.
    "happy": (
        Variant(0.6, "6D 12E 25E 7B@.3 26B@.4", "smile that shows the teeth"),
        Variant(0.3, "6E 12E 25E 26C 7B@.5 10B@.3 11B@.2", "laugh"),
        Variant(0.07, "6E 12E 13C@.5 25A@.3 10A@.3", "smile with closed lips"),
        Variant(0.03, "12E 25C 6B@.5 1B@.3 2B@.3", "polite smile"),
    ),
    # EMFACS 1+2+5B+26, 1+2+5B+27, 1+2+26, 1+2+27; Du: 1+2+25+26, 5 in two thirds.
    "surprise": (
        Variant(0.45, "1E 2E 5E 25E 26E", "brows up, eyes wide, jaw dropped"),
        Variant(0.35, "1E 2E 5E 25E 27D", "mouth stretched open"),
        Variant(0.2, "1E 2E 5E 22C 25D 26E", "mouth round"),
    ),
    # EMFACS 1+4+15B, 1+4+11, 6+15, with 17, 25 or 26, 54+64; Du: 4+15, 1 in 60 %, 17 in two thirds. 20 is our addition.
    "sad": (
        Variant(0.4, "1E 4E 15E 17E 20C@.7 11B@.2 43B@.4", "inner brows up, mouth corners down"),
        Variant(0.25, "1E 4E 15E 17E 20C@.6 43C 64D 54C@.6", "eyes cast down"),
        Variant(0.2, "1E 4E 15E 17E 6C@.5 7C@.6 20B@.6", "lips pouting"),
        Variant(0.15, "1E 4E 6D 11C 15E 17D 20C 25C 26B@.3 43C@.5", "crying, mouth open"),
    ),
    # EMFACS 4+5+7+23, +17, +24, +10+22+23+25,26; Du: 4+7+24, 10, 17 or 23 in some. 9 is our addition.
    "angry": (
        Variant(0.35, "4E 5D 7D 9D 10B@.6 17C@.6 23D 24D", "glare with lips pressed"),
        Variant(0.35, "4E 5D@.7 7D 9C@.6 10D 16C 22B@.4 23C@.5 25E 26D", "shouting, teeth bared"),
        Variant(0.2, "4E 5C@.6 7E 10C 16D 22C@.6 23C 25E", "teeth clenched and bared"),
        Variant(0.1, "4E 5E 7C 9D 15B@.5 17D 24D", "chin raised against pressed lips"),
    ),
    # EMFACS 9, 10, 9+17, 10+17, 9+16+15+26, 10+16+25+26; Du: 9+10+17, 4 in a third; tongue: Darwin (1872). 6 and 43 are
    # our addition: eyes all but shut.
    "disgust": (
        Variant(0.45, "6D 9E 10E 17D 4B@.2 7B@.3 15C@.4 43B@.5", "nose wrinkled, lips shut"),
        Variant(0.3, "6D 9D 10E 15D 17E 11C@.4 43B@.6", "upper lip raised, corners down"),
        Variant(0.22, "6D 9E 10E 15D 17C 20B@.5 25C 43B@.5", "upper lip raised, mouth open"),
        Variant(0.03, "6D 9E 10E 19D 25D 26C 43B@.5", "tongue out"),
    ),
    # EMFACS 1+2+4+5+20+25, 26 or 27, 5+20; Du: 1+4+20+25, 5 in two thirds, 2 in half. 16 is our addition.
    "fear": (
        Variant(0.45, "1E 4E 5E 20E 25E 26D 2C@.3 7C@.4 15B@.4 16D", "jaw dropped, lips stretched"),
        Variant(0.25, "1E 4E 5E 7D 16D 20E 25E 26C 15B@.4", "eyes wide and tense"),
        Variant(0.2, "1E 4E 5E 7C@.6 16C 20E 25E 27C 2C@.3", "screaming"),
        Variant(0.1, "1E 4E 5E 16D 20E 25D 26B@.5 2C@.5", "lips stretched and parted"),
    ),
    # EMFACS unilateral 14, with 12 unilateral (Ekman and Friesen 1986; Matsumoto and Ekman 2004); the head is ours.
    "contempt": (
        Variant(0.5, "U14E U12C 17A@.3", "one mouth corner tightened and raised"),
        Variant(0.3, "U14E U10B@.5 7B@.5 53B@.4", "one corner tightened, looking down the nose"),
        Variant(0.2, "U12D U14D 2A@.3 24B@.3", "smirk"),
    ),
    "happily_surprised": (Variant(1, "1D 2D 12E 25D 5C@.6 26C@.7", _DU),),
    "happily_disgusted": (Variant(1, "10D 12D 25C 4C@.3 6D@.6 9C@.6", _DU),),
    "sadly_fearful": (Variant(1, "1D 4D 20D 25C 2C@.5 5C@.2 6B@.3 15C@.3", _DU),),
    "sadly_angry": (Variant(1, "4E 15D 6B@.3 7C@.5 11B@.2 17D@.5", _DU),),
    "sadly_surprised": (Variant(1, "1E 4C 25C 26C 2C@.3 6B@.3", _DU),),
    "sadly_disgusted": (Variant(1, "4D 10D 1C@.5 6C@.6 9C@.2 11B@.4 15D@.5 17C@.5 25B@.4", _DU),),
    "fearfully_angry": (Variant(1, "4D 20D 25D 5D@.4 7C@.4 10C@.3 11B@.3", _DU),),
    "fearfully_surprised": (Variant(1, "1E 2E 5E 20D 25D 4C@.5 10B@.4 11B@.2 26C@.5", _DU),),
    "fearfully_disgusted": (Variant(1, "1D 4D 10D 20D 25C 2C@.6 5C@.5 6B@.3 9C@.3 15C@.3", _DU),),
    "angrily_surprised": (Variant(1, "4E 25D 26D 5D@.4 7C@.5 10C@.3", _DU),),
    "angrily_disgusted": (Variant(1, "4E 10D 17D 7D@.6 9D@.6 24C@.4", _DU),),
    "disgustedly_surprised": (Variant(1, "1D 2D 5D 10D 4C@.5 9C@.4 17C@.7 24B@.3", _DU),),
}
"""Expression -> its variants."""

VISEMES: Mapping[str, str] = {
    "aa": "25D 27B",
    "ah": "25C 26D",
    "ee": "20B 25C 26A",
    "oh": "22B 25C 26C",
    "oo": "18D 22B 25A",
    "f": "10A 25B 28B",
    "l": "19A 25C 26C",
    "m": "24C",
    "sh": "18B 22C 25B",
    "s": "14A 25B",
}
"""Mouth of a speech sound -> its units: a distractor, drawn over neutral and weak expressions. Our
reconstruction, after the mouth shapes that animators use for English."""


def expression(name: str) -> str:
    """Give the spelling used here of an expression: `"Happiness"` is `happy`, `"happily surprised"` is one too.

    Raises:
        UnknownNameError: It is none.
    """
    known = {fold(each): each for each in EXPRESSIONS}
    found = known.get(fold(name)) or ALIASES.get(fold(name), "")
    if found not in EXPRESSIONS:
        raise UnknownNameError("expression", name, EXPRESSIONS)
    return found
