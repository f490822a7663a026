"""AttributesNet: from one face to gender, race and age band as FairFace's annotators would name them; one of two nets.

The body is dlib's net of faces (Davis King, 2017; a ResNet of 29 layers, He et al., arXiv:1512.03385, with half the
filters), its normalisations folded into the convolutions. Convolutions of stride 2 add no rows or columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenface.models.attributes import LEVELS
from evenface.models.attributes_graph import HALVING, MEAN

WIDTHS = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
"""Channels of each block."""


class _Block(nn.Module):
    """Two convolutions and a way around them; what the way around lacks of channels, or the other of lines, is 0."""

    def __init__(self, inside: int, outside: int, halves: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, 2 if halves else 1, 0 if halves else 1)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1)
        self.halves, self.more = halves, outside - inside

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(functional.relu(self.first(x), inplace=True))
        if self.halves:
            x = functional.avg_pool2d(x, 2)
            down, across = (there - here for there, here in zip(x.shape[2:], y.shape[2:], strict=True))
            y = functional.pad(y, (0, across, 0, down))
            x = functional.pad(x, (0, 0, 0, 0, 0, self.more))
        return functional.relu(y + x, inplace=True)


class Body(nn.Module):
    """Dlib's net without its last layer: faces (face, 3, row, column), less `MEAN` and over 256, to 256 features."""

    def __init__(self) -> None:
        """Build the net with weights at random."""
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0], 7, 2)
        inner = (WIDTHS[0], *WIDTHS)
        self.blocks = nn.ModuleList(_Block(inner[n], WIDTHS[n], n in HALVING) for n in range(len(WIDTHS)))

    def forward(self, pixels: Tensor) -> Tensor:
        """Give the features (face, 256)."""
        x = functional.max_pool2d(functional.relu(self.stem(pixels), inplace=True), 3, 2)
        for block in self.blocks:
            x = block(x)
        return x.mean((2, 3))


class AttributesNet(nn.Module):
    """Dlib's body, and one linear layer that reads its features."""

    mean: Tensor

    def __init__(self, dropout: float = 0.0) -> None:
        """Build the net with weights at random; `dropout` is the share of features that is left out in training."""
        super().__init__()
        self.body = Body()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(WIDTHS[-1], sum(map(len, LEVELS.values())))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Faces (face, 3, row, column), RGB in [0, 1], to scores (face, 2 + 7 + 9), one attribute after the other."""
        scores: Tensor = self.head(self.dropout(self.body((pixels * 255 - self.mean) / 256)))
        return scores
