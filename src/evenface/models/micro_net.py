"""MicroNet: a small 3-D convolutional network that reads a movement of a face, from onset to offset.

It sees a clip in two ways: how each place of the face moved since the first frame, as optical flow over time, and what
the face looks like in the middle of the clip. MicroExpSTCNN (Reddy et al., IJCNN 2019) convolves the grey pixels
themselves, at 66 million multiplications a clip; the flow of 8 frames needs a twentieth of that, and does not depend on
how light a skin is. Our reconstruction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FRAMES, SIZE = 18, 64
"""Frames of a clip, and their width and height in pixels."""
STEPS, GRID = 8, 16
"""Moments at which the flow is taken, and places across and down."""
_WINDOW, _STRIDE = 8, 4  # pixels that one flow vector is the movement of; pixels between two of them
_FLATNESS = 20.0  # squared grey steps: where a window is flatter, its movement is drawn towards 0


def normalised(clips: Tensor) -> Tensor:
    """Bring each clip (clip, frame, row, column) to mean 0 and deviation 32, so that exposure does not matter."""
    mean = clips.mean((1, 2, 3), keepdim=True)
    return (clips - mean) * (32 / clips.std((1, 2, 3), keepdim=True).clamp_min(1.0))


def flow(clips: Tensor) -> Tensor:
    """Give how far each place moved since the first frame but for the head's own movement.

    In each window the shift is found that best explains by least squares how its pixels changed (Lucas & Kanade,
    IJCAI 1981). A movement of the
    whole head is an affine map of the picture; the one that fits the flow best, each window weighing as much as it has
    structure, is subtracted.

    Args:
        clips: (clip, frame, row, column), normalised.

    Returns:
        (clip, 2, moment, row, column): shift to the right and down, in pixels.
    """
    count, frames, size, _ = clips.shape
    at = torch.linspace(0, frames - 1, STEPS + 1).round().long()[1:]
    first, later = clips[:, :1], clips[:, at]
    mean = functional.pad((first + later) / 2, (1, 1, 1, 1), mode="replicate")
    across = (mean[..., 1:-1, 2:] - mean[..., 1:-1, :-2]) / 2
    down = (mean[..., 2:, 1:-1] - mean[..., :-2, 1:-1]) / 2
    change = later - first
    products = (across * across, across * down, down * down, across * change, down * change)
    edge = (_WINDOW - _STRIDE) // 2
    sums = functional.avg_pool2d(
        torch.stack(products, 1).flatten(1, 2), _WINDOW, _STRIDE, edge, count_include_pad=False
    ).view(count, 5, STEPS, size // _STRIDE, size // _STRIDE)
    xx, xy, yy, xt, yt = sums.unbind(1)
    weight = xx + yy
    xx, yy = xx + _FLATNESS, yy + _FLATNESS
    scale = xx * yy - xy * xy
    moved = torch.stack(((xy * yt - yy * xt) / scale, (xy * xt - xx * yt) / scale), 1)
    return _without_head(moved, weight)


def _without_head(moved: Tensor, weight: Tensor) -> Tensor:
    """Subtract the affine movement that fits best."""
    count, _, steps, rows, columns = moved.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, rows), torch.linspace(-1, 1, columns), indexing="ij")
    basis = torch.stack((torch.ones_like(x), x, y), -1).view(1, 1, rows * columns, 3)
    weighed = basis * weight.view(count, steps, -1, 1)
    square = weighed.transpose(2, 3) @ basis + 1e-3 * torch.eye(3)
    target = moved.permute(0, 2, 3, 4, 1).reshape(count, steps, -1, 2)
    fitted = basis @ torch.linalg.solve(square, weighed.transpose(2, 3) @ target)
    return (target - fitted).view(count, steps, rows, columns, 2).permute(0, 4, 1, 2, 3)


class MicroNet(nn.Module):
    """Grey clips to logits; about 40,000 weights."""

    def __init__(self, classes: int, dropout: float = 0.3) -> None:
        """Take the number of classes, and the share of features left out in training."""
        super().__init__()
        self.movement = nn.Sequential(
            nn.Conv3d(2, 16, 3, padding=1, bias=False), nn.BatchNorm3d(16), nn.ReLU(), nn.MaxPool3d(2),
            nn.Conv3d(16, 24, 3, padding=1, bias=False), nn.BatchNorm3d(24), nn.ReLU(), nn.MaxPool3d((2, 1, 1)),
            nn.Conv3d(24, 8, (2, 1, 1), bias=False), nn.BatchNorm3d(8), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.looks = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU(),
            nn.Conv2d(24, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(2 * 8 * 64, classes)

    def forward(self, clips: Tensor) -> Tensor:
        """(clip, 18, 64, 64), normalised, to logits (clip, class)."""
        return self.judged(flow(clips), clips[:, FRAMES // 2, None] / 32)

    def judged(self, moved: Tensor, still: Tensor) -> Tensor:
        """Give logits from flow (clip, 2, moment, row, column) and the middle frame (clip, 1, row, column)."""
        seen = torch.cat((self.movement(moved), self.looks(still)), 1)
        logits: Tensor = self.head(self.drop(seen))
        return logits
