"""Units to facial actions: how a combination of action units shows on a face, and how it is written.

Tables of units are (face, unit) in the order of `CHANNELS` of `evenface.synthesis.units`; tables of facial actions are
(face, action) in the order of `ACTIONS` of `evenface.synthesis.parameters`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import InputError, UnknownNameError
from evenface.synthesis.parameters import ACTIONS
from evenface.synthesis.units import CHANNELS, LEVELS, RESTRAINTS, UNITS, Unit

_COLUMN = {channel: i for i, channel in enumerate(CHANNELS)}
_ACTION = {action: i for i, action in enumerate(ACTIONS)}

_LIPS_PARTED = LEVELS["B"]  # from this much of 25 on, a dropped jaw shows an open mouth


def _weights(unit: Unit) -> dict[int, NDArray[np.float64]]:
    """Give column of an action -> weight of each channel of the unit."""
    out: dict[int, NDArray[np.float64]] = {}
    for stem, weight in unit.weights.items():
        sides = [_ACTION.get(f"{stem}{side}") for side in ("Left", "Right")]
        if sides == [None, None] and stem not in _ACTION:
            raise UnknownNameError("facial action", stem, ACTIONS)
        for i, column in enumerate(sides):
            if column is not None:
                out[column] = weight * (np.eye(2)[i] if unit.sided else np.ones(1))
        if stem in _ACTION:
            out[_ACTION[stem]] = np.full(len(unit.channels), weight / len(unit.channels))
    return out


_WEIGHTS = {name: _weights(unit) for name, unit in UNITS.items()}


def actions_of(units: ArrayLike) -> NDArray[np.float64]:
    """Give the facial actions that show these action units.

    First what is restrained by another unit gives way (`RESTRAINTS`, side by side, all from the units as given). Then
    units that share an action add up without passing 1: 1 - (1 - a)(1 - b) …, so one alone shows as it is. Last, a
    dropped jaw behind lips that 25 does not part gets `mouthClose` as much as it is open. Our reconstruction.

    Args:
        units: (face, unit) in [0, 1], or (unit,) for one face, in the order of `CHANNELS`.

    Returns:
        (face, action) in [0, 1], in the order of `ACTIONS`.

    Raises:
        InputError: The shape does not fit `CHANNELS`, or a value is missing or outside 0 to 1.

    Example:
        >>> smile = actions_of(units_of("6C+12E+25C"))
        >>> float(smile[0, ACTIONS.index("mouthSmileLeft")])
        1.0
    """
    shown = _restrained(_checked(units))
    left_over = np.ones((len(shown), len(ACTIONS)))
    for name, weights in _WEIGHTS.items():
        strength = shown[:, _columns(name)]
        for action, weight in weights.items():
            left_over[:, action] *= 1 - strength @ weight
    actions = 1 - left_over
    parted = np.minimum(shown[:, _COLUMN["AU25"]] / _LIPS_PARTED, 1)
    actions[:, _ACTION["mouthClose"]] = actions[:, _ACTION["jawOpen"]] * (1 - parted)
    return np.clip(actions, 0, 1)


def pose_of(units: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Give what the head's units add to the camera: `yaw`, `pitch` and `roll` in degrees, and `zoom`, each (face,).

    Raises:
        InputError: As `actions_of`.
    """
    checked = _checked(units)
    pose = {name: np.zeros(len(checked)) for name in ("yaw", "pitch", "roll", "zoom")}
    for name, unit in UNITS.items():
        for parameter, amount in unit.pose.items():
            pose[parameter] += amount * checked[:, _columns(name)].mean(axis=1)
    return pose


