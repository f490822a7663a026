"""Draw expressions: emotion and seed to action units, with the variation that faces of one emotion show.

Every draw depends on the seed of its own row and on nothing else. What an emotion looks like is the table `PROTOTYPES`;
how a set of people shows emotions (how strongly, with which accents, how evenly) is a `Style`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import InputError
from evenface.synthesis import dice, laws
from evenface.synthesis.facs import actions_of, pose_of
from evenface.synthesis.parameters import ACTIONS
from evenface.synthesis.prototypes import EMOTIONS, EXPRESSIONS, PROTOTYPES, VISEMES, expression, read
from evenface.synthesis.style import Style, multipliers
from evenface.synthesis.units import CHANNELS, UNITS

_UNITS = tuple(UNITS)
_NUMBERS = np.array([unit.number for unit in UNITS.values()])
_LEFT = np.array([CHANNELS.index(unit.channels[0]) for unit in UNITS.values()])
_RIGHT = np.array([CHANNELS.index(unit.channels[-1]) for unit in UNITS.values()])
_AT = {unit: i for i, unit in enumerate(_UNITS)}
_RESTS = np.isin(_NUMBERS, [1, 4, 7, 12, 14, 15, 17, 23, 24])  # where a face at rest differs from a mask
_MOUTH = np.array([unit.part == "lower" for unit in UNITS.values()])
_TALKS_BELOW = 0.4
_OTHER_SIDE = 0.1


@dataclass(frozen=True, slots=True)
class Drawn:
    """Expressions as drawn: one row per face in every field.

    Attributes:
        emotion: (face,) names of `EXPRESSIONS`.
        intensity: (face,) in [0, 1]; 0 where the emotion is neutral.
        units: (face, unit) in [0, 1], in the order of `CHANNELS`.
        second: (face,) the emotion mixed in, or an empty text.
        share: (face,) share of the second emotion, 0 where there is none.
        talking: (face,) name of `VISEMES`, or an empty text.
    """

    emotion: NDArray[np.str_]
    intensity: NDArray[np.float64]
    units: NDArray[np.float64]
    second: NDArray[np.str_]
    share: NDArray[np.float64]
    talking: NDArray[np.str_]

    def actions(self) -> NDArray[np.float64]:
        """Give the (face, action) facial actions that show the units."""
        return actions_of(self.units)

    def pose(self) -> dict[str, NDArray[np.float64]]:
        """Give what the head adds to the camera's `yaw`, `pitch`, `roll` (degrees) and `zoom`, each (face,)."""
        return pose_of(self.units)

    def gaze(self) -> NDArray[np.float64]:
        """Give (face, 2): how far the eyes look to the person's left, and up; each -1 to 1."""
        left, right, up, down = (self.units[:, CHANNELS.index(f"AU{number}")] for number in (61, 62, 63, 64))
        return np.stack([left - right, up - down], axis=1)

    def table(self) -> pl.DataFrame:
        """Give one row per face: `emotion`, `intensity`, `second_emotion`, `second_share`, `talking`, units, actions.

        Units are columns `unit:AU01L` …, facial actions `action:browDownLeft` … as in `parameters.PARAMETERS`.
        """
        truth = pl.DataFrame(
            {
                "emotion": self.emotion,
                "intensity": self.intensity,
                "second_emotion": self.second,
                "second_share": self.share,
                "talking": self.talking,
            }
        )
        units = pl.DataFrame(self.units, schema=[f"unit:{name}" for name in CHANNELS], orient="row")
        actions = pl.DataFrame(self.actions(), schema=[f"action:{name}" for name in ACTIONS], orient="row")
        return pl.concat([truth, units, actions], how="horizontal")


