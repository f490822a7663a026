"""AttributesNet: from one face to gender, race and age band as FairFace's annotators would name them."""

from __future__ import annotations

from torch import Tensor, nn

from evenface.models.attributes import LEVELS
from evenface.models.efficientnet_lite import EfficientNetLite


class AttributesNet(nn.Module):
    """EfficientNet-Lite0 whose last features are averaged over the picture and read by one linear layer."""

    def __init__(self, dropped: float = 0.0, dropout: float = 0.0) -> None:
        """Take the shares that are left out in training: blocks, see `EfficientNetLite`, and features."""
        super().__init__()
        self.body = EfficientNetLite(dropped)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(1280, sum(map(len, LEVELS.values())))

    def forward(self, pixels: Tensor) -> Tensor:
        """Faces (face, 3, row, column), RGB in [0, 1], to scores (face, 2 + 7 + 9), one attribute after the other."""
        scores: Tensor = self.head(self.dropout(self.body(pixels).mean((2, 3))))
        return scores