def units_of(faces: str | Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """Give a table of units.

    Args:
        faces: One face in FACS notation (`"1+2+5B+26"`, see `parse`), or channel -> strength, a number or (face,).

    Returns:
        (face, unit) in the order of `CHANNELS`; channels that are not named are 0.

    Raises:
        UnknownNameError: A channel is in no table.
        InputError: The notation cannot be read.
    """
    given = parse(faces) if isinstance(faces, str) else faces
    for channel in given:
        if channel not in _COLUMN:
            raise UnknownNameError("action unit", channel, CHANNELS)
    columns = np.broadcast_arrays(np.zeros(1), *(np.asarray(value, np.float64) for value in given.values()))[1:]
    units = np.zeros((len(columns[0]) if columns else 1, len(CHANNELS)))
    for channel, column in zip(given, columns, strict=True):
        units[:, _COLUMN[channel]] = column
    return units


@dataclass(frozen=True, slots=True)
class Score:
    """One scored unit of a notation: `unit` such as `AU12`; `side` `L`, `R`, `U` (one side, whichever) or empty."""

    unit: str
    side: str
    strength: float

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it names; both sides where it names none, and the left one for `U`."""
        return (f"{self.unit}{self.side.replace('U', 'L')}",) if self.side else UNITS[self.unit].channels


def score(word: str) -> Score:
    """Read one scored unit: `12`, `12D`, `R12C`, `U14E`, `AU12L`, `AU12LD`; without a letter the intensity is C.

    Raises:
        UnknownNameError: No unit has this number.
        InputError: It is no such notation, or gives a side to a unit that has none.
    """
    found = re.fullmatch(r"(?:AU)?([LRU]?)(\d{1,2})([LR]?)([A-E]?)", word.strip().upper())
    if not found or (found[1] and found[3]):
        raise InputError(
            f"Cannot read {word!r} as an action unit. Write a number with an intensity A to E "
            "and, for one side, L or R before the number: 12, 12D, R12C."
        )
    unit = f"AU{int(found[2]):02d}"
    if unit not in UNITS:
        raise UnknownNameError("action unit", unit, UNITS)
    side = found[1] or found[3]
    if side and not UNITS[unit].sided:
        raise InputError(f"{word!r} names a side, but {unit} ({UNITS[unit].name}) has no sides. Leave {side} out.")
    return Score(unit, side, LEVELS[found[4] or "C"])


def parse(notation: str) -> dict[str, float]:
    """Read FACS notation: scored units joined by `+`, commas or blanks.

    Raises:
        UnknownNameError: A unit is unknown.
        InputError: A part cannot be read, or says that one side moves without saying which (`U`).

    Example:
        >>> parse("R12C+25B")
        {'AU12R': 0.5, 'AU25': 0.25}
    """
    scores = [score(word) for word in re.split(r"[+,\s]+", notation.strip()) if word]
    unclear = [each.unit for each in scores if each.side == "U"]
    if unclear:
        raise InputError(f"In {notation!r} {', '.join(unclear)} is on one side, but on which? Write L or R for U.")
    return {channel: each.strength for each in scores for channel in each.channels}


def level_of(strength: float) -> str:
    """Give the FACS letter nearest to a strength, or an empty string below half an A."""
    near = min(LEVELS, key=lambda level: abs(LEVELS[level] - strength))
    return near if strength >= LEVELS["A"] / 2 else ""


def notation_of(units: ArrayLike) -> str:
    """Write one face's (unit,) strengths in FACS notation: `"6C+12E+25C"`, one side as `R12C`; `"0"` if nothing moves.

    Raises:
        InputError: As `actions_of`.
    """
    row = _checked(units)[0]
    words = []
    for name, unit in UNITS.items():
        letters = [level_of(value) for value in row[_columns(name)]]
        if len(set(letters)) == 1:
            words += [f"{unit.number}{letters[0]}"] if letters[0] else []
        else:
            words += [f"{side}{unit.number}{letter}" for side, letter in zip("LR", letters, strict=True) if letter]
    return "+".join(words) or "0"


def mirror(names: tuple[str, ...]) -> NDArray[np.int64]:
    """Give the place of the mirror image of each of `CHANNELS` or `ACTIONS`.

    Indexing the columns of a table with it turns left into right and right into left.
    """
    turned = {"AU51": "AU52", "AU55": "AU56", "AU61": "AU62"}
    turned |= {other: one for one, other in turned.items()}
    turned |= {f"{n[:-1]}{a}": f"{n[:-1]}{b}" for n in names for a, b in ("LR", "RL") if re.fullmatch(r"AU\d\d[LR]", n)}
    ends = (("Left", "Right"), ("Right", "Left"))
    turned |= {n: n.removesuffix(a) + b for n in names for a, b in ends if n.endswith(a)}
    return np.array([names.index(turned.get(name, name)) for name in names])


def _columns(unit: str) -> list[int]:
    return [_COLUMN[channel] for channel in UNITS[unit].channels]


def _checked(units: ArrayLike) -> NDArray[np.float64]:
    given = np.atleast_2d(np.asarray(units, np.float64))
    if given.ndim != 2 or given.shape[1] != len(CHANNELS):
        raise InputError(f"Units have the shape (face, {len(CHANNELS)}), in the order of CHANNELS; got {given.shape}.")
    wrong = ~((given >= 0) & (given <= 1))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"Units are 0 to 1; {CHANNELS[column]} is {given[row, column]} in row {row} "
            f"({int(wrong.sum())} such values)."
        )
    return given


def _restrained(units: NDArray[np.float64]) -> NDArray[np.float64]:
    out = units.copy()
    for weak, strong, share, _ in RESTRAINTS:
        by = units[:, _columns(strong)]
        if not UNITS[weak].sided:
            by = by.mean(axis=1, keepdims=True)
        out[:, _columns(weak)] *= 1 - share * by
    return out
