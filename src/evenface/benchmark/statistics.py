"""What many cells come to: means over seeds with intervals, differences from plain training, and ranks of methods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.multiplicity import holm

Floats = NDArray[np.float64]
LEVEL = 0.95
PLAIN = "erm"


def interval(values: Floats) -> tuple[float, float, float]:
    """Give mean and 95 % interval by Student's t; NaN where values are too few. Values that are NaN are left out.

    Example:
        >>> [round(x, 3) for x in interval(np.array([1.0, 2.0, 3.0]))]
        [2.0, -0.484, 4.484]
    """
    from scipy import stats

    seen = values[np.isfinite(values)]
    if not len(seen):
        return math.nan, math.nan, math.nan
    mean = float(seen.mean())
    if len(seen) < 2:
        return mean, math.nan, math.nan
    reach = float(stats.t.ppf((1 + LEVEL) / 2, len(seen) - 1) * seen.std(ddof=1) / math.sqrt(len(seen)))
    return mean, mean - reach, mean + reach


def below_zero(told: Mapping[str, Any], picked_of: int) -> bool:
    """Whether a mean change is below 0 although it was picked as the smallest of several.

    Its interval is widened to the level of Bonferroni's correction.

    Args:
        told: `mean`, `high` of a 95 % interval by Student's t, and `n`, as of `summarise`.
        picked_of: How many it was picked from.
    """
    from scipy import stats

    if told["high"] is None:
        return False
    usual, wide = stats.t.ppf([(1 + LEVEL) / 2, 1 - (1 - LEVEL) / 2 / picked_of], told["n"] - 1)
    return bool(told["mean"] + (told["high"] - told["mean"]) * wide / usual < 0)


def summarise(rows: pl.DataFrame, measures: Sequence[str]) -> list[dict[str, Any]]:
    """Give mean, interval and number of seeds of each suite, rule, method and measure.

    `change` is the mean difference from plain training of the same suite, rule and seed, with its interval.
    """
    found = []
    for (suite, rule), block in rows.partition_by("suite", "rule", as_dict=True, maintain_order=True).items():
        plain = block.filter(method=PLAIN)
        for (method,), mine in block.partition_by("method", as_dict=True, maintain_order=True).items():
            paired = mine.join(plain, on="seed", suffix="_plain", how="left")
            entry: dict[str, Any] = {"suite": suite, "rule": rule, "method": method, "seeds": len(mine)}
            for measure in measures:
                values = paired[measure].cast(pl.Float64).fill_null(math.nan).to_numpy()
                base = paired[f"{measure}_plain"].cast(pl.Float64).fill_null(math.nan).to_numpy()
                entry[measure] = _told(values)
                entry[measure]["change"] = None if method == PLAIN else _told(values - base)
            found.append(entry)
    return found


def _told(values: Floats) -> dict[str, Any]:
    mean, low, high = (None if math.isnan(x) else x for x in interval(values))
    return {"mean": mean, "low": low, "high": high, "n": int(np.isfinite(values).sum())}


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks of methods over blocks (Demsar, JMLR 2006).

    Attributes:
        measure: What is ranked.
        methods: Best first.
        mean: Mean rank of each; 1 is best, ties share.
        blocks: Number of blocks.
        p: Of Friedman's test that all are alike; NaN where there are too few blocks or methods.
        critical: Mean ranks that differ by more differ at 5 % (Nemenyi); NaN likewise.
        holm: p of each against the first, by Wilcoxon's signed ranks over the blocks, corrected by Holm.
    """

    measure: str
    methods: tuple[str, ...]
    mean: tuple[float, ...]
    blocks: int
    p: float
    critical: float
    holm: tuple[float, ...]


def ranks(rows: pl.DataFrame, measure: str, higher: bool, block: Sequence[str]) -> Ranks | None:
    """Rank the methods that have a value in every block.

    Args:
        rows: Columns `method`, the measure and those of `block`.
        measure: What is ranked.
        higher: Whether more is better.
        block: Columns that make a block; several rows of a method in one are averaged.

    Returns:
        None where fewer than two methods or blocks can be compared.
    """
    from scipy import stats

    mean = rows.group_by(*block, "method").agg(pl.col(measure).cast(pl.Float64).mean())
    wide = mean.pivot("method", index=list(block), values=measure).drop(list(block))
    whole = [name for name in wide.columns if wide[name].null_count() == 0 and wide[name].is_finite().all()]
    if len(whole) < 2 or len(wide) < 2:
        return None
    table = wide.select(whole).to_numpy()
    placed = stats.rankdata(-table if higher else table, axis=1)
    n, k = placed.shape
    order = np.argsort(placed.mean(0), kind="stable")
    p, critical = math.nan, math.nan
    if k > 2 and np.ptp(table, axis=1).any():
        p = float(stats.friedmanchisquare(*table.T).pvalue)
        critical = float(
            stats.studentized_range.ppf(LEVEL, k, np.inf) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))
        )
    best, others = table[:, order[0]], table[:, order[1:]]
    single = [float(stats.wilcoxon(best, other).pvalue) if np.any(best != other) else 1.0 for other in others.T]
    names = tuple(whole[i] for i in order)
    return Ranks(measure, names, tuple(placed.mean(0)[order].tolist()), n, p, critical, (1.0, *holm(single).tolist()))


def front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Give the names that no other beats on both: first number up, second down.

    Example:
        >>> front({"a": (0.9, 0.2), "b": (0.8, 0.1), "c": (0.7, 0.15)})
        ['a', 'b']
    """
    return [
        name
        for name, (up, down) in points.items()
        if not any(u >= up and d <= down and (u, d) != (up, down) for u, d in points.values())
    ]
