"""Less weight for faces that are read with ease."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Task, TrainStep


class FocalOptions(MitigationOptions):
    """Settings of `Focal`.

    Attributes:
        kind: `focal`.
        gamma: How fast a face's weight falls as its label becomes likely; 0: plain training.
    """

    kind: Literal["focal"] = "focal"
    gamma: float = Field(default=2.0, ge=0)


class Focal(Mitigation):
    """Weigh each face by (1 - p)^gamma, where p is the probability that the net gives to its label.

    Lin et al., arXiv:1708.02002, for many classes; their weights of classes are `balance` here. Differs from ERM only
    in the weights, through which gradients pass as in the paper. It asks for no groups.
    """

    Options: ClassVar[type[MitigationOptions]] = FocalOptions

    def __init__(self, task: Task, options: FocalOptions) -> None:
        del task
        super().__init__()
        self._gamma = options.gamma

    def objective(self, step: TrainStep) -> Tensor:
        """Mean of the weighted losses."""
        p = step.logits.softmax(1).gather(1, step.labels[:, None])[:, 0]
        return (((1 - p).clamp_min(1e-6) ** self._gamma) * step.losses).mean()
