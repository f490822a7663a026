"""Best single: the answer of the one cue that reads the faces it was adapted to best, as its detector gives it."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, State, masked_softmax


class BestSingle(Fusion):
    """The answer of the cue that is best on training and validation faces; of the next best where it is not there.

    Our own definition of the rival that a fusion must beat. `merit` is measured, not trained: `Many.fit` sets it to the
    accuracy of each cue.
    """

    learns: ClassVar[bool] = False
    on_answers: ClassVar[bool] = True

    def start(self, dice: torch.Generator) -> State:
        """See `Fusion.start`."""
        return {"merit": torch.zeros(len(self.shape.cues))}

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        order = -1e-6 * torch.arange(len(self.shape.cues))  # among equals the first is taken
        steep = (state["merit"] + order).unsqueeze(1) * 1e8
        weights = masked_softmax(steep.expand_as(present), present)
        return torch.einsum("fqc,mfq->mfc", entries[..., : len(self.shape.classes)], weights), weights
