"""A critic that measures Wasserstein distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from evenface.mitigation.alignment._alignment import AlignmentOptions, View
from evenface.mitigation.alignment._cells import members, strata
from evenface.mitigation.alignment._discriminator import Discriminating, DiscriminatorOptions


class CriticOptions(DiscriminatorOptions):
    """Settings of `Critic`.

    Attributes:
        kind: `critic`.
        gradient_penalty: Weight of how far the critic's slope is from 1, between pairs of faces.
    """

    kind: Literal["critic"] = "critic"
    gradient_penalty: float = Field(default=10.0, gt=0)


class Critic(Discriminating):
    """A critic of slope 1 learns the Wasserstein distance of each group from all faces; the encoder makes it small.

    Wasserstein GAN (Arjovsky et al., arXiv:1701.07875) with the gradient penalty of Gulrajani et al., arXiv:1704.00028.
    A score for each level, and each group against all faces of its stratum instead of against another group, are our
    own.
    """

    Options: ClassVar[type[AlignmentOptions]] = CriticOptions
    options: CriticOptions

    def penalty(self, view: View) -> Tensor:
        """Mean distance over attributes, strata and levels, as the critic sees it."""
        return self._distance(view, self.frozen_trunk())

    def opposing(self, view: View) -> Tensor:
        """The distance negated, and the gradient penalty."""
        return self.options.gradient_penalty * self._slope(view) - self._distance(view, self.trunk)

    def _distance(self, view: View, trunk: Callable[..., Tensor]) -> Tensor:
        found = []
        for i, scores in enumerate(self.scores(view, trunk)):
            within, of_level = (
                strata(view, self.known, self.options.given),
                members(view, self.known, i, self.options.given),
            )
            mass = within.T @ of_level  # (stratum, level)
            of_stratum = mass.sum(1, keepdim=True)
            mean = (within.T @ (of_level * scores)) / mass.clamp_min(1e-9)
            everyone = (within.T @ (of_level.sum(1, keepdim=True) * scores)) / of_stratum.clamp_min(1e-9)
            share = mass * (mass < of_stratum)  # a stratum of one group has nothing to compare
            found.append(((mean - everyone) * share).sum() / share.sum().clamp_min(1e-9))
        return torch.stack(found).mean()

    def _slope(self, view: View) -> Tensor:
        """Mean squared difference of slopes from 1, at random points between faces, each for one of the scores."""
        other = torch.randperm(len(view.latents), device=view.latents.device)
        where = torch.rand(len(view.latents), 1, device=view.latents.device)
        between = torch.lerp(view.latents, view.latents[other], where).requires_grad_()
        scores = self.trunk(between, view.labels)
        chosen = torch.randint(scores.shape[1], (len(scores), 1), device=scores.device)
        (slopes,) = torch.autograd.grad(scores.gather(1, chosen).sum(), between, create_graph=True)
        return (slopes.square().sum(1).add(1e-12).sqrt() - 1).square().mean()
