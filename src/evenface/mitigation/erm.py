"""Plain training."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Task, TrainStep


class ERMOptions(MitigationOptions):
    """Settings of `ERM`: none."""

    kind: Literal["erm"] = "erm"


class ERM(Mitigation):
    """Plain training: every face counts alike, whoever is shown.

    Empirical risk minimisation (Vapnik, Principles of risk minimization for learning theory, NeurIPS 1991). It changes
    nothing, and is what every other mitigation is compared with.
    """

    Options: ClassVar[type[MitigationOptions]] = ERMOptions

    def __init__(self, task: Task, options: ERMOptions) -> None:
        del task, options
        super().__init__()

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()
