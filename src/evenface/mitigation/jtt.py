"""Train twice: the second time, faces that were misread the first time are seen more often."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from evenface.core.errors import SettingsError
from evenface.mitigation._mitigation import Answers, Mitigation, MitigationOptions, Task, TrainStep


class JTTOptions(MitigationOptions):
    """Settings of `JTT`.

    Attributes:
        kind: `jtt`.
        first: Share of the epochs that the first net gets, one at least; the second gets the others.
        times: How often a face that the first net misread is drawn, where others are drawn once.
    """

    kind: Literal["jtt"] = "jtt"
    first: float = Field(default=0.25, gt=0, lt=1)
    times: float = Field(default=5.0, ge=1)


class JTT(Mitigation):
    """Just train twice: a first net says which training faces are hard; a second, begun anew, sees those more often.

    Liu et al., arXiv:2107.09044. Differs from ERM in how often faces are drawn after the restart. It asks for no
    groups. Ours: an epoch of the second net has as many draws as any other, and the first net is the average of
    weights, where one is kept. Both nets start from the same weights. Their epochs add up to those of the run, and only
    one of the second net can be chosen.
    """

    Options: ClassVar[type[MitigationOptions]] = JTTOptions
    misread: Tensor

    def __init__(self, task: Task, options: JTTOptions) -> None:
        super().__init__()
        if task.epochs < 2:
            raise SettingsError(
                f"mitigation 'jtt' trains two nets, but epochs = {task.epochs}. Set epochs to 2 or more."
            )
        self._first = min(max(round(options.first * task.epochs), 1), task.epochs - 1)
        self._times = options.times
        self.register_buffer("misread", torch.zeros(len(task.labels), dtype=torch.bool))

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def after_epoch(self, epoch: int, answers: Callable[[str], Answers]) -> None:
        """After the first net's last epoch, note which training faces it misreads."""
        if epoch + 1 == self._first:
            found = answers("train")
            self.misread.copy_(torch.from_numpy(found.logits.argmax(1) != found.labels))

    def begins_anew(self, epoch: int) -> bool:
        """Begin the second net."""
        return epoch == self._first

    def sampling_weights(self, epoch: int) -> NDArray[np.float64] | None:
        """Draw misread faces more often, once the first net has said which they are."""
        if epoch < self._first:
            return None
        return np.where(self.misread.cpu().numpy(), self._times, 1.0)
