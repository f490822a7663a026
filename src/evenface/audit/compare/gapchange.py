"""Did the gap between groups change from A to B, and by more than luck gives?

Gaps are held as departures (0 = all groups alike), so a negative change is always a smaller gap.

* p is that of a swap test: each face's two answers exchanged with probability 1/2. It asks whether the two models could
  be the same but for luck. Two models whose gaps are equally large but lie between *other groups* are not the same, and
  the test often says so (.30 to .35 of simulated cases at the 5 % level); it alone does not show that the gap changed.
* The interval is from the paired bootstrap, and wide enough on either side for the larger of its two tails: half width
  = the larger of the 2.5 % and 97.5 % deviations from what was seen. A max - min gap is biased up where groups are
  alike: where a gap vanishes, the percentile interval misses its change in up to 14 % of simulations, and the reflected
  one misses in up to 16 % elsewhere. The side away from 0 is therefore lengthened by the bootstrap's own bias. It held
  the truth in 92 to 100 % over 24 scenarios, at least 93 % but for a vanishing gap of a group of 245 faces, where it
  falls short on the far side. Our reconstruction.
* A change is called more than luck only if p is small, also after correction, *and* the interval excludes 0: before
  correction that happened in 0 to 6.7 % of simulations in which the gap had not changed (on average 2.4 %).

Numbers: `benchmarks/compare_calibration.py`, RAF-DB's group sizes, 300 simulations each (standard error .013); all of
them in docs/COMPARE_SCHEMA.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.compare.draws import DrawnChanges
from evenface.audit.gaps import adjust, deviation, quantile, tie, too_many_lost

Floats = NDArray[np.float64]
POWER_80 = 0.8416  # normal quantile of .8


@dataclass(frozen=True)
class GapChanges:
    """What is known of each gap's change, arrays (gap,), departures; NaN where undefined.

    Attributes:
        change: B's departure less A's.
        low: Lower end of the interval.
        high: Upper end.
        p: Of the swap test.
        p_adjusted: Corrected within the family (max-T).
        smallest_detectable: A change of this size would have been told from 0 with 80 % probability.
        lost: Resampled tables that leave the change undefined, if these are too many for an interval.
    """

    change: Floats
    low: Floats
    high: Floats
    p: Floats
    p_adjusted: Floats
    smallest_detectable: Floats
    lost: NDArray[np.int64]


def measure_gaps(drawn: DrawnChanges, level: float) -> GapChanges:
    """Intervals and p of the changes of all gaps."""
    change = drawn.seen[1] - drawn.seen[0]
    low, high, detectable = paired_interval(change, drawn.boot, level)
    known = np.isfinite(change)
    p = np.where(known, swap_p(change, drawn.swap), np.nan)
    families = [key.family for key in drawn.keys]
    adjusted = adjust(np.abs(change), np.abs(drawn.swap), families) if len(families) else np.zeros(0)
    return GapChanges(change, low, high, p, np.maximum(adjusted, p), detectable, too_many_lost(drawn.boot))


def paired_interval(change: Floats, boot: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """The interval of each change, and the smallest change that it would have told from 0 with 80 % probability.

    NaN where more than a tenth of the samples leave the change undefined: those left tell of lucky draws only.

    Args:
        change: (gap,) as seen.
        boot: (draw, gap) in paired bootstrap samples.
        level: Confidence.
    """
    tail = (1 - level) / 2
    moved = np.where(too_many_lost(boot) > 0, np.nan, boot) - change
    half = np.maximum(np.maximum(-quantile(moved, tail), quantile(moved, 1 - tail)), 0)
    known = np.isfinite(moved)
    bias = np.where(known, moved, 0).sum(0) / np.maximum(known.sum(0), 1)
    far = half + np.abs(bias)
    below, above = np.where(change < 0, far, half), np.where(change > 0, far, half)
    return change - below, change + above, half + POWER_80 * deviation(moved)


def swap_p(change: Floats, swap: Floats) -> Floats:
    """Two-sided p: share of swapped tables with a change at least as large, (k + 1) / (R + 1) (Phipson & Smyth 2010).

    Args:
        change: (…) as seen.
        swap: (draw, …).
    """
    near = tie(change, deviation(swap))
    extreme = (np.abs(swap) >= np.abs(change) - near).sum(0)
    return np.asarray((extreme + 1) / (np.isfinite(swap).sum(0) + 1))


@dataclass(frozen=True)
class Ends:
    """The best and the worst compared group under each model, and how the ends moved.

    Attributes:
        best: Row of the best group under A and under B.
        worst: Row of the worst group under A and under B.
        ceiling: Best value under B less best under A, positive = better.
        floor: Worst value under B less worst under A, positive = better.
    """

    best: tuple[int, int]
    worst: tuple[int, int]
    ceiling: float
    floor: float

    @property
    def how(self) -> str | None:
        """In what way a smaller gap came about; None where it is not smaller.

        `raised`: the worst value rose at least as much as the best one fell. `mostly levelled down`: the best fell more
        than the worst rose. `levelled down`: the worst value did not rise at all, the best one fell.
        """
        if self.floor - self.ceiling <= 0:
            return None
        if self.floor <= 0:
            return "levelled down"
        return "mostly levelled down" if -self.ceiling > self.floor else "raised"


def find_ends(values: Sequence[Floats], rows: NDArray[np.int64], sign: int) -> Ends:
    """Find the ends of a gap.

    Args:
        values: A's and B's values (group,).
        rows: Groups that are compared, all with values under both models.
        sign: 1 if larger is better, -1 if smaller is.
    """
    scaled = [sign * value[rows] for value in values]
    best, worst = [int(v.argmax()) for v in scaled], [int(v.argmin()) for v in scaled]
    return Ends(
        best=(int(rows[best[0]]), int(rows[best[1]])),
        worst=(int(rows[worst[0]]), int(rows[worst[1]])),
        ceiling=float(scaled[1].max() - scaled[0].max()),
        floor=float(scaled[1].min() - scaled[0].min()),
    )
