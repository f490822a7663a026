"""Augmentation: training faces are changed a little, each time anew, as a batch and on the device of the batch.

Draws come from torch's global generator of the device, which the loop seeds by the number of the step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from evenface.training.settings import AugmentSettings

_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601


def to_pixels(chips: Tensor) -> Tensor:
    """Bring (face, row, column, 3) uint8 to (face, 3, row, column) float32 in [0, 1], channels last in memory."""
    return chips.permute(0, 3, 1, 2).to(torch.float32).mul_(1 / 255)


def augment(pixels: Tensor, settings: AugmentSettings) -> Tensor:
    """Change faces at random: place and mirror, light, colour, sharpness, noise, and a hidden part.

    Args:
        pixels: (face, 3, row, column) in [0, 1].
        settings: How much, and how often.

    Returns:
        The same shape, in [0, 1].
    """
    pixels = _move(pixels, settings)
    if settings.grey:
        weights = torch.tensor(_GREY, device=pixels.device).view(1, 3, 1, 1)
        chosen = _chance(pixels, settings.grey)
        pixels = torch.lerp(pixels, (pixels * weights).sum(1, keepdim=True).expand_as(pixels), chosen)
    if settings.gamma or settings.contrast:
        power = torch.exp(_spread(pixels, settings.gamma))
        factor = 1 + _spread(pixels, settings.contrast)
        pixels = pixels.clamp_min(1e-4).pow(power).mul(factor).add(_spread(pixels, settings.contrast / 2))
    if settings.blur:
        chosen = torch.nonzero(_chance(pixels, settings.blur).view(-1)).view(-1)
        if len(chosen):
            pixels = pixels.clone()
            pixels[chosen] = _blurred(pixels[chosen])
    if settings.noise:
        # Drawn in the order of memory, which is several times as fast as randn_like.
        n, colours, rows, columns = pixels.shape
        noise = torch.randn((n, rows, columns, colours), device=pixels.device).permute(0, 3, 1, 2)
        pixels = torch.addcmul(pixels, noise, _draw(pixels) * settings.noise)
    if settings.erase:
        pixels = torch.where(_hidden(pixels, settings.erase), 0.5, pixels)
    return pixels.clamp_(0, 1).contiguous(memory_format=torch.channels_last)


def _move(pixels: Tensor, settings: AugmentSettings) -> Tensor:
    """Mirror, turn, scale and shift, with one interpolation; what comes in from outside repeats the edge."""
    if not (settings.flip or settings.rotate or settings.scale or settings.shift):
        return pixels
    n = len(pixels)
    angle = _spread(pixels, math.radians(settings.rotate)).view(n)
    factor = 1 / (1 + _spread(pixels, settings.scale).view(n))
    mirror = 1 - 2 * _chance(pixels, settings.flip).view(n)
    cos, sin = torch.cos(angle) * factor, torch.sin(angle) * factor
    # Shares of the width are twice as much on grid_sample's axis from -1 to 1.
    across, down = (_spread(pixels, 2 * settings.shift).view(n) for _ in range(2))
    theta = torch.stack([cos * mirror, -sin, across, sin * mirror, cos, down], 1).view(n, 2, 3)
    grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
    moved = functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)


def _blurred(pixels: Tensor) -> Tensor:
    """The mean over 3 x 3 with binomial weights, as two passes of a mean over 2 x 2."""
    padded = functional.pad(pixels, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(functional.avg_pool2d(padded, 2, 1), 2, 1)


def _hidden(pixels: Tensor, share: float) -> Tensor:
    """(face, 1, row, column): True in a rectangle of 15 to 45 % of the sides, in a share of the faces."""
    rows = torch.linspace(0, 1, pixels.shape[2], device=pixels.device).view(1, 1, -1, 1)
    columns = torch.linspace(0, 1, pixels.shape[3], device=pixels.device).view(1, 1, 1, -1)
    inside = [
        ((place - _draw(pixels)).abs() < 0.075 + 0.15 * _draw(pixels)) for place in (rows, columns)
    ]  # half sides, around a centre anywhere
    return inside[0] & inside[1] & (_chance(pixels, share) > 0)


def _draw(pixels: Tensor) -> Tensor:
    return torch.rand((len(pixels), 1, 1, 1), device=pixels.device)


def _spread(pixels: Tensor, most: float) -> Tensor:
    """One number per face, evenly between -most and most."""
    return (_draw(pixels) * 2 - 1) * most


def _chance(pixels: Tensor, share: float) -> Tensor:
    """1 for a share of the faces, else 0."""
    return (_draw(pixels) < share).to(pixels.dtype)
