"""The multi-cue attention model of Lukac et al., Scientific Reports 13:8414 (2023).

Theirs: attention over the outputs of the cues, then an MLP of three hidden layers of 10 with ReLU, learning rate
0.001. Where the attention enters is not said. Our reconstruction: all outputs side by side give one score per cue; the
softmax of the scores multiplies the outputs of each cue (times the number of cues, so that even attention changes
nothing); what was so weighted goes to the MLP side by side. A cue that is not there has attention zero. Batches and
steps are ours.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from evenface.fusion.kinds._fusion import Fusion, FusionOptions, State, each_cue, masked_softmax, normal


class McamPaperOptions(FusionOptions):
    """Settings of `mcam_paper`; `hidden` and `layers` are of the MLP, 10 and 3 in the paper."""

    rate: float = Field(default=0.001, gt=0)
    steps: int = Field(default=1000, ge=1)
    batch: int = Field(default=32, ge=2)
    weight_decay: float = Field(default=0.0, ge=0)
    hidden: int = Field(default=10, ge=1)
    layers: int = Field(default=3, ge=1)


class McamPaper(Fusion):
    """Attention weighs the outputs of the cues, then an MLP reads them (Lukac et al., 2023; our reconstruction)."""

    Options: ClassVar[type[FusionOptions]] = McamPaperOptions
    own: ClassVar[tuple[str, ...]] = ("out", "out_bias")
    by_cue: ClassVar[tuple[str, ...]] = ("attention", "layer0")
    options: McamPaperOptions

    def start(self, dice: torch.Generator) -> State:
        """See `Fusion.start`; normal numbers of variance 2 / inputs (He et al., arXiv:1502.01852)."""
        cues, entry, hidden = len(self.shape.cues), self.shape.entry, self.options.hidden
        sd, first = (2 / hidden) ** 0.5, (2 / (cues * entry)) ** 0.5
        state = {"attention": normal(dice, cues, entry, cues, sd=0.1 * first), "attention_bias": torch.zeros(cues)}
        state |= {"layer0": normal(dice, cues, entry, hidden, sd=first), "bias0": torch.zeros(hidden)}
        for i in range(1, self.options.layers):
            state |= {f"layer{i}": normal(dice, hidden, hidden, sd=sd), f"bias{i}": torch.zeros(hidden)}
        classes = len(self.shape.classes)
        return state | {"out": normal(dice, hidden, classes, sd=sd), "out_bias": torch.zeros(classes)}

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`; `confidence` is not looked at, as in the paper."""
        asked = torch.einsum("mfqs,mfq->mfs", each_cue(entries, state["attention"]), present)
        weights = masked_softmax(asked + state["attention_bias"].unsqueeze(1), present)
        # The first layer is linear: weighing what each cue brings to it is weighing the cue's outputs.
        hidden = torch.einsum("mfqh,mfq->mfh", each_cue(entries, state["layer0"]), weights * len(self.shape.cues))
        hidden = torch.relu(hidden + state["bias0"].unsqueeze(1))
        for i in range(1, self.options.layers):
            hidden = torch.relu(torch.baddbmm(state[f"bias{i}"].unsqueeze(1), hidden, state[f"layer{i}"]))
        return torch.baddbmm(state["out_bias"].unsqueeze(1), hidden, state["out"]), weights
