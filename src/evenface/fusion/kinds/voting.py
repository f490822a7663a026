"""Voting: each cue has one vote, for its likeliest class; the mean probability decides among equals."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, State, even

_TIE = 0.01  # how much the mean probability counts beside the share of votes: less than one vote among many


class Voting(Fusion):
    """The class that most cues find likeliest (majority vote of Kittler et al., 1998); nothing is learnt."""

    learns: ClassVar[bool] = False
    on_answers: ClassVar[bool] = True

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        weights = even(present)
        chances = torch.softmax(entries[..., : len(self.shape.classes)], -1)
        votes = (chances == chances.amax(-1, keepdim=True)).to(chances.dtype)
        shares = torch.einsum("fqc,mfq->mfc", (1 - _TIE) * votes + _TIE * chances, weights)
        return shares.clamp(min=1e-9).log(), weights
