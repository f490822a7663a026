"""Portray: from lines of the roll to every parameter and expression, as single faces or as the frames of clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.synthesis import dice
from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.clips import draw_clips, frames_in, frames_of
from evenface.synthesis.emotions import draw_expressions
from evenface.synthesis.parameters import ACTIONS, PARAMETERS
from evenface.synthesis.population import population
from evenface.synthesis.regions import REGIONS
from evenface.synthesis.roll import Roll
from evenface.synthesis.units import CHANNELS

if TYPE_CHECKING:
    from evenface.synthesis.regions._region import Region
    from evenface.synthesis.spec import Spec

Numbers = NDArray[np.float64]
MOMENT = {"frame": pl.Int64, "time_s": pl.Float64, "phase": pl.String}
"""What is known of a frame beside what is known of a face."""


@dataclass(frozen=True, slots=True)
class Portraits:
    """Faces, ready to be drawn.

    Attributes:
        roll: The line of the roll of each face.
        parameters: Parameter -> (face,) numbers, choices as their number.
        units: (face, unit) strengths in the order of `CHANNELS`.
        intensity: (face,) of the expression.
        moments: The columns of `MOMENT`; null where faces are no frames.
    """

    roll: Roll
    parameters: dict[str, Numbers]
    units: Numbers
    intensity: Numbers
    moments: pl.DataFrame


def portraits(spec: Spec, roll: Roll) -> Portraits:
    """Draw the faces of some lines of the roll: one a line, or all frames of a clip a line."""
    found = _moving(spec, roll, spec.design.clips.rate) if spec.design.clips else _still(spec, roll)
    parameters = found.parameters
    for place, bias in enumerate(spec.biases):
        marked = (found.roll["bias"] >> np.uint32(place)) & 1
        for name, added in bias.parameters().items():
            parameters[name] = _within(name, parameters[name] + added * marked)
    for place, variant in enumerate(spec.design.variants()):
        for name, value in variant.parameters.items():
            parameters[name] = np.where(found.roll["variant"] == place, value, parameters[name])
    return found


def frame_counts(spec: Spec, roll: Roll, rate: float) -> NDArray[np.int64]:
    """Give how many frames the clip of each line has."""
    counts = np.zeros(len(roll["person"]), np.int64)
    for at, region in _by_region(spec, roll):
        counts[at] = frames_in(_clips(spec, roll, at, region), rate)
    return counts


def _still(spec: Spec, roll: Roll) -> Portraits:
    rows = len(roll["person"])
    parameters = {name: np.zeros(rows) for name in PARAMETERS}
    units, intensity = np.zeros((rows, len(CHANNELS))), np.zeros(rows)
    for at, region in _by_region(spec, roll):
        drawn = draw_expressions(_emotions(spec, roll, at), _seeds(spec, roll, at), style=region.style)
        own = _population(spec, roll, at, region)
        for name, added in drawn.pose().items():
            own[name] = _within(name, own[name] + added)
        own |= {f"action:{name}": values for name, values in zip(ACTIONS, drawn.actions().T, strict=True)}
        for name, values in own.items():
            parameters[name][at] = values
        units[at], intensity[at] = drawn.units, drawn.intensity
    nothing = pl.DataFrame({name: pl.repeat(None, rows, dtype=kind, eager=True) for name, kind in MOMENT.items()})
    return Portraits(roll, parameters, units, intensity, nothing)


def _moving(spec: Spec, roll: Roll, rate: float) -> Portraits:
    parts = []
    for at, region in _by_region(spec, roll):
        own = pl.DataFrame(_population(spec, roll, at, region) | {"line": at})
        parts.append(pl.concat([_clips(spec, roll, at, region), own], how="horizontal"))
    frames = frames_of(pl.concat(parts).sort("line"), rate)
    line = frames["line"].to_numpy()
    return Portraits(
        {name: column[line] for name, column in roll.items()},
        {name: frames[name].to_numpy().astype(np.float64) for name in PARAMETERS},
        frames.select(f"unit:{name}" for name in CHANNELS).to_numpy(),
        frames["intensity"].to_numpy(),
        frames.select(pl.col(name).cast(kind) for name, kind in MOMENT.items()),
    )


def _by_region(spec: Spec, roll: Roll) -> list[tuple[NDArray[np.int64], Region]]:
    names = spec.levels("region")
    codes = np.unique(roll["region"])
    return [(np.flatnonzero(roll["region"] == code), REGIONS.get(names[int(code)])) for code in codes]


def _emotions(spec: Spec, roll: Roll, at: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array(spec.levels("emotion"))[roll["emotion"][at]]


def _seeds(spec: Spec, roll: Roll, at: NDArray[np.int64]) -> NDArray[np.uint64]:
    return dice.bits("expression", spec.seed, roll["scene"][at]) >> np.uint64(1)


def _clips(spec: Spec, roll: Roll, at: NDArray[np.int64], region: Region) -> pl.DataFrame:
    kind = spec.design.clips.motion if spec.design.clips else "macro"
    return draw_clips(_emotions(spec, roll, at), _seeds(spec, roll, at), kind=kind, style=region.style)


def _population(spec: Spec, roll: Roll, at: NDArray[np.int64], region: Region) -> dict[str, Numbers]:
    laws = {**region.parameters, **{name: given.law(name) for name, given in spec.parameters.items()}}
    codes = {name: roll[name][at] for name in LEVELS}
    person, scene = roll["person"][at].astype(np.int64), roll["scene"][at].astype(np.int64)
    return population(codes, spec.seed, person, scene, laws, spec.looks_used)


def _within(name: str, values: Numbers) -> Numbers:
    return np.clip(values, PARAMETERS[name].low, PARAMETERS[name].high)
