"""The mean of all weights along the span where the validation loss is flat."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from evenface.core.tables import Notice
from evenface.mitigation._mitigation import Answers, Batch, Mitigation, MitigationOptions, Reading, Task, TrainStep
from evenface.models.nets._net import Net


class SWADOptions(MitigationOptions):
    """Settings of `SWAD`.

    Attributes:
        kind: `swad`.
        optimum: Epochs without a lower validation loss, after which the span has begun.
        overfit: Epochs with a loss above the tolerance, after which it has ended.
        tolerance: So many times the mean loss of the span's first epochs.
    """

    kind: Literal["swad"] = "swad"
    optimum: int = Field(default=3, ge=1)
    overfit: int = Field(default=6, ge=1)
    tolerance: float = Field(default=1.3, gt=1)


class SWAD(Mitigation):
    """Average the weights of every step between the first dip of the validation loss and the rise after it.

    Cha et al., arXiv:2102.08604. The span begins at the first epoch whose loss is not undercut by the `optimum` - 1
    that follow, and ends before the first `overfit` epochs in a row above the tolerance. Without a dip, it is the last
    epoch. Differs from ERM in which weights are kept: not those of the selection rule. It asks for no groups. Ours: the
    loss is looked at once in an epoch, of the moving average where one is kept (`optimiser.ema = 0`: of the weights as
    they are), and running means of normalisations are averaged with the weights.
    """

    Options: ClassVar[type[MitigationOptions]] = SWADOptions
    keeps_epoch: ClassVar[bool] = False
    running: Tensor
    recent: Tensor
    span: Tensor
    losses: Tensor
    marks: Tensor

    def __init__(self, task: Task, options: SWADOptions) -> None:
        super().__init__()
        self._options = options
        self.register_buffer("losses", torch.full((task.epochs,), torch.nan, dtype=torch.float64))
        # Steps of this epoch; first epoch of the span, -1 before; epochs in the span; whether it has ended.
        self.register_buffer("marks", torch.tensor([0, -1, 0, 0]))

    def prepare(self, net: Net) -> Net:
        """Make room for sums of weights."""
        size = len(_flat(net))
        self.register_buffer("running", torch.zeros(size))
        self.register_buffer("recent", torch.zeros(max(self._options.optimum, self._options.overfit), size))
        self.register_buffer("span", torch.zeros(size))
        return net

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch, and add up the weights it is read with."""
        self.running += _flat(net)
        self.marks[0] += 1
        return super().read(net, batch)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def after_epoch(self, epoch: int, answers: Callable[[str], Answers]) -> None:
        """Close the epoch's mean of weights, look at the loss, and see whether the span begins or ends."""
        found = answers("validation")
        scores = torch.from_numpy(found.logits).log_softmax(1)
        self.losses[epoch] = -scores[torch.arange(len(scores)), torch.from_numpy(found.labels)].mean()
        self.recent = torch.cat([self.recent[1:], (self.running / self.marks[0])[None]])
        self.running.zero_()
        self.marks[0] = 0
        if self.marks[1] < 0:
            self._begin(epoch)
        elif not self.marks[3]:
            self._go_on(epoch)

    def _begin(self, epoch: int) -> None:
        first = epoch + 1 - self._options.optimum
        if first >= 0 and self.losses[first] == self.losses[first : epoch + 1].min():
            self.marks[1], self.marks[2] = first, self._options.optimum
            self.span.copy_(self.recent[-self._options.optimum :].sum(0))

    def _go_on(self, epoch: int) -> None:
        start, late = int(self.marks[1]), self._options.overfit
        self.span += self.recent[-1]
        self.marks[2] += 1
        limit = self._options.tolerance * self.losses[start : start + self._options.optimum].mean()
        suspect = epoch + 1 - late
        if suspect >= start + self._options.optimum and self.losses[suspect : epoch + 1].min() > limit:
            self.span -= self.recent[-late:].sum(0)
            self.marks[2] -= late
            self.marks[3] = 1

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Give the net with the mean weights."""
        del answers
        made = copy.deepcopy(net)
        flat = self.span / self.marks[2] if self.marks[1] >= 0 else self.recent[-1]
        state, start = made.state_dict(), 0
        for value in state.values():
            if value.is_floating_point():
                value.copy_(flat[start : start + value.numel()].view(value.shape))
                start += value.numel()
        return made

    def notices(self) -> tuple[Notice, ...]:
        """Whose weights these are."""
        first, epochs = self.marks[1:3].tolist()
        span = f"epochs {first + 1} to {first + epochs}" if first >= 0 else "the last epoch: the loss had no dip before"
        return (Notice("mean_weights", f"No epoch was chosen: weights are the mean over all steps of {span}."),)


def _flat(net: Net) -> Tensor:
    """All numbers of a net, weights and running means, as one row."""
    with torch.no_grad():
        return torch.cat([v.reshape(-1).float() for v in net.state_dict().values() if v.is_floating_point()])