def draw_expressions(
    emotions: Sequence[str] | NDArray[np.str_],
    seeds: ArrayLike,
    *,
    intensity: ArrayLike | None = None,
    style: Style | None = None,
) -> Drawn:
    """Draw the expression of each face.

    Args:
        emotions: One for each face: names of `EXPRESSIONS`, in any spelling that `evenface.core.labels` knows.
        seeds: (face,) whole numbers of at least 0; a row's draw depends on its own seed alone.
        intensity: How strong, in [0, 1], one for all or one for each face; None draws it by the style's law.
        style: How these people show emotions; None is strong and posed.

    Raises:
        UnknownNameError: An emotion is not known.
        InputError: Lengths differ, or an intensity is missing or outside 0 to 1.

    Example:
        >>> drawn = draw_expressions(["happy", "neutral"], [1, 2], intensity=1)
        >>> drawn.units[:, CHANNELS.index("AU12L")].round(2)
        array([0.85, 0.  ])
    """
    style = style or Style()
    which, seeds = _which(emotions), np.asarray(seeds, np.uint64)
    if seeds.shape != which.shape:
        raise InputError(f"One seed per face: got {len(which)} emotions and seeds of shape {seeds.shape}.")
    strong = _intensity(intensity, seeds, style) * (which != 0)
    units = _unit_strengths(which, seeds, strong, style)
    mixed = (dice.uniform("mixed", seeds) < style.mixed) & (which != 0) & (which < len(EMOTIONS))
    second, share = _second(which, seeds), np.where(mixed, 0.15 + 0.25 * dice.uniform("mixed share", seeds), 0.0)
    if mixed.any():
        other = _unit_strengths(second[mixed], dice.bits("second", seeds[mixed]), strong[mixed], style)
        units[mixed] += share[mixed, None, None] * (other - units[mixed])
    talking = _talk(units, seeds, strong, style)
    names = np.array(EXPRESSIONS)
    return Drawn(
        emotion=names[which],
        intensity=strong,
        units=_channels(units, seeds, style),
        second=np.where(mixed, names[second], ""),
        share=share,
        talking=talking,
    )


def blended(first: Drawn, second: Drawn, share: ArrayLike) -> Drawn:
    """Give expressions between two: ambiguous faces, whose `second` and `share` tell what was mixed in.

    Args:
        first: Expressions that keep their name.
        second: As many others.
        share: Share of the second in units and intensity, 0 to 1, one for all or one for each face.

    Raises:
        InputError: Lengths differ, or a share is missing or outside 0 to 1.
    """
    if len(first.emotion) != len(second.emotion):
        raise InputError(f"Cannot blend {len(first.emotion)} expressions with {len(second.emotion)}: give as many.")
    part = _fractions("share", share, len(first.emotion))
    return Drawn(
        emotion=first.emotion,
        intensity=first.intensity + part * (second.intensity - first.intensity),
        units=first.units + part[:, None] * (second.units - first.units),
        second=second.emotion,
        share=part,
        talking=first.talking,
    )


def _which(emotions: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int64]:
    names, inverse = np.unique(np.asarray(emotions, np.str_).reshape(-1), return_inverse=True)
    place = np.array([EXPRESSIONS.index(expression(str(name))) for name in names], np.int64)
    return place[inverse] if len(names) else np.zeros(0, np.int64)


def _intensity(given: ArrayLike | None, seeds: NDArray[np.uint64], style: Style) -> NDArray[np.float64]:
    if given is None:
        return laws.draw(style.intensity, "intensity", seeds, 0, 1)
    return _fractions("intensity", given, len(seeds))


def _fractions(name: str, given: ArrayLike, length: int) -> NDArray[np.float64]:
    values = np.asarray(given, np.float64)
    if values.shape not in ((), (length,)):
        raise InputError(f"{name} is one number or one for each of {length} faces; got shape {values.shape}.")
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"{name} is 0 to 1; got {values.min():g} to {values.max():g}.")
    return np.broadcast_to(values, (length,)).copy()


@lru_cache(maxsize=1)
def _variants() -> tuple[NDArray[np.float64], ...]:
    """Give shares (emotion, variant), and chance, strength and one-sidedness (variant, unit), for all emotions."""
    rows = [(i, variant) for i, name in enumerate(EXPRESSIONS) for variant in PROTOTYPES[name]]
    shares = np.zeros((len(EXPRESSIONS), len(rows)))
    chance, strength, one_sided = np.zeros((3, len(rows), len(_UNITS)))
    for row, (emotion, variant) in enumerate(rows):
        shares[emotion, row] = variant.share
        for each, likely in variant.scores():
            column = _AT[each.unit]
            chance[row, column], strength[row, column], one_sided[row, column] = likely, each.strength, each.side == "U"
    return shares, chance, strength, one_sided


