"""Distances and kernels between all faces of a batch, at the scale of that batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def squared_distances(x: Tensor) -> Tensor:
    """(face, face) squared Euclidean distances of (face, latent)."""
    centred = x - x.mean(0).detach()  # nearer to 0, so that less is lost in the difference
    squares = centred.square().sum(1)
    return (squares[:, None] + squares[None, :] - 2 * centred @ centred.T).clamp_min(0)


def typical(distances: Tensor) -> Tensor:
    """The median between different faces, without gradient: scaled by it, latents cannot escape by growing small."""
    n = len(distances)
    apart = ~torch.eye(n, dtype=torch.bool, device=distances.device)
    return distances.detach()[apart].median().clamp_min(1e-12) if n > 1 else distances.new_ones(())


def gaussians(squared: Tensor, scales: Sequence[float]) -> Tensor:
    """(face, face) mean of Gaussian kernels whose squared widths are multiples of the typical squared distance."""
    scaled = squared / typical(squared)
    return torch.stack([torch.exp(-scaled / scale) for scale in scales]).mean(0)
