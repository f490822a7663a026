"""Readers: small nets that read who is shown from latents, for methods with an adversary or with branches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Readers(nn.Module):
    """One small net for each attribute, with one hidden layer.

    Args:
        width: Length of what is read.
        levels: How many scores each attribute has.
        hidden: Width of the hidden layers.
    """

    def __init__(self, width: int, levels: Sequence[int], hidden: int) -> None:
        super().__init__()
        self._levels = list(levels)
        self.hidden = nn.Linear(width, hidden * len(self._levels))
        self.last = nn.ModuleList(nn.Linear(hidden, n) for n in self._levels)

    def forward(self, latents: Tensor) -> Tensor:
        """Give the scores of all attributes, beside each other: (face, levels of all)."""
        each = functional.relu(self.hidden(latents)).chunk(len(self._levels), 1)
        return torch.cat([last(x) for last, x in zip(self.last, each, strict=True)], 1).float()

    def losses(self, scores: Tensor, attributes: Tensor) -> Tensor:
        """Give the mean cross entropy in nats of each attribute, (attribute,), over faces where it is known; else 0.

        Args:
            scores: What `forward` gave.
            attributes: (face, attribute) index into the levels, -1 where not known.
        """
        sums = [
            functional.cross_entropy(each, codes, ignore_index=-1, reduction="sum")
            for each, codes in zip(torch.split(scores, self._levels, 1), attributes.T, strict=True)
        ]
        return torch.stack(sums) / (attributes >= 0).sum(0).clamp_min(1)

    def confusion(self, scores: Tensor) -> Tensor:
        """Give for each attribute, (attribute,), how far scores are from uniform: Kullback-Leibler in nats, a mean."""
        parts = torch.split(scores, self._levels, 1)
        return torch.stack([-each.log_softmax(1).mean() - math.log(each.shape[1]) for each in parts])
