"""Gaps between groups, each beside what chance alone would give.

A gap is held as a **departure**: 0 when all groups are alike, larger the less alike (for a ratio: 1 - ratio).

* Chance: the departure's distribution when faces are dealt to the groups at random (`draws.Exchange`).
* p: share of chance draws at least as large, (k + 1) / (R + 1) (Phipson & Smyth 2010). Corrected over a family by
  the maximum of the standardised departures (Westfall & Young 1993), which respects their correlation, and by Holm.
* Interval: a bootstrap of a gap is biased away from 0, since noise spreads groups even where there is no
  difference; its percentile interval then excludes 0 nearly always. Ours inverts the test: the departure's
  quantiles are known at 0 (chance draws) and at the value seen (bootstrap draws), are taken as linear between, and
  those true departures are kept at which the seen value is not extreme. It excludes 0 exactly where p < .05.
  Upward the interval reaches at least as far as the noise of one group against the others (for gaps that are not a
  difference, to the bootstrap's upper quantile): near 0 the lower quantile is folded back, and says nothing of how
  large the true departure may be. Where more than a tenth of the bootstrap leaves the gap undefined, those draws that
  are left would tell of lucky ones only: then there is no interval.
  Our reconstruction; docs/STATISTICS.md shows its coverage.
* Smallest detectable: the true gap that would be seen to exceed the chance limit with 80 % probability. With many
  groups it may be smaller than the limit, since noise adds to what is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenface.audit.evaluate import Column
from evenface.audit.metrics.between import ratio, spread

Floats = NDArray[np.float64]
Kind = Literal["difference", "ratio", "between"]
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1")
MOST_UNDEFINED = 0.1
"""Share of resampled tables that may leave a value undefined before it has no interval."""


def tie(departure: Floats, spread_by_chance: Floats) -> Floats:
    """How close two departures must be to count as one number computed in another order or in single precision.

    A thousandth of the standard deviation of the chance draws: far above rounding, far below what could matter to p.
    """
    return np.asarray(np.nan_to_num(1e-3 * spread_by_chance + 1e-6 * np.abs(departure)))


@dataclass(frozen=True, slots=True)
class GapKey:
    """Which gap: a grouping, a column and a kind; `sign` and `shift` turn departures into values."""

    by: str
    column: Column
    kind: Kind

    @property
    def name(self) -> str:
        """Metric name, such as `tpr[happy]`."""
        return self.column.name

    @property
    def upside_down(self) -> bool:
        """True where 1, not 0, means that all groups are alike."""
        return self.kind == "ratio" or (self.kind == "between" and self.column.metric.ideal == 1)

    @property
    def family(self) -> str:
        """Gaps that are corrected together: the differences that most readers look at first, and the rest."""
        if self.column.label is not None:
            return "per class"
        return "headline" if self.name in HEADLINE and self.kind == "difference" else "main"

    def value(self, departure: float) -> float:
        """The number to show."""
        return 1 - departure if self.upside_down else departure


@dataclass
class Frame:
    """The gaps of one grouping, in one fixed order for values, bootstrap and chance draws.

    Attributes:
        by: Name of the grouping.
        group: Columns of scope `group`.
        groups: Columns of scope `groups`.
    """

    by: str
    group: Sequence[Column]
    groups: Sequence[Column]
    keys: list[GapKey] = field(init=False)

    def __post_init__(self) -> None:
        ratios = [c for c in self.group if c.metric.ratio]
        self.keys = [GapKey(self.by, c, "difference") for c in self.group]
        self.keys += [GapKey(self.by, c, "ratio") for c in ratios]
        self.keys += [GapKey(self.by, c, "between") for c in self.groups]

    def departures(self, values: Floats, between: Floats) -> Floats:
        """Departures of all gaps.

        Args:
            values: (…, compared group, column of scope `group`).
            between: (…, column of scope `groups`).

        Returns:
            (…, gap), in the order of `keys`.
        """
        pick = [i for i, c in enumerate(self.group) if c.metric.ratio]
        flip = np.array([c.metric.ideal == 1 for c in self.groups], dtype=bool)
        parts = [spread(values), 1 - ratio(values[..., pick]), np.where(flip, 1 - between, between)]
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True)
class GapNumbers:
    """What is known of each gap, arrays (gap,); departures, not yet values.

    `still`: no draw moves it. `lost`: resampled tables that leave it undefined, if these are too many for an interval.
    """

    departure: Floats
    low: Floats
    high: Floats
    chance_50: Floats
    chance_95: Floats
    p: Floats
    smallest_detectable: Floats
    still: NDArray[np.bool_]
    lost: NDArray[np.int64]


def gap_numbers(departure: Floats, boot: Floats, chance: Floats, reach: Floats, level: float) -> GapNumbers:
    """Turn draws into intervals, chance levels and p.

    Args:
        departure: (gap,) as seen.
        boot: (draw, gap) in bootstrap samples.
        chance: (draw, gap) in tables dealt at random.
        reach: (draw, gap) how far below (or above) the rest one group lies by chance, see `reach_of_one`;
            NaN for gaps that are not a difference.
        level: Confidence, such as .95.
    """
    tail = (1 - level) / 2
    by_chance, resampled = Ordered(chance), Ordered(boot)
    u0, median = by_chance.limit(level), by_chance.quantile(0.5)
    spread_by_chance, wobble = deviation(chance), deviation(boot)
    near = tie(departure, spread_by_chance)
    u1, l1 = resampled.quantile(1 - tail), resampled.quantile(tail)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = departure * (departure - u0) / np.maximum(u1 - u0, departure - u0)
        low = np.where(departure > u0 + near, np.clip(low, 0, departure), 0)
        noise = NormalDist().inv_cdf(1 - tail) * deviation(reach)
        unfolded = np.where(np.isfinite(noise), np.minimum(u1, departure + noise), u1)
        high = np.maximum(np.where(l1 < departure, 2 * departure - l1, departure), unfolded)
    unknown, lost = ~np.isfinite(departure) | ~np.isfinite(u0), too_many_lost(boot)
    loose = unknown | (lost > 0)
    extreme = (chance >= departure - near).sum(0)
    drawn = np.isfinite(chance).sum(0)
    wobble = np.where(loose, np.nan, wobble)
    detectable = np.where(np.isfinite(reach).any(0), u0 - quantile(reach, 0.2), u0 + 0.8416 * wobble)
    blank = np.full(len(departure), np.nan)
    return GapNumbers(
        departure=departure,
        low=np.where(loose, blank, low),
        high=np.where(loose, blank, np.maximum(high, departure)),
        chance_50=np.where(unknown, blank, median),
        chance_95=np.where(unknown, blank, u0),
        p=np.where(unknown, blank, (extreme + 1) / (drawn + 1)),
        smallest_detectable=np.where(unknown, blank, np.maximum(detectable, 0)),
        still=~unknown & (spread_by_chance == 0) & (wobble == 0),
        lost=lost,
    )


def too_many_lost(draws: Floats) -> NDArray[np.int64]:
    """How many draws (draw, …) are undefined, where these are more than `MOST_UNDEFINED`; 0 elsewhere."""
    lost = (~np.isfinite(draws)).sum(0)
    return np.where(lost > MOST_UNDEFINED * len(draws), lost, 0)


class Ordered:
    """Draws in ascending order, sorted once for all the quantiles asked of them.

    Args:
        draws: (draw, gap); undefined ones are NaN. A gap that is undefined in half of the draws has no quantiles.
    """

    def __init__(self, draws: Floats) -> None:
        self._values = np.sort(np.ascontiguousarray(draws.T), axis=1)  # NaN last
        self._known = np.isfinite(draws).sum(0)
        self._enough = self._known * 2 > len(draws)
        self._at = np.arange(draws.shape[1])

    def quantile(self, q: float) -> Floats:
        """(gap,): the quantile, linear between neighbours."""
        place = np.clip(q * (self._known - 1), 0, None)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, np.maximum(self._known - 1, 0))
        below, above = self._values[self._at, low], self._values[self._at, high]
        return np.where(self._enough, below + (place - low) * (above - below), np.nan)

    def limit(self, level: float) -> Floats:
        """(gap,): the smallest departure with p < 1 - level, an order statistic, so that interval and p agree."""
        place = np.floor(np.round(level * (self._known + 1), 9)).astype(int)
        place = np.clip(place, 0, np.maximum(self._known - 1, 0))
        return np.where(self._enough, self._values[self._at, place], np.nan)


def quantile(draws: Floats, q: float) -> Floats:
    """Quantile along the first axis over defined draws; NaN where fewer than half are defined."""
    return Ordered(draws).quantile(q)


def deviation(draws: Floats) -> Floats:
    """Standard deviation along the first axis over defined draws; NaN where there is none."""
    known = np.isfinite(draws)
    filled = np.where(known, draws, 0)
    with np.errstate(invalid="ignore"):
        mean = filled.sum(0) / known.sum(0)
        return np.asarray(np.sqrt(np.where(known, (draws - mean) ** 2, 0).sum(0) / known.sum(0)))


def reach_of_one(values: Floats, columns: Sequence[Column]) -> Floats:
    """How far one group lies from the far end of all others, by chance; each draw takes another group in turn.

    A true shift of that group by t makes a gap of about t + reach, so t = limit - (20 % quantile of reach) is
    seen with 80 % probability. The group is shifted the bad way.

    Args:
        values: (draw, group, column) from tables dealt at random.
        columns: The columns.

    Returns:
        (draw, column).
    """
    draws, groups, width = values.shape
    if groups < 2:
        return np.full((draws, width), np.nan)
    one = np.arange(draws) % groups
    own = values[np.arange(draws), one]
    rest = values.copy()
    rest[np.arange(draws), one] = np.nan
    down = np.fmax.reduce(rest, 1) - own
    up = own - np.fmin.reduce(rest, 1)
    worse_is_up = np.array([c.metric.direction == "lower" for c in columns])
    return np.where(worse_is_up, up, down)


def adjust(departure: Floats, chance: Floats, families: Sequence[str]) -> Floats:
    """Max-T adjusted p of each gap within its family (Westfall & Young 1993), from joint chance draws."""
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(chance)
        count = np.maximum(known.sum(0), 1)
        filled = np.where(known, chance, 0)
        mean = filled.sum(0) / count
        sd = np.sqrt(np.where(known, (chance - mean) ** 2, 0).sum(0) / count)
        usable = np.isfinite(departure) & (sd > 0)
        seen = np.where(usable, (departure - tie(departure, sd) - mean) / sd, -np.inf)
        drawn = np.where(known & usable, (chance - mean) / np.where(sd > 0, sd, 1), -np.inf)
    out = np.full(len(departure), np.nan)
    for family in dict.fromkeys(families):
        mine = np.array([f == family for f in families])
        top = np.sort(drawn[:, mine].max(1)) if mine.any() else np.zeros(0)
        above = len(top) - np.searchsorted(top, seen[mine], side="left")
        out[mine] = np.where(
            usable[mine], (above + 1) / (len(top) + 1), np.where(np.isfinite(departure[mine]), 1.0, np.nan)
        )
    return out
