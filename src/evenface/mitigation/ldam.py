"""Wider margins for rare expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from evenface.mitigation._mitigation import Batch, Mitigation, MitigationOptions, Reading, Task, TrainStep
from evenface.models.nets._net import Net


class LDAMOptions(MitigationOptions):
    """Settings of `LDAM`.

    Attributes:
        kind: `ldam`.
        margin: Of the rarest expression, in units of the scores.
        defer: Share of the steps after which losses of rare expressions weigh more too; 1: never.
        beta: Of those weights, (1 - beta) / (1 - beta^n) for n faces; nearer to 1, nearer to 1 / n.
    """

    kind: Literal["ldam"] = "ldam"
    margin: float = Field(default=1.0, ge=0)
    defer: float = Field(default=0.8, ge=0, le=1)
    beta: float = Field(default=0.9999, ge=0, lt=1)


class LDAM(Mitigation):
    """Take margin (m / n)^(1/4) off the score of a face's label, n faces of it, m of the rarest; deferred weights.

    Cao et al., arXiv:1906.07413; the weights are those of Cui et al., arXiv:1901.05555. The paper brings latents and
    head to length 1 and scales the scores; ours takes the net's scores as they are, so that it suits every net.
    Differs from ERM in the margins and in the weights of the last steps; leave `balance` at `none`. It asks for no
    groups. An expression without training faces has margin 0.
    """

    Options: ClassVar[type[MitigationOptions]] = LDAMOptions
    margins: Tensor
    weights: Tensor

    def __init__(self, task: Task, options: LDAMOptions) -> None:
        super().__init__()
        self._defer = options.defer
        counts = np.bincount(task.labels, minlength=len(task.classes)).astype(np.float64)
        there = counts > 0
        margins, weights = np.zeros((2, len(counts)))
        margins[there] = options.margin * (counts[there].min() / counts[there]) ** 0.25
        weights[there] = (1 - options.beta) / (1 - options.beta ** counts[there])
        weights *= there.sum() / weights.sum()
        self.register_buffer("margins", torch.from_numpy(margins.astype(np.float32)), persistent=False)
        self.register_buffer("weights", torch.from_numpy(weights.astype(np.float32)), persistent=False)

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read with the margins taken off the labels' scores."""
        reading = super().read(net, batch)
        taken = self.margins * functional.one_hot(batch.labels, len(self.margins))
        return replace(reading, logits=reading.logits - taken)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean of the losses, weighted in the last steps."""
        late = self._defer < 1 and step.step >= self._defer * step.steps
        return (step.losses * self.weights[step.labels]).mean() if late else step.losses.mean()
