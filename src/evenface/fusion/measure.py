"""What the answers of a study amount to: accuracies, weights, Shapley values, comparisons; with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenface.core.multiplicity import holm
from evenface.fusion.data import TransferData
from evenface.fusion.intervals import Doubles, Tally, interval, shapley
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.matrix import NONE, Cell, Job, Plan, models
from evenface.fusion.settings import TransferSettings, subset_name

ALONE = "mean"  # the fusion that, given one cue, is that cue's detector


class Key(NamedTuple):
    """One model, whatever its seed: what it learnt from, and which cues it sees; `#2`: all but the second in weight."""

    source: str
    regime: str
    fusion: str
    subset: str


@dataclass(frozen=True)
class Ground:
    """All models read on the faces of one region.

    Attributes:
        region: Its name.
        keys: Models, in the order of the tally.
        tally: Right answers.
        answered: (model,) share of the faces with an answer.
        draws: (draw, model) accuracies.
        count: Of draws.
    """

    region: str
    keys: tuple[Key, ...]
    tally: Tally
    answered: Doubles
    draws: Doubles
    count: int

    @cached_property
    def at(self) -> dict[Key, int]:
        """Place of each model."""
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def accuracy(self) -> Doubles:
        """(model,) share of right answers."""
        return self.tally.accuracy

    def own(self, regime: str, fusion: str, subset: str) -> int | None:
        """Place of a model that learnt from this region, or None."""
        return self.at.get(Key(self.region, regime, fusion, subset))

    def apart(self, a: int, b: int) -> dict[str, Any]:
        """Give accuracy of a minus that of b, with interval."""
        low, high = interval(self.draws[:, a] - self.draws[:, b])
        return {"difference": float(self.accuracy[a] - self.accuracy[b]), "low": low, "high": high}


def ground(
    settings: TransferSettings, data: TransferData, plan: Plan, cells: Mapping[Job, Cell], region: str, *, random: bool
) -> Ground | None:
    """Count the right answers of all models to the faces of a region; None if no job was read there."""
    here = data.region == data.regions.index(region)
    people = np.unique(data.persons[here])
    seeds = {seed: i for i, seed in enumerate(settings.seeds)}
    jobs = [job for job in cells if job.random == random and plan.reads(job, region)]
    if not jobs:
        return None
    faces = np.zeros((len(seeds), len(people)))
    hits: dict[Key, Doubles] = {}
    heard: dict[Key, list[float]] = {}
    for job in jobs:
        cell, names = cells[job], plan.names(job)
        mine = here[cell.faces]
        places = cell.faces[mine]
        who = np.searchsorted(people, data.persons[places])
        shown = np.zeros((len(places), len(people)))
        shown[np.arange(len(places)), who] = 1
        faces[seeds[job.seed]] = shown.sum(0)
        keys, said = _said(settings, cell, job, names, region, mine)
        right = (said == data.labels[places]) @ shown
        for key, row, answered in zip(keys, right, (said != NONE).mean(1), strict=True):
            hits.setdefault(key, np.zeros((len(seeds), len(people))))[seeds[job.seed]] = row
            heard.setdefault(key, []).append(float(answered))
    tally = Tally(np.stack([*hits.values()]), faces)
    draws = tally.draws(settings.draws, seed=data.regions.index(region))
    answered = np.array([np.mean(each) for each in heard.values()])
    return Ground(region, tuple(hits), tally, answered, draws, settings.draws)


def _said(
    settings: TransferSettings, cell: Cell, job: Job, names: tuple[str, ...], region: str, mine: NDArray[np.bool_]
) -> tuple[list[Key], NDArray[np.int8]]:
    """Models of a job with their answers; for the job's own region also those without one cue, and without any."""
    keys = [Key(job.source, *model) for model in models(settings, names)]
    said = [cell.said[:, mine]]
    if job.source == region:
        keys.append(Key(region, "", "", "none"))
        said.append(cell.usual[None, mine])
        pairs = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
        for (regime, fusion), without in zip(pairs, cell.without, strict=True):
            keys += [Key(region, regime, fusion, f"#{rank + 1}") for rank in range(len(without))]
            said.append(without[:, mine])
    return keys, np.concatenate(said)


