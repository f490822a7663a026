"""After training, scores are shifted by how frequent each expression was in the face's group."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from evenface.mitigation._mitigation import Answers, Mitigation, MitigationOptions, Need, Task, TrainStep
from evenface.models.nets._net import Net
from evenface.models.nets.group_shift import GroupShift


class PriorShiftOptions(MitigationOptions):
    """Settings of `PriorShift`.

    Attributes:
        kind: `prior_shift`.
        strength: Share of the shift that is made.
    """

    kind: Literal["prior_shift"] = "prior_shift"
    strength: float = Field(default=1.0, ge=0)


class PriorShift(Mitigation):
    """Train plainly, then answer as if each expression were as frequent in each group as over all.

    The correction of Saerens et al., Adjusting the outputs of a classifier to new a priori probabilities (2002), by
    group: log p(expression) - log p(expression | group) is added to scores. It holds for a net that has learnt how
    frequent expressions are in each group; how far it has can be set. Frequencies are those of the training faces of
    known groups, with one face more in each cell (ours). Differs from ERM in the answers. A face of no known group is
    answered as it is.
    """

    Options: ClassVar[type[MitigationOptions]] = PriorShiftOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training", "group_in_prediction"})

    def __init__(self, task: Task, options: PriorShiftOptions) -> None:
        super().__init__()
        counts = task.counts() + 1.0
        self.shift = options.strength * np.log(counts.sum(0) / counts.sum() * counts.sum(1, keepdims=True) / counts)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Put the shifts into the net."""
        del answers
        made = GroupShift.around(net, groups=len(self.shift))
        made.shift.data.copy_(torch.from_numpy(self.shift))
        return made.to(next(net.parameters()).device)
