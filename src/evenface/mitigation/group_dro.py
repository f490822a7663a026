"""Training for the worst-off group."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Need, Task, TrainStep
from evenface.mitigation.reweight import weights_of


class GroupDROOptions(MitigationOptions):
    """Settings of `GroupDRO`.

    Attributes:
        kind: `group_dro`.
        step_size: How fast a group's weight follows its loss, in 1 / nats.
    """

    kind: Literal["group_dro"] = "group_dro"
    step_size: float = Field(default=0.01, gt=0)


class GroupDRO(Mitigation):
    """Train for the worst-off group: raise a group's weight while its loss is high.

    Sagawa et al., arXiv:1911.08731, algorithm 1. Differs from ERM in that groups are drawn equally often, and in how
    losses are combined: group means, weighted. Faces of no known group are left out of the objective. On several
    devices the weights follow the faces of the first.
    """

    Options: ClassVar[type[MitigationOptions]] = GroupDROOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})
    share: Tensor

    def __init__(self, task: Task, options: GroupDROOptions) -> None:
        super().__init__()
        self._step_size, self._faces = options.step_size, weights_of(task, "group")
        self.register_buffer("share", torch.full((len(task.groups),), 1 / max(len(task.groups), 1)))

    def objective(self, step: TrainStep) -> Tensor:
        """Mean losses of the groups in the batch, each times its weight."""
        known = (step.groups >= 0).to(step.losses.dtype)
        place = step.groups.clamp_min(0)
        total = torch.zeros_like(self.share).index_add(0, place, step.losses * known)
        faces = torch.zeros_like(self.share).index_add(0, place, known)
        means = total / faces.clamp_min(1)  # a group that is not in the batch has 0 here, and keeps its weight
        with torch.no_grad():
            self.share.mul_(torch.exp(self._step_size * means))
            self.share.div_(self.share.sum())
        # A copy: the next step changes the weights in place.
        return (means * self.share.clone()).sum()

    def sampling_weights(self, epoch: int) -> NDArray[np.float64] | None:
        """Weights by which each group is drawn as often as any other."""
        del epoch
        return self._faces