def rows(grounds: Sequence[Ground], *, random: bool) -> list[dict[str, Any]]:
    """Give one row per model and region: its accuracy with interval, faces, persons and the share that was answered."""
    found = []
    for each in grounds:
        people, faces = int((each.tally.faces.sum(0) > 0).sum()), int(each.tally.faces.sum())
        for place, key in enumerate(each.keys):
            if key.subset.startswith("#"):
                continue
            low, high = interval(each.draws[:, place])
            found.append({
                "split": "random" if random else "person", "source": key.source, "test": each.region,
                "regime": key.regime, "fusion": key.fusion, "subset": key.subset,
                "accuracy": float(each.accuracy[place]), "low": low, "high": high,
                "answered": float(each.answered[place]), "faces": faces, "persons": people,
            })  # fmt: skip
    return found


def learning(settings: TransferSettings) -> list[tuple[str, str]]:
    """Give (regime, fusion) of all fusions that learn."""
    return [(r, f) for r in settings.regimes for f in settings.fusions if FUSIONS.get(f).learns]


def weights(
    settings: TransferSettings, data: TransferData, cells: Mapping[Job, Cell], regions: Sequence[str]
) -> list[dict[str, Any]]:
    """Give the mean weight of each cue, with interval, in each region for the models that learnt there."""
    pairs = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
    found: list[dict[str, Any]] = []
    for region in regions:
        jobs = [job for job in cells if job.source == region and not job.random]
        people = np.unique(data.persons[data.region == data.regions.index(region)])
        for which, (regime, fusion) in enumerate(pairs):
            total = np.zeros((len(data.cues), len(jobs), len(people)))
            faces = np.zeros((len(jobs), len(people)))
            for i, job in enumerate(jobs):
                cell = cells[job]
                given = cell.weights[which].astype(float)
                mine = (data.region[cell.faces] == data.regions.index(region)) & np.isfinite(given).all(1)
                who = np.searchsorted(people, data.persons[cell.faces[mine]])
                np.add.at(total[:, i].T, who, given[mine])
                np.add.at(faces[i], who, 1)
            tally = Tally(total, faces)
            draws = tally.draws(settings.draws, seed=len(found))
            for cue, name in enumerate(data.cues):
                low, high = interval(draws[:, cue])
                found.append({"region": region, "regime": regime, "fusion": fusion, "cue": name,
                              "weight": float(tally.accuracy[cue]), "low": low, "high": high})  # fmt: skip
    return found


def contributions(settings: TransferSettings, data: TransferData, grounds: Sequence[Ground]) -> list[dict[str, Any]]:
    """Give each cue's Shapley value in each region, where every subset was learnt there; in shares of the accuracy."""
    cues, found = tuple(data.cues), []
    every = [s for size in range(1, len(cues) + 1) for s in combinations(cues, size)]
    for each in grounds:
        for regime, fusion in learning(settings):
            places = {frozenset(s): each.own(regime, fusion, subset_name(s, cues)) for s in every}
            places[frozenset()] = each.at.get(Key(each.region, "", "", "none"))
            known = {subset: place for subset, place in places.items() if place is not None}
            if len(known) < len(places):
                continue
            point = shapley(cues, {subset: each.accuracy[place] for subset, place in known.items()})
            draws = shapley(cues, {subset: each.draws[:, place] for subset, place in known.items()})
            for i, cue in enumerate(cues):
                low, high = interval(draws[i])
                found.append({"region": each.region, "regime": regime, "fusion": fusion, "cue": cue,
                              "value": float(point[i]), "low": low, "high": high})  # fmt: skip
    return found


