"""Gated: each cue gives evidence for each class, and each face decides anew how much each cue counts. Ours.

The scores are a weighted mean of evidence (a logarithmic opinion pool with weights that depend on the face). A cue that
is not there has no part in it, so a face without a clip needs no stand-in. Cue dropout teaches every cue to do without
the others. Evidence starts as the cue's own answer and is learnt as a change to it, so few faces suffice.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, FusionOptions, State, each_cue, even, masked_softmax, normal


class GatedOptions(FusionOptions):
    """Settings of `gated`; `hidden` numbers per cue decide its gate."""

    cue_dropout: float = Field(default=0.2, ge=0, lt=1)
    hidden: int = Field(default=6, ge=1)


class Gated(Fusion):
    """A mean of the cues' evidence, weighted by gates that look at the face; our own definition."""

    Options: ClassVar[type[FusionOptions]] = GatedOptions
    own: ClassVar[tuple[str, ...]] = ("change", "bias", "gate", "trust", "sharpness")
    by_cue: ClassVar[tuple[str, ...]] = ("change", "bias", "look", "gate", "trust")
    options: GatedOptions

    def start(self, dice: torch.Generator) -> State:
        """See `Fusion.start`: evidence is each cue's own answer, gates are even."""
        cues, entry, classes = len(self.shape.cues), self.shape.entry, len(self.shape.classes)
        hidden = self.options.hidden
        return {
            "change": normal(dice, cues, entry, classes, sd=0.01),
            "bias": torch.zeros(cues, classes),
            "look": normal(dice, cues, entry, hidden, sd=entry**-0.5),
            "gate": normal(dice, cues, 2 * hidden, sd=0.01),
            "trust": torch.zeros(cues, 2),
            "sharpness": torch.full((1,), 0.5),
        }

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        classes, hidden = len(self.shape.classes), self.options.hidden
        both = each_cue(entries, torch.cat([state["change"], state["look"]], -1))
        own = entries[..., :classes] * torch.tensor(self.shape.answers, dtype=entries.dtype)[:, None]
        evidence = both[..., :classes] + own + state["bias"].unsqueeze(1)
        seen = torch.tanh(both[..., classes:])
        around = torch.einsum("mfqh,mfq->mfh", seen, even(present))
        gate, trust = state["gate"], state["trust"].unsqueeze(1)
        scores = torch.einsum("mfqh,mqh->mfq", seen, gate[..., :hidden])
        scores = scores + torch.einsum("mfh,mqh->mfq", around, gate[..., hidden:])
        weights = masked_softmax(scores + confidence * trust[..., 0] + trust[..., 1], present)
        return state["sharpness"].exp().unsqueeze(1) * torch.einsum("mfqc,mfq->mfc", evidence, weights), weights
