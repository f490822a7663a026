"""The table of action units of FACS: what each is called, where it is, and which facial actions show it.

FACS (Ekman, Friesen and Hager, *Facial Action Coding System*, 2002) describes a face as action units: what moves, on
which side, and how much of it. A unit that can work on one side alone has two channels, `AU12L` and `AU12R` (the
person's own left and right); others have one, `AU17`. A table of units is `(face, unit)` float64 in the order of
`CHANNELS`; 0 is absent, 1 is the most that FACS knows (intensity E).

Which facial action answers to which unit is known from how the actions are named and drawn (as in M. Ozel's
ARKit-to-FACS guide); how much of it is our reconstruction, and so is what works against what. Not carried, since the
mesh has no action for it: nostrils (38, 39), neck (21), lip bite (32), jaw clench (31), blow and cheek suck (33, 35).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LEVELS: Mapping[str, float] = {"A": 0.1, "B": 0.25, "C": 0.5, "D": 0.75, "E": 1.0}
"""FACS intensity -> strength. A trace, B slight, C marked, D severe, E maximum; the numbers are our reconstruction,
uneven because FACS gives C and D the widest ranges."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One action unit.

    Attributes:
        number: FACS number.
        name: FACS name.
        part: Part of the face: `upper`, `mid` and `lower`, or `gaze` and `head`.
        sided: Whether each side has a channel of its own.
        weights: Facial action -> its value when the unit is at 1. An action without its side (`mouthSmile`) means that
            of the unit's own side, or both sides where the unit has no sides; an action that has no sides gets the mean
            of both sides of the unit.
        pose: Camera parameter -> what is added to it when the unit is at 1 (`yaw`, `pitch`, `roll` in degrees, `zoom`).
    """

    number: int
    name: str
    part: Literal["upper", "mid", "lower", "gaze", "head"]
    sided: bool
    weights: Mapping[str, float]
    pose: Mapping[str, float]

    @property
    def channels(self) -> tuple[str, ...]:
        """Its channels: `("AU12L", "AU12R")` or `("AU17",)`."""
        return tuple(f"AU{self.number:02d}{side}" for side in ("LR" if self.sided else ("",)))


def _unit(number: int, name: str, part: str, weights: str, *, sided: bool = False, pose: str = "") -> Unit:
    def read(text: str) -> dict[str, float]:
        return {word.partition("=")[0]: float(word.partition("=")[2] or 1) for word in text.split()}

    return Unit(number, name, part, sided, read(weights), read(pose))  # type: ignore[arg-type]


_TABLE = (
    _unit(1, "inner brow raiser", "upper", "browInnerUp", sided=True),
    _unit(2, "outer brow raiser", "upper", "browOuterUp", sided=True),
    _unit(4, "brow lowerer", "upper", "browDown", sided=True),
    _unit(5, "upper lid raiser", "upper", "eyeWide", sided=True),
    _unit(6, "cheek raiser", "mid", "cheekSquint eyeSquint=0.35", sided=True),
    _unit(7, "lid tightener", "upper", "eyeSquint", sided=True),
    _unit(9, "nose wrinkler", "mid", "noseSneer browDown=0.3 mouthUpperUp=0.3 cheekSquint=0.25", sided=True),
    _unit(10, "upper lip raiser", "mid", "mouthUpperUp noseSneer=0.25", sided=True),
    _unit(11, "nasolabial deepener", "mid", "mouthUpperUp=0.25 cheekSquint=0.2 noseSneer=0.1", sided=True),
    _unit(12, "lip corner puller", "lower", "mouthSmile cheekSquint=0.2", sided=True),
    _unit(13, "sharp lip puller", "lower", "mouthSmile=0.6 mouthDimple=0.3 cheekPuff=0.2", sided=True),
    _unit(14, "dimpler", "lower", "mouthDimple mouthPress=0.2", sided=True),
    _unit(15, "lip corner depressor", "lower", "mouthFrown", sided=True),
    _unit(16, "lower lip depressor", "lower", "mouthLowerDown", sided=True),
    _unit(17, "chin raiser", "lower", "mouthShrugLower mouthShrugUpper=0.5"),
    _unit(18, "lip pucker", "lower", "mouthPucker"),
    _unit(19, "tongue show", "lower", "tongueOut"),
    _unit(20, "lip stretcher", "lower", "mouthStretch mouthFrown=0.25", sided=True),
    _unit(22, "lip funneler", "lower", "mouthFunnel"),
    _unit(23, "lip tightener", "lower", "mouthPress=0.5 mouthRollLower=0.3 mouthRollUpper=0.3 mouthPucker=0.1"),
    _unit(24, "lip pressor", "lower", "mouthPress mouthRollLower=0.25 mouthRollUpper=0.25"),
    _unit(25, "lips part", "lower", "mouthLowerDown=0.4 mouthUpperUp=0.3 jawOpen=0.1"),
    _unit(26, "jaw drop", "lower", "jawOpen=0.5"),
    _unit(27, "mouth stretch", "lower", "jawOpen"),
    _unit(28, "lip suck", "lower", "mouthRollLower mouthRollUpper"),
    _unit(29, "jaw thrust", "lower", "jawForward"),
    _unit(30, "jaw sideways", "lower", "jaw", sided=True),
    _unit(34, "cheek puff", "lower", "cheekPuff"),
    _unit(43, "eye closure", "upper", "eyeBlink", sided=True),
    _unit(45, "blink", "upper", "eyeBlink"),
    _unit(51, "head turned left", "head", "", pose="yaw=40"),
    _unit(52, "head turned right", "head", "", pose="yaw=-40"),
    _unit(53, "head up", "head", "", pose="pitch=30"),
    _unit(54, "head down", "head", "", pose="pitch=-30"),
    _unit(55, "head tilted left", "head", "", pose="roll=25"),
    _unit(56, "head tilted right", "head", "", pose="roll=-25"),
    _unit(57, "head forward", "head", "", pose="zoom=0.12"),
    _unit(58, "head back", "head", "", pose="zoom=-0.12"),
    _unit(61, "eyes turned left", "gaze", "eyeLookOutLeft eyeLookInRight"),
    _unit(62, "eyes turned right", "gaze", "eyeLookInLeft eyeLookOutRight"),
    _unit(63, "eyes up", "gaze", "eyeLookUp eyeWide=0.1"),
    _unit(64, "eyes down", "gaze", "eyeLookDown eyeBlink=0.15"),
)

UNITS: Mapping[str, Unit] = {f"AU{unit.number:02d}": unit for unit in _TABLE}
"""Each action unit by its number, `AU01` to `AU64`. A wink (46) is 43 on one side."""

CHANNELS: tuple[str, ...] = tuple(channel for unit in _TABLE for channel in unit.channels)
"""The channels of a table of units. The one place that fixes their order."""

PARTS: Mapping[str, str] = {channel: unit.part for unit in _TABLE for channel in unit.channels}
"""Channel -> part of the face."""

RESTRAINTS: tuple[tuple[str, str, float, str], ...] = (
    ("AU05", "AU43", 1.0, "a closing eye lets its upper lid go"),
    ("AU05", "AU45", 1.0, "a closing eye lets its upper lid go"),
    ("AU07", "AU43", 0.5, "a shut lid has nothing left to narrow"),
    ("AU04", "AU01", 0.4, "the inner brow is drawn together but held up, as in fear and sadness"),
    ("AU12", "AU15", 0.4, "corners are pulled up and down at once"),
    ("AU15", "AU12", 0.4, "corners are pulled up and down at once"),
    ("AU18", "AU12", 0.5, "lips are pulled apart and together at once"),
    ("AU18", "AU20", 0.5, "lips are pulled apart and together at once"),
    ("AU24", "AU25", 1.0, "parted lips are not pressed together"),
    ("AU24", "AU27", 1.0, "parted lips are not pressed together"),
    ("AU28", "AU27", 1.0, "a stretched mouth has no lips to suck in"),
    ("AU23", "AU27", 0.5, "a stretched mouth leaves little to tighten"),
    ("AU17", "AU26", 0.5, "the chin is drawn down, away from the lip it would raise"),
    ("AU17", "AU27", 0.9, "the chin is drawn down, away from the lip it would raise"),
    ("AU26", "AU27", 1.0, "a stretched mouth is already dropped: FACS scores one of them"),
)
"""What works against what: unit, the unit that restrains it, share of it that is lost when the other is at 1, why."""
