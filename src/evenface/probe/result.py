"""What a probe found, as numbers: each with the interval of sampling and the band that chance alone would show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leak:
    """One measure of how much of an attribute a probe reads; NaN where it is undefined.

    Attributes:
        value: As measured.
        low: Lower end of the 95 % interval: persons drawn anew.
        high: Its upper end.
        chance: Mean with the attribute dealt to other persons.
        chance_low: Lower end of the band that holds 95 % of these.
        chance_high: Its upper end.
        p: Share of them, the measured value counted among them, that reach the measured value.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    chance: float = math.nan
    chance_low: float = math.nan
    chance_high: float = math.nan
    p: float = math.nan

    @property
    def inside(self) -> bool:
        """Whether the value is not above the chance band; an undefined one is not inside."""
        return self.value <= self.chance_high


@dataclass(frozen=True, slots=True)
class Reading:
    """What one kind of probe read.

    Attributes:
        measures: Name -> value. Of levels: `accuracy` is the mean over levels of the share that is read right (within
            each stratum, averaged over faces); `bits` is what a face's features save in telling its level: the
            V-information of Xu et al. (arXiv:2002.10689) within the probe's family, on faces that it was not fitted to;
            below 0 where the probe is worse than the base rates. `mdl` is what they save in the online code.
            Of numbers: `r2`, `correlation`.
        permutations: How many times the attribute was dealt to other persons.
    """

    measures: dict[str, Leak]
    permutations: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What can be read of one attribute from one set of features.

    Attributes:
        faces: Number of faces used.
        people: Number of persons they show.
        left_out: Faces not used: attribute or stratum unknown, feature not finite, or too few persons with the level.
        levels: Codes of the levels used.
        strata: Codes of the strata used, those of `given`; empty without it.
        entropy: Bits of the attribute (within strata): what a perfect probe would read; NaN for a number.
        chance_accuracy: Balanced accuracy of guessing: one over the number of levels in each stratum.
        readings: Kind of probe -> what it read; without any where `undefined` says why.
        undefined: Why there is no number, or an empty text.
    """

    faces: int
    people: int
    left_out: int
    levels: tuple[int, ...] = ()
    strata: tuple[int, ...] = ()
    entropy: float = math.nan
    chance_accuracy: float = math.nan
    readings: dict[str, Reading] = field(default_factory=dict)
    undefined: str = ""

    def leak(self, kind: str = "linear", measure: str = "bits") -> Leak:
        """Give one measure, NaN where it is undefined or was not asked for."""
        reading = self.readings.get(kind)
        return Leak() if reading is None else reading.measures.get(measure, Leak())


def against(value: Floats, resampled: Floats) -> Leak:
    """Put a value beside chance and sampling.

    Args:
        value: (column,) the first measured, the others with the attribute dealt to other persons.
        resampled: (draw,) the measured one with persons drawn anew.
    """
    seen, chance = float(value[0]), value[1:]
    low, high = np.nanquantile(resampled, (0.025, 0.975)) if len(resampled) else (math.nan, math.nan)
    # Of n + 1 values that are alike, the measured one and those by chance, one in 40 is then above and one below.
    at = np.quantile(chance, (0.025, 0.975), method="weibull")
    p = (1 + np.count_nonzero(chance >= seen)) / (1 + len(chance))
    return Leak(seen, float(low), float(high), float(chance.mean()), float(at[0]), float(at[1]), float(p))
