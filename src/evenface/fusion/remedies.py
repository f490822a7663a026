"""Remedies against forgetting: ways to learn regions one after the other, and to answer faces of any of them.

Each is an object that lives through one sequence: `learn` takes the next region, `answer` reads faces. What each one
keeps of earlier regions differs, and is said in `keeps`: a remedy that keeps all faces is a reference, not a rival.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy

from evenface.fusion.kinds._fusion import State
from evenface.fusion.many import Faces, Many


@dataclass(frozen=True, slots=True)
class Course:
    """What all remedies of one sequence share.

    Attributes:
        make: Gives a model that has learnt nothing, always with the same weights.
        memory: Faces of each region that may be kept.
        strength: Of what holds weights.
        seed: Of the faces that are kept.
    """

    make: Callable[[], Many]
    memory: int
    strength: float
    seed: int


class FineTuning:
    """Go on learning, with the new region's faces alone; what the others are held against."""

    keeps: ClassVar[str] = "nothing"

    def __init__(self, course: Course) -> None:
        self.course, self.many, self.learnt = course, course.make(), 0

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """Learn the next region."""
        self.many.fit(train, validation, again=self.learnt)
        self.learnt += 1

    def answer(self, faces: Faces, region: str) -> Tensor:
        """Give (face, class) probabilities; `region` is that of the faces, for remedies that may know it."""
        return self.many.read(faces)[0][0]


class RelearnNew(FineTuning):
    """Begin anew with the new region's faces alone: all else is forgotten on purpose."""

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        self.many = self.course.make()
        super().learn(region, train, validation)


class RelearnAll(FineTuning):
    """Begin anew with the faces of all regions so far: what could be had if no face were ever given away."""

    keeps: ClassVar[str] = "all faces"

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.so_far: list[tuple[Faces, Faces]] = []

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        self.so_far.append((train, validation))
        self.many = self.course.make()
        super().learn(region, *(Faces.join([pair[side] for pair in self.so_far]) for side in (0, 1)))


class ForgetCue(FineTuning):
    """Before going on, find the cue whose hiding helps most on the new region's validation faces, and reset its branch.

    If hiding helps with none, none is reset. What a cue was taught elsewhere is forgotten; the rest is kept to go on
    from.
    """

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        worst = self._worst(validation) if self.learnt else None
        if worst is not None:
            self._forget(worst)
        super().learn(region, train, validation)

    def _forget(self, cue: int) -> None:
        fresh = self.course.make().state
        for name in self.many.fusion.by_cue:
            self.many.state[name][:, cue] = fresh[name][:, cue]

    @torch.no_grad()
    def _worst(self, faces: Faces) -> int | None:
        """Give the cue without which the loss is lowest, or None if it is lowest with all."""
        cues = faces.present.shape[1]
        hidden = [faces.present, *(faces.present * (1 - torch.eye(cues)[cue]) for cue in range(cues))]
        losses = []
        for present in hidden:
            chances = self.many.read(faces, present)[0][0].nan_to_num()  # no answer counts as a sure wrong one
            losses.append(float(-chances[torch.arange(len(faces)), faces.labels].clamp(min=1e-6).log().mean()))
        best = min(range(len(losses)), key=losses.__getitem__)
        return best - 1 if best else None


class GateCue(ForgetCue):
    """The same, but the cue is hidden from then on: in learning and in answers, of faces of earlier regions too.

    A face that only hidden cues could read has no answer.
    """

    def _forget(self, cue: int) -> None:
        self.many.subsets = self.many.subsets * (1 - torch.eye(self.many.subsets.shape[1])[cue])


class Ewc(FineTuning):
    """Hold each weight the more firmly, the more earlier regions' answers depend on it.

    Elastic weight consolidation (Kirkpatrick et al., arXiv:1612.00796): the loss grows by half the strength times the
    squared moves of all weights, each times its Fisher information on each earlier region.
    """

    keeps: ClassVar[str] = "weights, and how much each matters, once per region"

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.held: list[tuple[State, State]] = []

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        self.many.fit(train, validation, penalty=self._penalty if self.held else None, again=self.learnt)
        self.learnt += 1
        self.held.append(({name: each.clone() for name, each in self.many.state.items()}, fisher(self.many, train)))

    def _penalty(self, state: State) -> Tensor:
        moves = [
            (matters[name] * (state[name] - stood[name]).square()).flatten(1).sum(1)
            for stood, matters in self.held
            for name in state
        ]
        return 0.5 * self.course.strength * torch.stack(moves).sum(0)


