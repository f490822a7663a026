"""Blended faces."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Beta

from evenface.mitigation._mitigation import Batch, Mitigation, MitigationOptions, Reading, Task, TrainStep
from evenface.models.nets._net import Net


class MixupOptions(MitigationOptions):
    """Settings of `Mixup`.

    Attributes:
        kind: `mixup`.
        alpha: Shares are drawn from Beta(alpha, alpha): low, and one of both faces prevails.
    """

    kind: Literal["mixup"] = "mixup"
    alpha: float = Field(default=0.4, gt=0)


class Mixup(Mitigation):
    """Teach blends of two faces, and of what they should be read as.

    Zhang et al., arXiv:1710.09412. Differs from ERM in pixels and targets. It asks for no groups.
    """

    Options: ClassVar[type[MitigationOptions]] = MixupOptions

    def __init__(self, task: Task, options: MixupOptions) -> None:
        del task
        super().__init__()
        self._alpha = options.alpha

    def partners(self, batch: Batch) -> Tensor:
        """Draw with whom each face is blended: (face,) place in the batch."""
        return torch.randperm(len(batch.labels), device=batch.labels.device)

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read blends."""
        other = self.partners(batch)
        share = Beta(self._alpha, self._alpha).sample((len(other),)).to(batch.pixels)
        pixels = torch.lerp(batch.pixels[other], batch.pixels, share[:, None, None, None])
        targets = torch.lerp(batch.targets[other], batch.targets, share[:, None])
        return replace(super().read(net, replace(batch, pixels=pixels)), targets=targets)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the blends."""
        return step.losses.mean()
