"""Forgetting: regions learnt one after the other, what is lost of the earlier ones, and how few faces a new one needs.

With R[i, j] the accuracy in the j-th region after i have been learnt (Lopez-Paz & Ranzato, arXiv:1706.08840): backward
transfer is the mean of R[last, j] - R[j, j] over all j but the last; forward transfer the mean of R[j - 1, j] - R[0, j]
over all but the first, where R[0] has learnt nothing. Forgetting is the mean over all but the last of the highest
R[i, j] since j was learnt, less R[last, j] (after Chaudhry et al., arXiv:1801.10112).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evenface.core.errors import SettingsError
from evenface.fusion.data import TEST, TRAIN, VALIDATION, TransferData, deal
from evenface.fusion.entries import Entrance
from evenface.fusion.intervals import Doubles, interval
from evenface.fusion.kept import Kept
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.many import Faces, Many
from evenface.fusion.matrix import answers
from evenface.fusion.remedies import REMEDIES, Course
from evenface.fusion.settings import TransferSettings

_FEW_STEPS = 150  # few faces are learnt in few steps


@dataclass(frozen=True, slots=True)
class Sequel(Kept):
    """What was answered through the sequences of one seed.

    Attributes:
        faces: (face,) places in the data of the faces for testing.
        order: (stage,) numbers of the regions, in the order they were learnt.
        said: (remedy, 1 + stage, face): before anything was learnt, and after each region.
        few: (start, number, face): `start` 0 from other regions, 1 from nothing; numbers as 0 and those of the
            settings; each face by the model that took its region for the new one.
    """

    faces: NDArray[np.int32]
    order: NDArray[np.int32]
    said: NDArray[np.int8]
    few: NDArray[np.int8]


def check_order(settings: TransferSettings, data: TransferData) -> tuple[str, ...]:
    """Give the regions in the order they are learnt by the first seed.

    Raises:
        SettingsError: The order names a region that cannot be learnt from, or one twice, or fewer than two.
    """
    order = settings.forgetting.order or data.learnable
    wrong = [name for name in order if name not in data.learnable]
    if wrong or len(set(order)) < len(order) or len(order) < 2:
        raise SettingsError(
            f"forgetting.order = {list(order)}: must name two or more regions that can be learnt from, each once. "
            f"There are: {', '.join(data.learnable)}. Or set forgetting.run = false."
        )
    return order


def sequel_path(settings: TransferSettings, folder: Path, seed: int) -> Path:
    """Give the file of a seed's sequences; other settings of forgetting have another."""
    asked = settings.forgetting.model_dump_json(exclude={"run"})
    return folder / f"forgetting-{hashlib.sha256(asked.encode()).hexdigest()[:8]}-seed{seed}.npz"


def run_sequels(settings: TransferSettings, data: TransferData, folder: Path) -> Iterator[tuple[str, bool]]:
    """Do the sequence of each seed that has no file yet; yield a name for each, and whether it had been done before.

    Raises:
        InputError: A file cannot be written.
        SettingsError: The order cannot be.
    """
    order = check_order(settings, data)
    for turn, seed in enumerate(settings.seeds):
        path, name = sequel_path(settings, folder, seed), f"forgetting, seed {seed}"
        if not path.is_file():
            shift = 0 if settings.forgetting.order else turn % len(order)
            sequel = run_sequel(settings, data, seed, (*order[shift:], *order[:shift]))
            sequel.save(path)
            yield name, False
        else:
            yield name, True


def run_sequel(settings: TransferSettings, data: TransferData, seed: int, order: Sequence[str]) -> Sequel:
    """Learn the regions in their order by every remedy, and each region as a new one from few faces."""
    asked = settings.forgetting
    part = deal(data, seed, settings.data)
    entry = Entrance(data, part, settings.detectors, seed).enter((settings.detectors.source,), "lam")
    on_answers = FUSIONS.get(asked.fusion).on_answers
    shape, faces = (entry.answer_shape, entry.answers) if on_answers else (entry.shape, entry.faces)

    def make() -> Many:
        return Many(settings.fusion(asked.fusion, shape), torch.ones(1, len(data.cues)), seed)

    numbers = [data.regions.index(name) for name in order]
    tested = np.flatnonzero((part == TEST) & np.isin(data.region, numbers))
    sets = {
        name: tuple(
            faces.take(torch.from_numpy(np.flatnonzero((part == p) & (data.region == number))))
            for p in (TRAIN, VALIDATION, TEST)
        )
        for name, number in zip(order, numbers, strict=True)
    }
    rows = {name: data.region[tested] == number for name, number in zip(order, numbers, strict=True)}
    course = Course(make, asked.memory, asked.ewc_strength, seed)
    said = np.full((len(asked.remedies), 1 + len(order), len(tested)), -1, np.int8)
    for which, remedy in enumerate(asked.remedies):
        learner = REMEDIES[remedy](course)
        for stage in range(1 + len(order)):
            if stage:
                learner.learn(order[stage - 1], *sets[order[stage - 1]][:2])
            for name in order:
                said[which, stage, rows[name]] = answers(learner.answer(sets[name][2], name))
    few = _few(settings, order, sets, rows, make) if asked.few else np.zeros((2, 0, len(tested)), np.int8)
    return Sequel(tested.astype(np.int32), np.array(numbers, np.int32), said, few)


