"""Description length: how many bits it takes to send an attribute to somebody who has the features.

The online code of Voita and Titov (arXiv:2003.12298): each block of faces is sent by a probe fitted to the blocks
before. So it counts what a leak is worth together with how hard it is to learn, and needs no part to score on.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from evenface.probe._batch import surprise, two_parts
from evenface.probe.linear import PENALTIES, along_path

#: Shares of the persons after which the probe is fitted anew.
TIMES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)


def online_code(
    features: Tensor, codes: Tensor, people: Tensor, strata: Tensor, levels: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Lengths in bits (column,) of the online code with and without features, both without the first block.

    The first block costs the same with and without features. The penalty is not chosen: the code is the mixture over
    all penalties and over "no evidence", which costs at most log2 of their number above the best (our choice, instead
    of Voita and Titov's validation part).

    Args:
        features: (face, feature).
        codes: (face, column) index of the level.
        people: (face,) index of the person; a person is in one block.
        strata: (face,) index of the stratum.
        levels: How many there are.
        generator: Brings persons into an order.
    """
    persons = int(people.max()) + 1
    place = torch.randperm(persons, generator=generator)[people].to(torch.float64) / persons
    lengths = torch.zeros(len(PENALTIES) + 1, codes.shape[1], dtype=torch.float64)
    for start, end in pairwise(TIMES):
        rows = torch.nonzero(place < end)[:, 0]
        fit = place[rows] < start
        if not fit.any() or fit.all():
            continue
        seen, block = two_parts(features[rows], codes[rows], people[rows], strata[rows], fit, levels)
        lengths[-1] += surprise(torch.zeros(block.shape), block).sum(0)
        for at, evidence in enumerate(along_path(seen, block)):
            lengths[at] += surprise(evidence, block).sum(0)
    nats = -lengths * torch.log(torch.tensor(2.0, dtype=torch.float64))
    mixed = torch.logsumexp(nats, 0) - torch.log(torch.tensor(float(len(lengths))))
    return mixed / -torch.log(torch.tensor(2.0, dtype=torch.float64)), lengths[-1]
