"""Clips: how an expression comes and goes, at any frame rate.

A clip is at rest, rises (onset), stays (apex), falls (offset) and rests again. A macro-expression takes 0.5 to 4 s; a
micro-expression 1/25 to 1/2 s, at FACS intensity A or B, in one part of the face alone (Ekman and Friesen 1969; Yan et
al., J. Nonverbal Behav. 37, 2013: at most 500 ms, onset at most 260 ms). The head drifts and the eyes blink in all of
them, also where nothing is expressed. Everything is a function of time and of the clip's own seed, so that frames do
not depend on the frame rate, nor clips on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.synthesis import dice, laws
from evenface.synthesis.emotions import draw_expressions
from evenface.synthesis.facs import actions_of, pose_of
from evenface.synthesis.laws import Law
from evenface.synthesis.parameters import ACTIONS, PARAMETERS
from evenface.synthesis.style import Style
from evenface.synthesis.units import CHANNELS, LEVELS, PARTS

KINDS = ("macro", "micro")
"""Kinds of clips."""

PHASES = ("neutral", "onset", "apex", "offset")
"""Phases in the order of time; a clip ends neutral again."""

SHORTEST, LONGEST = 0.5, 4.0
"""Seconds that a macro-expression takes from the first to the last change."""

MICRO_SHORTEST, MICRO_LONGEST = 1 / 25, 1 / 2
"""Seconds that a micro-expression takes from the first to the last change."""

BLINKS_PER_MINUTE = 17.0
"""Blinks at rest (Bentivoglio et al., Movement Disorders 12, 1997)."""

_TIMES = ("before_s", "onset_s", "apex_s", "offset_s", "after_s")
_TOTAL: dict[str, Law] = {
    "macro": ("log_uniform", SHORTEST, LONGEST),
    "micro": ("normal", 0.3, 0.09),
}
_RISE: dict[str, Law] = {"macro": ("uniform", 0.15, 0.3), "micro": ("uniform", 0.3, 0.5)}
_FALL: dict[str, Law] = {"macro": ("uniform", 0.25, 0.45), "micro": ("uniform", 0.4, 0.5)}
_FACE_PARTS = ("upper", "mid", "lower")
_BLINK_SLOT, _CLOSING, _SHUT, _OPENING = 2.0, 0.09, 0.04, 0.2
_WAVES = 3
_DRIFT = {"yaw": 2.0, "pitch": 1.5, "roll": 1.0}  # standard deviation in degrees; our choice
_APEX = [f"unit:{channel}" for channel in CHANNELS]
_REST = [f"rest:{channel}" for channel in CHANNELS]


def draw_clips(
    emotions: Sequence[str] | NDArray[np.str_],
    seeds: ArrayLike,
    *,
    kind: str | Sequence[str] = "macro",
    style: Style | None = None,
) -> pl.DataFrame:
    """Draw what happens in each clip.

    Args:
        emotions: One for each clip, as in `draw_expressions`.
        seeds: (clip,) whole numbers of at least 0.
        kind: `macro` or `micro`, one for all or one for each clip.
        style: How these people show emotions; a micro-expression takes units from it, not intensity, and
            nobody talks.

    Returns:
        One row per clip: `clip` (its row), `seed`, `kind`, `emotion`, `part` (of a micro-expression, else empty),
        `intensity` at the apex (0 if neutral; of a micro-expression, that of its strongest unit), `before_s`,
        `onset_s`, `apex_s`, `offset_s` and `after_s` in seconds, `unit:…` at the apex and `rest:…` at rest. Columns of
        parameters may be added before `frames_of` is called.

    Raises:
        UnknownNameError: An emotion or a kind is not known.
        InputError: Lengths differ.
    """
    seeds, style = np.asarray(seeds, np.uint64), replace(style or Style(), talking=0.0)
    kinds = _kinds(kind, len(seeds))
    drawn = draw_expressions(emotions, seeds, style=style)
    rest = draw_expressions(["neutral"] * len(seeds), seeds, style=style).units
    full = draw_expressions(emotions, seeds, intensity=1, style=style)
    micro, moves = kinds == "micro", drawn.emotion != "neutral"
    small, part = _micro_units(full.units, seeds)
    strength = LEVELS["A"] + (LEVELS["B"] - LEVELS["A"]) * dice.uniform("micro intensity", seeds)
    apex = np.where(micro[:, None], np.maximum(rest, small * strength[:, None]), drawn.units)
    truth = pl.DataFrame(
        {
            "clip": np.arange(len(seeds)),
            "seed": seeds,
            "kind": kinds,
            "emotion": drawn.emotion,
            "part": np.where(micro & moves, part, ""),
            "intensity": np.where(micro, strength * moves, drawn.intensity),
            **_timing(micro, seeds),
        }
    )
    units = [pl.DataFrame(values, names, orient="row") for values, names in ((apex, _APEX), (rest, _REST))]
    return pl.concat([truth, *units], how="horizontal")


def frames_of(clips: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Give every frame of every clip.

    Args:
        clips: As `draw_clips` gives them. Other columns, such as those of a person or camera, are kept in every frame.
        rate: Frames in a second, above 0; frame k is what is seen at k / rate.

    Returns:
        One row per frame, clip by clip: the columns of `clips` but the times; `frame` from 0, `time_s`, `phase`,
        `shown` (share of the apex that is shown), `intensity` (at this moment), `unit:…`, `action:…`; `yaw`, `pitch`,
        `roll` and `zoom` with the movement of the head added to those of the clip; `image_seed` of its own.

    Raises:
        SettingsError: The rate is not a number above 0.
        InputError: A column is missing, or a time is negative or missing.
    """
    if not (np.isfinite(rate) and rate > 0):
        raise SettingsError(f"The frame rate is above 0 frames in a second, got {rate}.")
    _check(clips)
    row, frame = _expand(clips, rate)
    time = frame / rate
    times = clips.select(_TIMES).to_numpy().astype(np.float64)[row]
    seeds = clips["seed"].to_numpy().astype(np.uint64)[row]
    moves = (clips["emotion"] != "neutral").to_numpy()[row]
    phase, shown = _envelope(times, time)
    phase, shown = np.where(moves, phase, 0), shown * moves
    rest = clips.select(_REST).to_numpy()[row]
    units = rest + shown[:, None] * (clips.select(_APEX).to_numpy()[row] - rest)
    lids = CHANNELS.index("AU45")
    units[:, lids] = np.maximum(units[:, lids], _blink(seeds, time))
    kept = clips.drop(*_TIMES, *_APEX, *_REST)[row]
    head = _head(kept, units, seeds, time)
    return kept.with_columns(
        pl.Series("frame", frame),
        pl.Series("time_s", time),
        pl.Series("phase", np.array(PHASES)[phase]),
        pl.Series("shown", shown),
        pl.Series("intensity", kept["intensity"].to_numpy() * shown),
        *(pl.Series(name, values) for name, values in head.items()),
        pl.Series("image_seed", (dice.bits("frame", seeds, frame) >> np.uint64(12)).astype(np.int64)),
        *(pl.Series(name, units[:, i]) for i, name in enumerate(_APEX)),
        *(pl.Series(f"action:{name}", column) for name, column in zip(ACTIONS, actions_of(units).T, strict=True)),
    )


