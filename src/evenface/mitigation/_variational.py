"""Parts of latent alignment beside the alignments: what is read, drawing, divergence, swaps, base rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from evenface.mitigation._mitigation import Reading, Task, TrainStep


@dataclass(frozen=True, slots=True)
class Twice(Reading):
    """What a net makes of a batch, and of the same faces shown with other attributes.

    Attributes:
        other: Of the faces as shown; None: not asked for.
    """

    other: Reading | None = None


@dataclass(frozen=True, slots=True)
class Drawn(Twice):
    """What a variational net makes of a batch.

    Attributes:
        log_variance: (face, latent); `latents` are the means.
        pictures: (face, 3, row, column) drawn from a sample of the latent.
    """

    log_variance: Tensor | None = None
    pictures: Tensor | None = None


def other_levels(told: Tensor, seen: Sequence[Tensor]) -> Tensor:
    """Draw another level of each attribute for each face, of those that training faces have.

    An attribute that is not known (-1) stays so.

    Args:
        told: (face, attribute) levels.
        seen: For each attribute, the levels that training faces have, in order.
    """
    other = told.clone()
    for i, levels in enumerate(seen):
        place = torch.searchsorted(levels, told[:, i].contiguous())
        steps = torch.randint(1, len(levels), place.shape, device=told.device)
        other[:, i] = torch.where(told[:, i] >= 0, levels[(place + steps) % len(levels)], -1)
    return other


def without_levels(latents: Tensor, told: Tensor) -> Tensor:
    """Latents less the mean of the faces of their level, plus the mean of all, attribute by attribute.

    A decoder that is taught with these cannot take from the latent what it is told, as far as that is linear.

    Args:
        latents: (face, latent).
        told: (face, attribute) level, -1 where not known: such faces are left as they are.
    """
    for levels in told.T:
        same = (levels[:, None] == levels).to(latents.dtype)
        there = (levels >= 0)[:, None]
        means = same @ latents / same.sum(1, keepdim=True)
        overall = (latents * there).sum(0) / there.sum().clamp_min(1)
        latents = torch.where(there, latents - means + overall, latents)
    return latents


def unlike(reading: Reading, other: Reading, step: TrainStep) -> Tensor:
    """How differently faces are read with other attributes: cross entropy, and distance of latents by their spread."""
    loss = -(step.targets * functional.log_softmax(other.logits, 1)).sum(1).mean()
    before = reading.latents.detach()
    moved = (other.latents.float() - before).square().mean() / (before - before.mean(0)).square().mean().clamp_min(1e-6)
    return loss + moved


def unexplained(pictures: Tensor, pixels: Tensor) -> Tensor:
    """Squared error of drawn faces as a share of their variance: 1 for drawing the mean face of the batch."""
    pixels = pixels.float()
    if pixels.shape[2:] != pictures.shape[2:]:
        size = list(pictures.shape[2:])
        pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    return (pictures - pixels).square().mean() / (pixels - pixels.mean(0)).square().mean().clamp_min(1e-6)


def divergence(mean: Tensor, log_variance: Tensor, channels: int) -> Tensor:
    """(channel,) divergence of the latent from a standard normal one, in nats per number."""
    each = (mean.square() + log_variance.exp() - log_variance - 1) / 2
    return each.mean(0).view(channels, -1).mean(1)


def base_rate_shift(task: Task) -> Tensor:
    """(group, class) log share of the class in the group over its share in all; the last row, of no group, is 0."""
    overall = np.bincount(task.labels, minlength=len(task.classes)) / max(len(task.labels), 1)
    counts = task.counts()
    # One face of mean expressions is added, so that an expression a group lacks is rare and not impossible.
    rates = (counts + overall) / (counts.sum(1, keepdims=True) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(overall > 0, np.log(rates / overall), 0.0)
    return torch.from_numpy(np.vstack([shift, np.zeros_like(overall)[None]]).astype(np.float32))