def _few(
    settings: TransferSettings,
    order: Sequence[str],
    sets: dict[str, tuple[Faces, ...]],
    rows: dict[str, NDArray[np.bool_]],
    make: Any,
) -> NDArray[np.int8]:
    """Take each region for the new one: learnt from 0 and more of its faces, after all others or after nothing.

    Which moment of the training is kept is decided on as many validation faces as there are training faces, at most.
    """
    counts = (0, *settings.forgetting.few)
    said = np.full((2, len(counts), len(next(iter(rows.values())))), -1, np.int8)
    for name in order:
        before = make()
        before.fit(*(Faces.join([sets[other][side] for other in order if other != name]) for side in (0, 1)))
        train, validation, test = sets[name]
        lots = torch.randperm(len(train), generator=torch.Generator().manual_seed(before.seed))
        for n, count in enumerate(counts):
            for start in (0, 1):
                model = make() if start else before.one(0)
                if count:
                    some = train.take(lots[:count])
                    checked = validation.take(torch.arange(min(count, len(validation))))
                    model.fit(some, checked, steps=_FEW_STEPS, again=n)
                said[start, n, rows[name]] = answers(model.read(test)[0][0])
    return said


def measured(settings: TransferSettings, data: TransferData, sequels: Sequence[Sequel]) -> dict[str, Any]:
    """Give each remedy's accuracies and transfers with intervals, and the curve of few faces.

    Persons of each region are drawn anew, and seeds; an order belongs to its seed.
    """
    draws, seeds = settings.draws, len(sequels)
    dice = np.random.default_rng(0)
    by_seed = dice.multinomial(seeds, np.full(seeds, 1 / seeds), draws) / seeds
    people = {number: np.unique(data.persons[data.region == number]) for number in range(len(data.regions))}
    by_person = {
        number: np.vstack([np.ones(len(who)), dice.multinomial(len(who), np.full(len(who), 1 / len(who)), draws)])
        for number, who in people.items()
    }
    tables, curves = [], []
    for sequel in sequels:
        right = sequel.said == data.labels[sequel.faces]
        few = sequel.few == data.labels[sequel.faces]
        parts = [_accuracies(data, sequel, number, people[number], by_person[number], right) for number in sequel.order]
        tables.append(np.stack(parts, -1))  # (draw, remedy, 1 + stage, region in order)
        curve = [_accuracies(data, sequel, number, people[number], by_person[number], few) for number in sequel.order]
        curves.append(np.stack(curve, -1).mean(-1))
    weights = np.vstack([np.full(seeds, 1 / seeds), by_seed])
    found = []
    for which, remedy in enumerate(settings.forgetting.remedies):
        scores = [transfers(table[:, which]) for table in tables]
        row: dict[str, Any] = {"remedy": remedy, "keeps": REMEDIES[remedy].keeps}
        for key in scores[0]:
            row[key] = _told(sum(weights[:, s] * score[key] for s, score in enumerate(scores)))
        row["matrix"] = np.mean([table[0, which] for table in tables], 0).tolist()
        found.append(row)
    _against(found, tables, weights, settings.forgetting.remedies.index("fine_tuning"))
    curve_draws = sum(weights[:, s, None, None] * each for s, each in enumerate(curves))
    few_rows = [
        {"faces": count, "start": start, **_told(curve_draws[:, i, n])}
        for n, count in enumerate((0, *settings.forgetting.few) if settings.forgetting.few else ())
        for i, start in enumerate(("other regions", "nothing"))
    ]
    orders = [[data.regions[number] for number in sequel.order] for sequel in sequels]
    return {"fusion": settings.forgetting.fusion, "orders": orders, "remedies": found, "few": few_rows}


def transfers(table: Doubles) -> dict[str, Doubles]:
    """Give the numbers of this module's docstring, from (draw, 1 + stage, region in order) accuracies.

    `new` is the mean accuracy in each region right after it was learnt; `last` that in all regions at the end.
    """
    stages = table.shape[2]
    own = np.stack([table[:, j + 1, j] for j in range(stages)], -1)
    end = table[:, -1]
    best = np.stack([table[:, j + 1 :, j].max(1) for j in range(stages)], -1)
    before = np.stack([table[:, j, j] - table[:, 0, j] for j in range(1, stages)], -1)
    return {
        "new": own.mean(-1),
        "last": end.mean(-1),
        "forgetting": (best - end)[:, :-1].mean(-1),
        "backward": (end - own)[:, :-1].mean(-1),
        "forward": before.mean(-1),
    }


def _against(found: list[dict[str, Any]], tables: list[Doubles], weights: Doubles, base: int) -> None:
    """Add to each row what it forgets less than fine-tuning, and how much better it knows the new region."""
    for which, row in enumerate(found):
        for key, name in (("forgetting", "forgets_less"), ("new", "new_more")):
            apart = sum(
                weights[:, s] * (transfers(table[:, which])[key] - transfers(table[:, base])[key])
                for s, table in enumerate(tables)
            )
            row[name] = _told(-apart if key == "forgetting" else apart)


def _accuracies(
    data: TransferData,
    sequel: Sequel,
    number: int,
    people: NDArray[np.int64],
    by_person: Doubles,
    right: NDArray[np.bool_],
) -> Doubles:
    """Give (draw, …) accuracies in a region; the first draw is the sample as it is."""
    mine = data.region[sequel.faces] == number
    shown = np.zeros((int(mine.sum()), len(people)))
    shown[np.arange(len(shown)), np.searchsorted(people, data.persons[sequel.faces[mine]])] = 1
    hits = right[..., mine] @ shown
    faces = by_person @ shown.sum(0)
    known = np.divide(1, faces, out=np.full_like(faces, np.nan), where=faces > 0)
    found = np.einsum("dp,...p->d...", by_person, hits) * known.reshape(-1, *[1] * (hits.ndim - 1))
    return np.asarray(found, np.float64)


def _told(draws: Any) -> dict[str, float | None]:
    low, high = interval(np.asarray(draws[1:]))
    return {"value": float(draws[0]), "low": low, "high": high}
