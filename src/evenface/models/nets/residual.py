"""A small residual net for faces of 48 to 96 pixels."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from evenface.models.nets._net import Net, NetOptions


class ResidualOptions(NetOptions):
    """Settings of `Residual`.

    Attributes:
        kind: `residual`.
        widths: Channels of each stage; each stage after the first halves rows and columns. Multiples of 32 are fast.
        blocks: Residual blocks of each stage.
        dropout: Share of the latent that is dropped in training, before the head.
        patch: The first stage works on squares of so many pixels a side, whose colours become channels: filters at
            full size take most of the time.
    """

    kind: Literal["residual"] = "residual"
    widths: tuple[int, ...] = Field(default=(32, 64, 128, 192), min_length=1)
    blocks: tuple[int, ...] = Field(default=(1, 1, 2, 1), min_length=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    patch: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _alike(self) -> ResidualOptions:
        if len(self.widths) != len(self.blocks) or min(*self.widths, *self.blocks, 1) < 1:
            raise ValueError(f"widths {self.widths} and blocks {self.blocks} must be as many, each at least 1")
        return self


class Residual(Net):
    """Residual net of basic blocks (He et al., arXiv:1512.03385), narrow and shallow; widths and depths are our own.

    The latent is the mean over rows and columns of the last stage; the head is linear. The last normalisation of each
    block starts at 0, so that the net starts as a shallow one (Goyal et al., arXiv:1706.02677).
    """

    Options: ClassVar[type[NetOptions]] = ResidualOptions
    options: ResidualOptions

    def __init__(self, classes: int, options: ResidualOptions) -> None:
        super().__init__()
        self.options, self.classes, self.width = options, classes, options.widths[-1]
        stages: list[nn.Module] = []
        before = options.widths[0]
        for number, (width, blocks) in enumerate(zip(options.widths, options.blocks, strict=True)):
            for block in range(blocks):
                stages.append(Block(before, width, stride=2 if number and not block else 1))
                before = width
        self.stem = nn.Sequential(
            nn.Conv2d(3 * options.patch**2, options.widths[0], 3, padding=1, bias=False), norm(options.widths[0])
        )
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(self.width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""
        latents: Tensor = self.stages(functional.relu(self.stem(squares((pixels - 0.5) * 4.0, self.options.patch))))
        return latents.mean((2, 3))

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        scores: Tensor = self.head(self.dropout(latents))
        return scores


def squares(pixels: Tensor, side: int) -> Tensor:
    """Make channels of squares of pixels: (face, 3, row, column) to (face, 3 x side², row / side, column / side).

    Where sides are no multiple, the last pixels are repeated.
    """
    if side == 1:
        return pixels
    down, right = (-length % side for length in pixels.shape[2:])
    even = functional.pad(pixels, (0, right, 0, down), mode="replicate") if down or right else pixels
    return functional.pixel_unshuffle(even, side).contiguous(memory_format=torch.channels_last)


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a short cut."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, width, 3, stride, 1, bias=False), norm(width))
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), norm(width))
        nn.init.zeros_(self.second[1].weight)  # type: ignore[arg-type]
        self.short: nn.Module = nn.Identity()
        if stride > 1 or before != width:
            # The mean of each square, not one of its pixels: nothing is thrown away (He et al., arXiv:1812.01187).
            pool = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
            self.short = nn.Sequential(pool, nn.Conv2d(before, width, 1, bias=False), norm(width))

    def forward(self, x: Tensor) -> Tensor:
        """Bring (face, before, row, column) to (face, width, row / stride, column / stride)."""
        out: Tensor = functional.relu(self.second(functional.relu(self.first(x), inplace=True)) + self.short(x))
        return out


def norm(width: int) -> nn.BatchNorm2d:
    """Batch normalisation in float32, whatever the precision around it."""
    return nn.BatchNorm2d(width, dtype=torch.float32)
