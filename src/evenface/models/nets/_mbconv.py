"""MBConv: the block that mobile nets are built of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from evenface.models.nets.residual import norm


class MBConv(nn.Module):
    """Inverted bottleneck beside a short cut: widen, filter each channel by itself, weigh the channels, narrow.

    Sandler et al., arXiv:1801.04381, with squeeze and excitation and SiLU as in Tan & Le, arXiv:1905.11946. The last
    normalisation starts at 0, so that the block starts as its short cut.
    """

    def __init__(self, width: int, expand: int = 3) -> None:
        super().__init__()
        inner, squeezed = width * expand, max(width // 4, 4)
        self.widen = nn.Sequential(nn.Conv2d(width, inner, 1, bias=False), norm(inner), nn.SiLU())
        self.filter = nn.Sequential(nn.Conv2d(inner, inner, 3, 1, 1, groups=inner, bias=False), norm(inner), nn.SiLU())
        self.weigh = nn.Sequential(nn.Linear(inner, squeezed), nn.SiLU(), nn.Linear(squeezed, inner), nn.Sigmoid())
        self.narrow = nn.Sequential(nn.Conv2d(inner, width, 1, bias=False), norm(width))
        nn.init.zeros_(self.narrow[1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Bring (face, width, row, column) to the same shape."""
        inner: Tensor = self.filter(self.widen(x))
        out: Tensor = x + self.narrow(inner * self.weigh(inner.mean((2, 3)))[:, :, None, None])
        return out


def classifier(latent: int, width: int, blocks: int, dropout: float, classes: int) -> nn.Sequential:
    """Build MBConv blocks that read a spatial latent (face, latent, row, column) into scores (face, class)."""
    body = [nn.Conv2d(latent, width, 1, bias=False), norm(width), nn.SiLU(), *(MBConv(width) for _ in range(blocks))]
    return nn.Sequential(*body, _Mean(), nn.Dropout(dropout), nn.Linear(width, classes))


class _Mean(nn.Module):
    """The mean over rows and columns."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)