def comparisons(settings: TransferSettings, data: TransferData, grounds: Sequence[Ground]) -> list[dict[str, Any]]:
    """Compare pairs of models in each region where they learnt; p-values are corrected within each question.

    Questions: `left_out`: all cues against all but one; `best_single`: all cues against the cue that was best on the
    faces learnt from, and `best_alone`: against the fusion of that one cue which is best on the tested faces
    themselves, a harder rival than anybody could choose.
    """
    found: list[dict[str, Any]] = []
    for each in grounds:
        asked: list[tuple[dict[str, str], int, int]] = []
        for regime, fusion in learning(settings):
            whole = each.own(regime, fusion, "A")
            if whole is None:
                continue
            about = {"region": each.region, "regime": regime, "fusion": fusion}
            for cue in data.cues:
                rest = tuple(c for c in data.cues if c != cue)
                less = each.own(regime, fusion, subset_name(rest, tuple(data.cues))) if rest else None
                if less is not None:
                    asked.append(({**about, "question": "left_out", "against": cue}, whole, less))
            best = each.own(regime, "best_single", "A")
            if best is not None:
                asked.append(({**about, "question": "best_single", "against": "best_single"}, whole, best))
            single = (each.own(regime, name, cue) for cue in data.cues for name in (fusion, ALONE))
            alone = [place for place in single if place is not None]
            if alone:
                most = max(alone, key=lambda place: each.accuracy[place])
                against = f"{each.keys[most].subset} ({each.keys[most].fusion})"
                asked.append(({**about, "question": "best_alone", "against": against}, whole, most))
        if asked:
            flipped = each.tally.flips([(a, b) for _, a, b in asked], 10 * settings.draws, seed=len(found))
            found += [{**about, **each.apart(a, b), "p": float(p)}
                      for (about, a, b), p in zip(asked, flipped, strict=True)]  # fmt: skip
    for question in {(row["question"], row["regime"], row["fusion"]) for row in found}:
        family = [row for row in found if (row["question"], row["regime"], row["fusion"]) == question]
        for row, corrected in zip(family, holm([row["p"] for row in family]), strict=True):
            row["p_corrected"] = float(corrected)
    return found


def flattery(settings: TransferSettings, by_person: Sequence[Ground], by_lot: Sequence[Ground]) -> list[dict[str, Any]]:
    """Give how much more accurate each model seems where faces and not persons were dealt to the parts."""
    lots = {each.region: each for each in by_lot}
    found = []
    for each in by_person:
        other = lots.get(each.region)
        for regime, fusion in learning(settings) if other else []:
            a, b = other.own(regime, fusion, "A"), each.own(regime, fusion, "A")  # type: ignore[union-attr]
            if a is None or b is None or other is None:
                continue
            low, high = interval(other.draws[:, a] - np.random.default_rng(0).permutation(each.draws[:, b]))
            random, person = float(other.accuracy[a]), float(each.accuracy[b])
            found.append({"region": each.region, "regime": regime, "fusion": fusion, "random": random,
                          "person": person, "difference": random - person, "low": low, "high": high})  # fmt: skip
    return found


def gaps(settings: TransferSettings, data: TransferData, grounds: Sequence[Ground]) -> list[dict[str, Any]]:
    """Give the largest difference of accuracy between regions, of each detector of the source alone and of each fusion.

    The source itself is left out: a detector is at home there. Luck alone makes a gap above zero, the more so the fewer
    the persons; the interval is of drawing persons anew and does not correct for that.
    """
    source = settings.detectors.source
    others = [each for each in grounds if each.region in data.learnable and each.region != source]
    if len(others) < 2:
        return []
    kinds = [("lam", ALONE, cue, f"detector of {cue} alone") for cue in data.cues if ALONE in settings.fusions]
    kinds += [(regime, fusion, "A", f"{fusion}, {regime.upper()}") for regime, fusion in learning(settings)]
    found = []
    for regime, fusion, subset, name in kinds:
        places = [each.own(regime, fusion, subset) for each in others]
        if None in places:
            continue
        point = np.array([each.accuracy[place] for each, place in zip(others, places, strict=True)])
        draws = np.stack([each.draws[:, place] for each, place in zip(others, places, strict=True)])
        low, high = interval(draws.max(0) - draws.min(0))
        found.append({"model": name, "gap": float(np.ptp(point)), "low": low, "high": high,
                      "least": others[int(point.argmin())].region, "most": others[int(point.argmax())].region,
                      "accuracy": {each.region: float(v) for each, v in zip(others, point, strict=True)}})  # fmt: skip
    return found
