"""Mean: the average of the cues' probabilities. Of one cue alone, it is that cue's detector."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, State, even


class Mean(Fusion):
    """The mean of the probabilities of all cues present (sum rule of Kittler et al., 1998); nothing is learnt."""

    learns: ClassVar[bool] = False
    on_answers: ClassVar[bool] = True

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        weights = even(present)
        chances = torch.softmax(entries[..., : len(self.shape.classes)], -1)
        return torch.einsum("fqc,mfq->mfc", chances, weights).clamp(min=1e-9).log(), weights
