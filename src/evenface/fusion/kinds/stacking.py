"""Stacking: one logistic model on the answers of all cues side by side (Wolpert, Neural Networks 5, 1992)."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, FusionOptions, State, each_cue


class StackingOptions(FusionOptions):
    """Settings of `stacking`."""

    rate: float = Field(default=0.01, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)


class Stacking(Fusion):
    """A linear model of all cues (stacked generalisation, Wolpert 1992); a cue that is not there adds nothing.

    The weight of a cue is its share of what all cues add to and take from the scores of this face.
    """

    Options: ClassVar[type[FusionOptions]] = StackingOptions
    on_answers: ClassVar[bool] = True
    own: ClassVar[tuple[str, ...]] = ("part", "bias")
    by_cue: ClassVar[tuple[str, ...]] = ("part",)

    def start(self, dice: torch.Generator) -> State:
        """See `Fusion.start`: zero, from where a logistic model finds its one best state."""
        classes = len(self.shape.classes)
        return {"part": torch.zeros(len(self.shape.cues), self.shape.entry, classes), "bias": torch.zeros(classes)}

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        parts = each_cue(entries, state["part"]) * present.unsqueeze(-1)
        spread = (parts - parts.mean(-1, keepdim=True)).detach().abs().sum(-1) + 1e-9 * present
        return parts.sum(-2) + state["bias"].unsqueeze(1), spread / spread.sum(-1, keepdim=True).clamp(min=1e-12)
