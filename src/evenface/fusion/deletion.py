"""Deletion: what becomes of answers when the cue of each rank in weight is hidden.

Two questions, both paired over faces. Does hiding the cue of the highest weight cost more right answers than hiding
another? And does it change more answers, right or wrong? The second asks what answers rest on, and nothing else: a cue
that is trusted and wrong is one that answers rest on, yet hiding it makes them right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evenface.fusion.data import TransferData
from evenface.fusion.intervals import Doubles, Tally, interval
from evenface.fusion.matrix import Cell, Job, Plan
from evenface.fusion.measure import Ground, learning
from evenface.fusion.settings import TransferSettings


def deletion(
    settings: TransferSettings, data: TransferData, plan: Plan, cells: Mapping[Job, Cell], grounds: Sequence[Ground]
) -> list[dict[str, Any]]:
    """Give one row per region, regime and fusion that learns.

    `falls`: how accuracy falls, by rank; `beyond` with `low` and `high`: the first rank's fall less the mean of the
    others', which is what a cue drawn at random among them costs; `least`: less that of the lowest rank. `changes`,
    `changes_beyond` and `changes_least`: the same of the share of answers that are another once the cue is hidden.
    """
    pairs: list[tuple[str, str]] = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
    found: list[dict[str, Any]] = []
    for each in grounds:
        for regime, fusion in learning(settings):
            known = (each.own(regime, fusion, name) for name in ("A", *(f"#{i + 1}" for i in range(len(data.cues)))))
            places = [place for place in known if place is not None]
            if len(places) < 3:  # with all cues, and without each of two or more
                continue
            accuracy, drawn = each.accuracy[places], each.draws[:, places]
            beyond, falls = _ranks(accuracy[0] - accuracy[1:], drawn[:, :1] - drawn[:, 1:], "difference")
            changed = _changed(data, plan, cells, each.region, pairs.index((regime, fusion)))
            other, changes = _ranks(changed.accuracy, changed.draws(settings.draws, seed=len(found)), "share")
            found.append({"region": each.region, "regime": regime, "fusion": fusion, "falls": falls,
                          "beyond": beyond[0].pop("difference"), **beyond[0], "least": beyond[1],
                          "changes": changes, "changes_beyond": other[0], "changes_least": other[1]})  # fmt: skip
    return found


def _ranks(values: Doubles, draws: Doubles, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give what the first of (rank,) values is beyond the mean of the others and beyond the last; and all of them."""
    beyond = []
    for rest in (slice(1, None), slice(-1, None)):
        low, high = interval(draws[:, 0] - draws[:, rest].mean(1))
        beyond.append({"difference": float(values[0] - values[rest].mean()), "low": low, "high": high})
    ranks = []
    for rank, value in enumerate(values):
        low, high = interval(draws[:, rank])
        ranks.append({"rank": rank + 1, name: float(value), "low": low, "high": high})
    return beyond, ranks


def _changed(data: TransferData, plan: Plan, cells: Mapping[Job, Cell], region: str, which: int) -> Tally:
    """Count the answers to the faces of a region that are another without the cue of each rank (rank, seed, person)."""
    here = data.region == data.regions.index(region)
    people = np.unique(data.persons[here])
    jobs = [job for job in cells if job.source == region and not job.random]
    total = np.zeros((len(data.cues), len(jobs), len(people)))
    faces = np.zeros((len(jobs), len(people)))
    for i, job in enumerate(jobs):
        cell = cells[job]
        mine = here[cell.faces]
        who = np.searchsorted(people, data.persons[cell.faces[mine]])
        whole = cell.said[which * len(plan.names(job)), mine]  # all cues come first
        np.add.at(total[:, i].T, who, (cell.without[which][:, mine] != whole).T)
        np.add.at(faces[i], who, 1)
    return Tally(total, faces)
