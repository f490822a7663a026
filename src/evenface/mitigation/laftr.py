"""An adversary guesses the group from the latent, and the encoder works against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW, Optimizer

from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Need, Task, TrainStep, frozen
from evenface.mitigation._readers import Readers
from evenface.mitigation.alignment._checks import refuse


class LAFTROptions(MitigationOptions):
    """Settings of `LAFTR`.

    Attributes:
        kind: `laftr`.
        towards: `parity`: the latent should say nothing of the group; `equalized_odds`: nothing beyond what the
            expression says of it. Where expressions are not as frequent in each group, parity costs accuracy.
        strength: Weight of the adversary's part.
        hidden: Width of the adversary.
        rate: Learning rate of the adversary.
    """

    kind: Literal["laftr"] = "laftr"
    towards: Literal["parity", "equalized_odds"] = "equalized_odds"
    strength: float = Field(default=1.0, ge=0)
    hidden: int = Field(default=64, ge=1)
    rate: float = Field(default=2e-3, gt=0)


class LAFTR(Mitigation):
    """Learn a latent from which an adversary cannot tell groups: its mean error in each group, averaged, is raised.

    Madras et al., arXiv:1802.06309, without their reconstruction of the face. The adversary's error on a face is
    1 - p, with p the probability that it gives to the face's group: their distance |h - a| for two groups, and ours for
    more. Means are over groups, or with `equalized_odds` over groups within expressions, where the adversary is told
    the expression. Differs from ERM in this part. Faces of no known group are not shown to the adversary. Numbers,
    such as an age, must be cut into groups.
    """

    Options: ClassVar[type[MitigationOptions]] = LAFTROptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: LAFTROptions) -> None:
        super().__init__()
        refuse(task, crossed=True)
        self._strength, self._rate = options.strength, options.rate
        self._groups = max(len(task.groups), 1)
        self._told = len(task.classes) if options.towards == "equalized_odds" else 0
        self.adversary = Readers(task.width + self._told, [self._groups], options.hidden)

    def error(self, adversary: Callable[..., Tensor], latents: Tensor, step: TrainStep) -> Tensor:
        """Mean error of the adversary, in [0, 1], each group (and expression) that is in the batch alike."""
        if self._told:
            latents = torch.cat([latents, functional.one_hot(step.labels, self._told).to(latents)], 1)
        known, place = (step.groups >= 0).float(), step.groups.clamp_min(0)
        errors = known * (1 - adversary(latents).softmax(1).gather(1, place[:, None])[:, 0])
        cell = place * self._told + step.labels if self._told else place
        empty = errors.new_zeros(self._groups * max(self._told, 1))
        faces = empty.index_add(0, cell, known)
        means = empty.index_add(0, cell, errors) / faces.clamp_min(1)
        return means.sum() / (faces > 0).sum().clamp_min(1)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces, less the adversary's error."""
        return step.losses.mean() - self._strength * self.error(frozen(self.adversary), step.latents, step)

    def optimiser(self) -> Optimizer:
        """Make the adversary's optimiser."""
        return AdamW(self.adversary.parameters(), lr=self._rate)

    def opposing_objective(self, step: TrainStep) -> Tensor:
        """Give the adversary's error."""
        return self.error(self.adversary, step.latents.detach(), step)
