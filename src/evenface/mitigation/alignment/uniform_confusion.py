"""A discriminator that the encoder wants to be unsure."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from evenface.mitigation.alignment._alignment import AlignmentOptions, View
from evenface.mitigation.alignment._discriminator import Discriminating, DiscriminatorOptions


class UniformConfusionOptions(DiscriminatorOptions):
    """Settings of `UniformConfusion`.

    Attributes:
        kind: `uniform_confusion`.
    """

    kind: Literal["uniform_confusion"] = "uniform_confusion"


class UniformConfusion(Discriminating):
    """A discriminator learns to tell the groups; the encoder makes its answer alike for all of them.

    Tzeng et al., arXiv:1510.02192; used against bias by Alvi et al., arXiv:1809.02169, and Xu et al., arXiv:2007.10075.
    0 where every answer is uniform.
    """

    Options: ClassVar[type[AlignmentOptions]] = UniformConfusionOptions

    def penalty(self, view: View) -> Tensor:
        """Mean over attributes of the cross entropy from the uniform answer, less its entropy, in nats."""
        found = []
        for i, scores in enumerate(self.scores(view, self.frozen_trunk())):
            unsure = -functional.log_softmax(scores, 1).mean(1) - math.log(self.known.levels[i])
            found.append((unsure * self.face_weights(view, i)).sum())
        return torch.stack(found).mean()
