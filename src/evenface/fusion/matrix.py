"""The transfer matrix: for each region learnt from and each seed, every fusion of every subset of cues read everywhere.

What comes of one region and seed is one file of arrays (`Cell`), so a run that stops loses no more than that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evenface.fusion.data import TEST, TRAIN, VALIDATION, TransferData, deal
from evenface.fusion.entries import Entrance, Entry
from evenface.fusion.kept import Kept
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.many import Faces, Many
from evenface.fusion.settings import TransferSettings, subsets_of

NONE = -1  # the answer to a face that no cue of the subset could read


@dataclass(frozen=True, slots=True)
class Job:
    """What is learnt from one region with one seed.

    Attributes:
        source: Name of what is learnt from: a region, or regions joined by `+`.
        seed: Of the split and of the first weights.
        random: Whether faces, not persons, were dealt to the parts.
    """

    source: str
    seed: int
    random: bool = False

    @property
    def name(self) -> str:
        """Name of its file, without ending."""
        short = hashlib.sha256(self.source.encode()).hexdigest()[:8]
        return f"{short}-seed{self.seed}{'-random' * self.random}"


@dataclass(frozen=True, slots=True)
class Cell(Kept):
    """What the fusions of one job answer to the faces for testing.

    Attributes:
        faces: (face,) places in the data.
        said: (model, face) answers, `NONE` where there is none; models are regime x fusion x subset, as in `models`.
        usual: (face,) the class that most faces learnt from have: the answer without any cue.
        weights: (regime x fusion, face, cue), of the models that see all cues.
        chances: (regime x fusion, face, class), of the same.
        plain: The same before the temperature.
        without: (regime x fusion, rank, face) answers of the same once the cue is hidden that got the highest weight
            on the face, the second highest, and so on.
    """

    faces: NDArray[np.int32]
    said: NDArray[np.int8]
    usual: NDArray[np.int8]
    weights: NDArray[np.float16]
    chances: NDArray[np.float16]
    plain: NDArray[np.float16]
    without: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study consists of.

    Attributes:
        subsets: Name -> cues; all cues first.
        some: Names of those that are read under the random split too.
        lent: What is read in other regions under the random split too.
        sources: Name of what is learnt from -> its regions.
        jobs: In the order they are done.
    """

    subsets: Mapping[str, tuple[str, ...]]
    some: tuple[str, ...]
    lent: frozenset[str]
    sources: Mapping[str, tuple[str, ...]]
    jobs: tuple[Job, ...]

    def names(self, job: Job) -> tuple[str, ...]:
        """Give the subsets of a job."""
        return self.some if job.random else tuple(self.subsets)

    def reads(self, job: Job, region: str) -> bool:
        """Tell whether a job is read in a region; under the random split in its own alone, if nothing more is asked."""
        return not job.random or job.source in (region, *self.lent)


def make_plan(settings: TransferSettings, data: TransferData) -> Plan:
    """Lay out the study.

    Raises:
        SettingsError: A subset names an unknown cue.
    """
    cues = tuple(data.cues)
    subsets = subsets_of(settings.subsets, cues)
    published = settings.published.models if settings.published else ()
    some = dict.fromkeys([*subsets_of(["singles"], cues), *(model.subset_of(cues) for model in published)])
    sources = {name: (name,) for name in data.learnable} | {"+".join(mix): tuple(mix) for mix in settings.mixtures}
    jobs = [Job(source, seed) for seed in settings.seeds for source in sources]
    if settings.data.random_reference:
        jobs += [Job(source, seed, True) for seed in settings.seeds for source in data.learnable]
    lent = frozenset(model.learnt for model in published if model.learnt)
    return Plan(subsets, tuple(name for name in some if name in subsets), lent, sources, tuple(jobs))


