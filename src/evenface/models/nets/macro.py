"""MacroNet as a net that `evenface train` can teach."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from evenface.models.macro_net import MacroNet, normalised
from evenface.models.nets._net import Net, NetOptions

_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601


class MacroOptions(NetOptions):
    """Settings of `Macro`.

    Attributes:
        kind: `macro`.
        widths: Channels of each stage, each at least 8.
        dropout: Share of the latent that is dropped in training, before the head.
    """

    kind: Literal["macro"] = "macro"
    widths: tuple[int, ...] = Field(default=(48, 96, 192), min_length=1)
    dropout: float = Field(default=0.3, ge=0, lt=1)


class Macro(Net):
    """`MacroNet`, our own small net with squeeze and excitation, for any list of classes.

    It sees grey faces, each brought to mean 0 and deviation 1, so colour and exposure do not matter.
    """

    Options: ClassVar[type[NetOptions]] = MacroOptions
    grey: Tensor

    def __init__(self, classes: int, options: MacroOptions) -> None:
        super().__init__()
        self.options, self.classes, self.width = options, classes, options.widths[-1]
        self.body = MacroNet(options.widths, options.dropout).body
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(self.width, classes)
        self.register_buffer("grey", torch.tensor(_GREY).view(1, 3, 1, 1), persistent=False)

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""
        latents: Tensor = self.body(normalised((pixels * self.grey).sum(1, keepdim=True)))
        return latents.mean((2, 3))

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        scores: Tensor = self.head(self.dropout(latents))
        return scores
