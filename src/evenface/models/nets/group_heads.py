"""A head for each group on one encoder."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from evenface.models.nets._wrapper import Wrapper, WrapperOptions


class GroupHeadsOptions(WrapperOptions):
    """Settings of `GroupHeads`.

    Attributes:
        kind: `group_heads`.
        groups: How many heads there are.
        answer: `mean`: the mean of the heads' scores; `sum_out`: scores are of group and expression together, and the
            group is summed out.
    """

    kind: Literal["group_heads"] = "group_heads"
    groups: int = Field(ge=1)
    answer: Literal["mean", "sum_out"] = "mean"


class GroupHeads(Wrapper):
    """Scores of each expression in each group, and an answer that does not ask which group is shown.

    Both answers are those of Wang et al., arXiv:1911.11834, sections 4.3 and 4.4. `mean` is their sum of scores over
    groups, divided by their number, so that probabilities stay of one sharpness. `sum_out` first takes off the log of
    how often group and expression came together in training, `log_prior`: 0 until a method sets it.
    """

    Options: ClassVar[type[WrapperOptions]] = GroupHeadsOptions
    log_prior: Tensor

    def __init__(self, classes: int, options: GroupHeadsOptions) -> None:
        super().__init__(classes, options, options.groups)
        self._groups, self._sum_out = options.groups, options.answer == "sum_out"
        self.register_buffer("log_prior", torch.zeros(options.groups, classes))

    def scores(self, latents: Tensor) -> Tensor:
        """Give scores (face, group, class), not normalised, for latents (face, latent)."""
        return self.inner.classify(latents).view(len(latents), self._groups, self.classes)

    def combined(self, scores: Tensor) -> Tensor:
        """Give scores (face, class) for scores (face, group, class)."""
        return (scores - self.log_prior).logsumexp(1) if self._sum_out else scores.mean(1)

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        return self.combined(self.scores(latents))