def models(settings: TransferSettings, names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Give (regime, fusion, subset) of each model of a job, in the order of `Cell.said`."""
    return [(regime, fusion, name) for regime in settings.regimes for fusion in settings.fusions for name in names]


def run_jobs(settings: TransferSettings, data: TransferData, plan: Plan, folder: Path) -> Iterator[tuple[Job, bool]]:
    """Do all jobs that have no file yet; yield each when it is done, and whether it had been done before.

    Raises:
        InputError: A file cannot be written.
    """
    entrances: dict[tuple[int, bool], Entrance] = {}
    for job in plan.jobs:
        path = folder / f"{job.name}.npz"
        if path.is_file():
            yield job, True
            continue
        key = (job.seed, job.random)
        if key not in entrances:  # one at a time is held: jobs of a seed follow each other
            part = deal(data, job.seed, settings.data, random=job.random)
            entrances = {key: Entrance(data, part, settings.detectors, job.seed)}
        cell = run_job(settings, data, plan, job, entrances[key])
        cell.save(path)
        yield job, False


def run_job(settings: TransferSettings, data: TransferData, plan: Plan, job: Job, entrance: Entrance) -> Cell:
    """Train and read all models of one job."""
    regions, names = plan.sources[job.source], plan.names(job)
    mine = data.in_regions(regions)
    read = data.in_regions(tuple(region for region in data.regions if plan.reads(job, region)))
    places = np.flatnonzero(read & (entrance.part == TEST))
    subsets = torch.tensor([[float(cue in plan.subsets[name]) for cue in data.cues] for name in names])
    said, weights, chances, plain, without = [], [], [], [], []
    for regime in settings.regimes:
        entry = entrance.enter(regions, regime)
        for fusion in settings.fusions:
            many, faces = _trained(settings, entry, fusion, subsets, job.seed, mine, entrance.part)
            test = faces.take(torch.from_numpy(places))
            found, given = many.read(test)
            said.append(answers(found))
            weights.append(given[0])
            chances.append(found[0])
            whole = many.one(0)
            without.append(_deleted(whole, test, given[0], said[-1][0]))
            whole.temperature = torch.ones(1)
            plain.append(whole.read(test)[0][0])
    learnt = data.labels[mine & (entrance.part == TRAIN)]
    return Cell(
        places.astype(np.int32),
        np.concatenate(said),
        np.full(len(places), np.bincount(learnt).argmax(), np.int8),
        torch.stack(weights).numpy().astype(np.float16),
        torch.stack(chances).numpy().astype(np.float16),
        torch.stack(plain).numpy().astype(np.float16),
        np.stack(without),
    )


def _trained(
    settings: TransferSettings,
    entry: Entry,
    name: str,
    subsets: torch.Tensor,
    seed: int,
    mine: NDArray[np.bool_],
    part: NDArray[np.int8],
) -> tuple[Many, Faces]:
    on_answers = FUSIONS.get(name).on_answers
    shape, faces = (entry.answer_shape, entry.answers) if on_answers else (entry.shape, entry.faces)
    many = Many(settings.fusion(name, shape), subsets, seed)
    train, validation = (faces.take(torch.from_numpy(np.flatnonzero(mine & (part == p)))) for p in (TRAIN, VALIDATION))
    many.fit(train, validation)
    return many, faces


def answers(chances: torch.Tensor) -> NDArray[np.int8]:
    """Give the likeliest class of each row, `NONE` where there are no probabilities."""
    none = chances.isnan().any(-1)
    return torch.where(none, NONE, chances.nan_to_num().argmax(-1)).numpy().astype(np.int8)


def _deleted(many: Many, faces: Faces, weights: torch.Tensor, said: NDArray[np.int8]) -> NDArray[np.int8]:
    """Answer each face without the cue of the highest weight, without that of the second highest, and so on.

    Where a face has fewer cues than that, nothing is hidden; where it has no other cue, there is no answer.
    """
    order = weights.nan_to_num().masked_fill(faces.present == 0, -1).argsort(-1, descending=True)
    found = []
    for rank in range(order.shape[1]):
        hidden = torch.nn.functional.one_hot(order[:, rank], order.shape[1])
        left = faces.present * (1 - hidden)
        chances, _ = many.read(faces, left)
        there = faces.present.gather(1, order[:, rank : rank + 1]).squeeze(1) > 0
        found.append(np.where(there.numpy(), answers(chances[0]), said))
    return np.stack(found).astype(np.int8)


def facts(settings: TransferSettings, data: TransferData) -> dict[str, Any]:
    """Give what must be the same for a run to be gone on with."""
    free = {"out", "draws", "threads", "forgetting", "seeds", "data"}
    told = settings.model_dump(mode="json", exclude=free)
    split = settings.data.model_dump(mode="json", exclude={"manifest", "cues"})
    return json.loads(json.dumps(told | {"data": split, "faces": data.sha256, "torch": torch.__version__}))
