"""MacroNet: a small residual network that reads an expression from one grey face of 48 x 48 pixels."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

CLASSES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")
"""What the logits stand for: FER+'s eight expressions in FER+'s order."""


def normalised(images: torch.Tensor) -> torch.Tensor:
    """Bring each face (face, 1, row, column) to mean 0 and deviation 1, so that exposure does not matter."""
    mean = images.mean((1, 2, 3), keepdim=True)
    return (images - mean) / images.std((1, 2, 3), keepdim=True).clamp_min(1e-3)


class _Block(nn.Module):
    """Two convolutions, channels weighed by a squeeze and excitation (Hu et al., CVPR 2018), and a way round."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.squeeze = nn.Linear(outside, outside // 8)
        self.excite = nn.Linear(outside // 8, outside)
        self.around = nn.Conv2d(inside, outside, 1, stride, bias=False) if (inside, stride) != (outside, 1) else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(y.mean((2, 3))))))
        return functional.relu(y * gate[:, :, None, None] + (x if self.around is None else self.around(x)))


class MacroNet(nn.Module):
    """Grey faces to eight logits, in the order of `CLASSES`; about 1.6 million weights."""

    def __init__(self, widths: tuple[int, ...] = (48, 96, 192), dropout: float = 0.3) -> None:
        """Take the width of each stage; a stage has two blocks, and each but the first halves the picture."""
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, 32, 3, 1, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        inside = 32
        for number, width in enumerate(widths):
            layers += [_Block(inside, width, 2 if number else 1), _Block(width, width, 1)]
            inside = width
        self.body = nn.Sequential(*layers)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(inside, len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(face, 1, 48, 48), normalised, to logits (face, 8)."""
        return self.head(self.drop(self.body(x).mean((2, 3))))