def _unit_strengths(
    which: NDArray[np.int64], seeds: NDArray[np.uint64], intensity: NDArray[np.float64], style: Style
) -> NDArray[np.float64]:
    """Give (face, unit, side) strengths, with all that varies but gaze, talk and rest."""
    shares, chances, strengths, one_sided = _variants()
    variant = dice.choice(shares[which], "variant", seeds)
    chance, strength = chances[variant], strengths[variant]
    for emotion, notation in style.added.items():
        for each, likely in read(notation):
            joins = (which == EXPRESSIONS.index(emotion)) & (chance[:, _AT[each.unit]] == 0)
            chance[joins, _AT[each.unit]], strength[joins, _AT[each.unit]] = likely, each.strength
    row, unit = seeds[:, None], _NUMBERS[None, :]
    shown = dice.uniform("unit shown", row, unit) < chance * multipliers(style.chance)[which]
    strength = strength * multipliers(style.strength)[which] * intensity[:, None] * shown
    strength = np.clip(
        strength * (1 + style.spread * np.clip(dice.normal("unit strength", row, unit), -2.5, 2.5)), 0, 1
    )
    lean = (dice.normal("side", seeds)[:, None] + dice.normal("side of unit", row, unit)) / np.sqrt(2)
    lean = np.clip(style.asymmetry * lean, -1, 1)
    sides = np.stack([strength * (1 + lean), strength * (1 - lean)], axis=-1)
    left = dice.uniform("which side", seeds) < 0.5
    other = np.where(left[:, None], [1.0, _OTHER_SIDE], [_OTHER_SIDE, 1.0])
    return np.clip(np.where(one_sided[variant][..., None] > 0, sides * other[:, None], sides), 0, 1)


def _second(which: NDArray[np.int64], seeds: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Give another plain emotion than `which`, never neutral."""
    step = 1 + (dice.bits("second emotion", seeds) % np.uint64(len(EMOTIONS) - 2)).astype(np.int64)
    return 1 + (which - 1 + step) % (len(EMOTIONS) - 1)


def _talk(
    units: NDArray[np.float64], seeds: NDArray[np.uint64], intensity: NDArray[np.float64], style: Style
) -> NDArray[np.str_]:
    """Lay the mouths of those who talk over `units` (face, unit, side) in place, and give their names."""
    shapes = np.zeros((len(VISEMES), len(_UNITS)))
    for i, notation in enumerate(VISEMES.values()):
        for each, _ in read(notation):
            shapes[i, _AT[each.unit]] = each.strength
    talks = (dice.uniform("talking", seeds) < style.talking) & (intensity < _TALKS_BELOW)
    shape = dice.choice(np.ones(len(VISEMES)), "viseme", seeds)
    mouth = shapes[shape] * (0.6 + 0.4 * dice.uniform("viseme strength", seeds))[:, None]
    units[talks] = np.maximum(units[talks] * np.where(_MOUTH, 0.5, 1)[:, None], mouth[talks][..., None])
    return np.where(talks, np.array(list(VISEMES))[shape], "")


def _channels(units: NDArray[np.float64], seeds: NDArray[np.uint64], style: Style) -> NDArray[np.float64]:
    """Give (face, channel) from (face, unit, side), with rest and gaze."""
    row, unit = seeds[:, None], _NUMBERS[None, :]
    calm = 1 - units.max(axis=(1, 2), initial=0)
    rest = style.resting * calm[:, None] * np.abs(dice.normal("rest", row, unit))
    rest = np.clip(rest * _RESTS * (dice.uniform("rests", row, unit) < 0.35), 0, 1)[..., None]
    sides = np.maximum(units, rest)
    out = np.empty((len(seeds), len(CHANNELS)))
    out[:, _LEFT], out[:, _RIGHT] = sides[..., 0], sides[..., 1]
    alike = _LEFT == _RIGHT
    out[:, _LEFT[alike]] = sides[:, alike].mean(axis=-1)
    for one, other in (("AU61", "AU62"), ("AU63", "AU64")):
        a, b = CHANNELS.index(one), CHANNELS.index(other)
        toward = np.clip(out[:, a] - out[:, b] + style.gaze * dice.normal(f"gaze {one}", seeds), -1, 1)
        out[:, a], out[:, b] = np.maximum(toward, 0), np.maximum(-toward, 0)
    return out