class Replay(FineTuning):
    """Go on learning with the new region's faces and some of each earlier region's."""

    keeps: ClassVar[str] = "some faces of each region"

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.kept: list[tuple[Faces, Faces]] = []

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        both = [(train, validation), *self.kept]
        super().learn(region, *(Faces.join([pair[side] for pair in both]) for side in (0, 1)))
        dice = torch.Generator().manual_seed(self.course.seed)
        few = max(1, round(self.course.memory * len(validation) / max(1, len(train))))
        self.kept.append((_some(train, self.course.memory, dice), _some(validation, few, dice)))


class RegionHeads(FineTuning):
    """Each region has weights of its own for the last steps; what they share stands still after the first region.

    The region of a face must be known. For a region that was not learnt, the last one's head answers.
    """

    keeps: ClassVar[str] = "a head per region; the region of a face must be known"

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.heads: dict[str, Many] = {}

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        own = self.many.fusion.own
        self.many.fit(train, validation, moving=own if self.learnt else None, again=self.learnt)
        self.learnt += 1
        self.heads[region] = self.many.one(0)

    def answer(self, faces: Faces, region: str) -> Tensor:
        """See `FineTuning.answer`."""
        return self.heads.get(region, self.many).read(faces)[0][0]


class RegionGuessed(RegionHeads):
    """The same, but the region of a face is guessed from its cues.

    The guess is the region of the nearest mean, in units of one covariance of all (linear discriminant analysis), so
    means and one covariance are kept and no faces.
    """

    keeps: ClassVar[str] = "a head per region, means and a covariance of its cues"

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.means: dict[str, Tensor] = {}
        self.scatter: Tensor | None = None
        self.count = 0

    def learn(self, region: str, train: Faces, validation: Faces) -> None:
        """See `FineTuning.learn`."""
        super().learn(region, train, validation)
        seen = train.entries.flatten(1)
        self.means[region] = seen.mean(0)
        around = seen - self.means[region]
        self.scatter = around.T @ around if self.scatter is None else self.scatter + around.T @ around
        self.count += len(seen)

    def answer(self, faces: Faces, region: str) -> Tensor:
        """See `FineTuning.answer`; `region` is not looked at."""
        if self.scatter is None:
            return self.many.read(faces)[0][0]
        size = len(self.scatter)
        covariance = self.scatter / self.count
        shrunk = covariance + 0.1 * covariance.diagonal().mean() * torch.eye(size)
        centres = torch.stack([*self.means.values()])
        pulls = torch.linalg.solve(shrunk, centres.T)
        near = (faces.entries.flatten(1) @ pulls - 0.5 * (centres.T * pulls).sum(0)).argmax(1)
        every = torch.stack([head.read(faces)[0][0] for head in self.heads.values()])
        return every[near, torch.arange(len(near))]


REMEDIES: Mapping[str, type[FineTuning]] = {
    "fine_tuning": FineTuning,
    "relearn_new": RelearnNew,
    "relearn_all": RelearnAll,
    "forget_cue": ForgetCue,
    "gate_cue": GateCue,
    "ewc": Ewc,
    "replay": Replay,
    "region_heads": RegionHeads,
    "region_guessed": RegionGuessed,
}


def fisher(many: Many, faces: Faces) -> State:
    """Give the diagonal of the empirical Fisher information: mean squared gradients of single faces' log likelihood."""

    def loss(state: State, entries: Tensor, confidence: Tensor, present: Tensor, label: Tensor) -> Tensor:
        seen = present.unsqueeze(0) * many.subsets.unsqueeze(1)
        scores, _ = many.fusion.forward(state, entries.unsqueeze(0), confidence.unsqueeze(0), seen)
        return cross_entropy(scores[0], label.unsqueeze(0))

    there = many.answerable(faces.present)[0]
    of_each = vmap(grad(loss), in_dims=(None, 0, 0, 0, 0))
    state = {name: each.detach() for name, each in many.state.items()}
    found = of_each(state, *(each[there] for each in (faces.entries, faces.confidence, faces.present, faces.labels)))
    return {name: each.square().mean(0) for name, each in found.items()}


def _some(faces: Faces, count: int, dice: torch.Generator) -> Faces:
    return faces.take(torch.randperm(len(faces), generator=dice)[:count])
