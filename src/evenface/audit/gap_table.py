"""`gaps[]` of `audit.json`: every gap with its numbers, the groups at its ends, and those left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.drawing import Drawn
from evenface.audit.gaps import Frame, GapKey, GapNumbers, adjust, gap_numbers
from evenface.audit.group_table import GroupTable
from evenface.audit.jsonable import number
from evenface.audit.plan import Plan
from evenface.core.multiplicity import holm

TOO_FEW = "fewer than two groups have a value that rests on enough faces"
NO_CHANCE = "by chance alone it is mostly undefined, so there is nothing to hold it against"
NO_INTERVAL = "no interval: {lost:,} of {drawn:,} resamples leave it undefined, as too few faces are of some class"
ALL_ALIKE = "every face had the same outcome, so draws cannot tell what gap could have been seen"


def describe_gaps(plan: Plan, drawn: Drawn, table: GroupTable) -> list[dict[str, Any]]:
    """All gaps but those of pairs, in the order of `drawn.frames`."""
    found = gap_numbers(drawn.seen, drawn.boot, drawn.chance, drawn.reach, plan.settings.level)
    keys = [key for frame in drawn.frames for key in frame.keys]
    families = [key.family for key in keys]
    # `adjust` counts all draws, p those in which the gap is defined: without this the corrected p could be the smaller.
    adjusted = np.maximum(adjust(drawn.seen, drawn.chance, families), found.p)
    stepped = holm(found.p, families)
    places = [place for frame in drawn.frames for place in _places(plan, table, frame)]
    out = []
    for i, (key, place) in enumerate(zip(keys, places, strict=True)):
        out.append(_numbers(key, found, i, float(adjusted[i]), float(stepped[i])) | place)
        out[-1]["undefined"] = _why(out[-1], int(found.lost[i]), len(drawn.boot))
    for i in map(int, np.flatnonzero(found.still)):
        out[i] |= _all_alike(plan, table, keys[i])
    return out


def _why(gap: dict[str, Any], lost: int, drawn: int) -> str | None:
    """Why a gap has no value, no p or no interval, if it lacks one."""
    if gap["value"] is None or gap["p"] is None:
        return TOO_FEW if gap["value"] is None else NO_CHANCE
    return NO_INTERVAL.format(lost=lost, drawn=drawn) if lost else None


def _all_alike(plan: Plan, table: GroupTable, key: GapKey) -> dict[str, Any]:
    """What is known of a gap that no draw moves, as when every face is read rightly: draws would call it surely 0.

    Its interval reaches as far as the groups' simultaneous intervals do, which know that few faces prove little.
    """
    blank = {"low": None, "high": None, "smallest_detectable": None, "undefined": ALL_ALIKE}
    if key.kind == "between":
        return blank
    j = [column.name for column in plan.group_columns].index(key.name)
    span = plan.groups.spans[key.by]
    enough = plan.enough[span, j] & np.isfinite(table.value[span, j])
    bottom, top = table.low_simultaneous[span, j][enough].min(), table.high_simultaneous[span, j][enough].max()
    if key.kind == "ratio":
        return blank | {"low": number(bottom / top), "high": 1.0}
    return blank | {"low": 0.0, "high": number(top - bottom)}


def _numbers(key: GapKey, found: GapNumbers, i: int, adjusted: float, stepped: float) -> dict[str, Any]:
    bottom, top = _range(key)
    ends = sorted(key.value(float(x[i])) for x in (found.low, found.high))  # both or neither are defined
    detectable = key.value(float(found.smallest_detectable[i]))
    return {
        "by": key.by,
        "metric": key.name,
        "family": key.family,
        "kind": key.kind,
        "value": number(key.value(float(found.departure[i]))),
        "low": number(max(ends[0], bottom)),
        "high": number(min(ends[1], top)),
        "chance_50": number(key.value(float(found.chance_50[i]))),
        "chance_95": number(key.value(float(found.chance_95[i]))),
        "p": number(float(found.p[i])),
        "p_adjusted": number(adjusted),
        "p_holm": number(stepped),
        "smallest_detectable": number(detectable) if bottom <= detectable <= top else None,
    }


def _range(key: GapKey) -> tuple[float, float]:
    """What values the gap can take."""
    metric = key.column.metric
    if key.kind == "difference":
        return 0.0, metric.high - metric.low
    return 0.0, metric.high if key.kind == "between" else 1.0


@dataclass(frozen=True)
class _Ends:
    """Of each column of scope `group` in one grouping: which groups have a value to compare, and the extreme ones."""

    known: NDArray[np.bool_]
    highest: NDArray[np.int64]
    lowest: NDArray[np.int64]


def _places(plan: Plan, table: GroupTable, frame: Frame) -> list[dict[str, Any]]:
    """Per gap of one grouping: which groups lie at the ends, and which took no part."""
    span = plan.groups.spans[frame.by]
    names = [group.name for group in plan.groups.names[span]]
    value = np.where(plan.enough[span], table.value[span], np.nan)
    known = np.isfinite(value)
    if len(names) == 0:
        none = np.zeros(value.shape[1], np.int64)
        ends = _Ends(known, none, none)
    else:
        ends = _Ends(known, np.where(known, value, -np.inf).argmax(0), np.where(known, value, np.inf).argmin(0))
    compared = set((plan.compared[frame.by] - span.start).tolist())
    others = [name for g, name in enumerate(names) if g not in compared]
    at = {column.name: j for j, column in enumerate(frame.group)}
    return [_place(key, names, ends, at, others) for key in frame.keys]


def _place(key: GapKey, names: list[str], ends: _Ends, at: dict[str, int], others: list[str]) -> dict[str, Any]:
    place: dict[str, Any] = {"best": None, "worst": None, "pair": None, "left_out": others}
    if key.kind == "between":
        return place
    j = at[key.name]
    place["left_out"] = [names[g] for g in np.flatnonzero(~ends.known[:, j])]
    if ends.known[:, j].sum() < 2:
        return place
    high, low = names[ends.highest[j]], names[ends.lowest[j]]
    best, worst = (low, high) if key.column.metric.direction == "lower" else (high, low)
    return place | {"best": best, "worst": worst}