def frames_in(clips: pl.DataFrame, rate: float) -> NDArray[np.int64]:
    """Give how many frames `frames_of` makes of each clip; one at least."""
    duration = clips.select(_TIMES).to_numpy().sum(axis=1)
    return np.maximum(np.ceil(duration * rate - 1e-9), 1).astype(np.int64)


def _kinds(kind: str | Sequence[str], length: int) -> NDArray[np.str_]:
    kinds = np.asarray(kind, np.str_)
    for name in np.unique(kinds):
        if name not in KINDS:
            raise UnknownNameError("kind of clip", str(name), KINDS)
    if kinds.shape not in ((), (length,)):
        raise InputError(f"kind is one for all or one for each of {length} clips; got shape {kinds.shape}.")
    return np.broadcast_to(kinds, (length,))


def _micro_units(units: NDArray[np.float64], seeds: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Keep one part of the face, chosen by how much it moves, and scale its strongest unit to 1."""
    here = np.array([[PARTS[channel] == part for channel in CHANNELS] for part in _FACE_PARTS])
    moved = np.where(units > LEVELS["A"], units, 0) @ here.T.astype(np.float64)
    chosen = dice.choice(np.where(moved.any(axis=1, keepdims=True), moved, 1.0), "micro part", seeds)
    alone = units * here[chosen]
    return alone / np.maximum(alone.max(axis=1, keepdims=True), LEVELS["A"]), np.array(_FACE_PARTS)[chosen]


def _timing(micro: NDArray[np.bool_], seeds: NDArray[np.uint64]) -> dict[str, NDArray[np.float64]]:
    def draw(law: dict[str, Law], name: str) -> NDArray[np.float64]:
        short = laws.draw(law["micro"], f"micro {name}", seeds, MICRO_SHORTEST, MICRO_LONGEST)
        return np.where(micro, short, laws.draw(law["macro"], name, seeds, 0, LONGEST))

    total, rise, fall = draw(_TOTAL, "total"), draw(_RISE, "rise"), draw(_FALL, "fall")
    return {
        "before_s": 0.3 + 0.7 * dice.uniform("before", seeds),
        "onset_s": total * rise,
        "apex_s": total * (1 - rise - fall),
        "offset_s": total * fall,
        "after_s": 0.3 + 0.7 * dice.uniform("after", seeds),
    }


def _check(clips: pl.DataFrame) -> None:
    needed = ("clip", "seed", "emotion", "intensity", *_TIMES, *_APEX, *_REST)
    missing = [name for name in needed if name not in clips.columns]
    if missing:
        raise InputError(
            f"These are no clips: no column {', '.join(missing[:5])} ({len(missing)} missing). See draw_clips."
        )
    wrong = [name for name in _TIMES if not ((clips[name].to_numpy() >= 0) & np.isfinite(clips[name].to_numpy())).all()]
    if wrong:
        raise InputError(
            f"Times of clips are seconds from 0 on; {', '.join(wrong)} is negative or missing in some clip."
        )


def _expand(clips: pl.DataFrame, rate: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give row of `clips` and number within the clip of each frame."""
    counts = frames_in(clips, rate)
    row = np.repeat(np.arange(clips.height), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


def _smooth(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rise from 0 to 1 with no jerk at either end: the minimum-jerk curve of Flash and Hogan (1985)."""
    place = np.clip(place, 0, 1)
    return np.asarray(place**3 * (10 + place * (6 * place - 15)))


def _envelope(times: NDArray[np.float64], time: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give index into PHASES and the share shown of each frame."""
    ends = np.cumsum(times[:, :4], axis=1)
    phase = (time[:, None] >= ends).sum(axis=1) % len(PHASES)
    rise = (time - ends[:, 0]) / np.maximum(times[:, 1], 1e-9)
    fall = (time - ends[:, 2]) / np.maximum(times[:, 3], 1e-9)
    return phase, np.where(time < ends[:, 0], 0, _smooth(rise)) * (1 - np.where(time < ends[:, 2], 0, _smooth(fall)))


def _blink(seeds: NDArray[np.uint64], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how far a blink has closed the eyes: at most one blink in each slot of time, whole within it."""
    slot = np.floor(time / _BLINK_SLOT).astype(np.int64)
    blinks = dice.uniform("blinks", seeds, slot) < BLINKS_PER_MINUTE / 60 * _BLINK_SLOT
    start = (_BLINK_SLOT - _CLOSING - _SHUT - _OPENING) * dice.uniform("blink", seeds, slot)
    since = time - slot * _BLINK_SLOT - start
    closed = _smooth(since / _CLOSING) * (1 - _smooth((since - _CLOSING - _SHUT) / _OPENING))
    return np.where(blinks, closed, 0)


def _drift(name: str, seeds: NDArray[np.uint64], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give a slow wander with standard deviation 1 over time: three waves of 0.05 to 0.6 Hz, as likely at any phase."""
    wave = np.arange(_WAVES)
    hertz = 0.05 + 0.55 * dice.uniform(f"{name} hertz", seeds[:, None], wave)
    begin = dice.uniform(f"{name} begin", seeds[:, None], wave)
    return np.asarray(np.sqrt(2 / _WAVES) * np.sin(2 * np.pi * (hertz * time[:, None] + begin)).sum(axis=1))


def _head(
    kept: pl.DataFrame, units: NDArray[np.float64], seeds: NDArray[np.uint64], time: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    out = {}
    for name, moved in pose_of(units).items():
        limits = PARAMETERS[name]
        base = kept[name].to_numpy() if name in kept.columns else limits.default
        wander = _DRIFT[name] * _drift(name, seeds, time) if name in _DRIFT else 0.0
        out[name] = np.clip(base + moved + wander, limits.low, limits.high)
    return out
