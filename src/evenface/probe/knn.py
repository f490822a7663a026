"""The k-NN probe: what the nearest fitted faces are."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from evenface.probe._batch import Batch

_ADDED = 2.0  # faces of the base rates, beside the neighbours
_BLOCK = 512  # new faces at once


def fit_knn(fit: Batch, new: Batch) -> Tensor:
    """Give the evidence (face, level, column) of the k nearest faces, k being the square root of the faces fitted.

    Evidence for a level is the logarithm of how many of the neighbours have it, over how many would by their base
    rates; both with two faces of the base rate added, so that it is finite. The
    neighbours are found once for all columns. Smoothing and k are our own choice.

    Args:
        fit: Faces among which neighbours are looked for.
        new: Faces to score.
    """
    count = max(1, round(len(fit.codes) ** 0.5))
    _, levels, columns = fit.shape
    rates = fit.base.exp()
    found = []
    for start in range(0, len(new.codes), _BLOCK):
        block = new.at(torch.arange(start, min(start + _BLOCK, len(new.codes))))
        near = torch.cdist(block.features, fit.features).topk(count, largest=False).indices
        there = torch.stack([(fit.codes[near] == level).sum(1, dtype=torch.float32) for level in range(levels)], 1)
        of_stratum = functional.one_hot(fit.strata[near], len(rates)).sum(1, dtype=torch.float32)
        expected = (of_stratum @ rates.view(len(rates), -1)).view(-1, levels, columns)
        added = _ADDED * rates[block.strata]
        found.append(((there + added) / (expected + added)).log())
    return torch.cat(found)
