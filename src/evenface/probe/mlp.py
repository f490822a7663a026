"""The MLP probe: a net with one hidden layer for each column of labels, or the linear probe where that is better."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from evenface.probe._batch import Batch, surprise
from evenface.probe.linear import fit_linear

HIDDEN = 64
DROPPED = 0.5  # share of the inputs that is dropped at each step
MOST_FEATURES = 256  # the directions in which features vary most; a wider first layer would only cost time
_STEPS = 120
_RATE = 0.003
_DECAY = 1.0
_AWAY = 4  # one person in four says when to stop
_LOOK = 4  # steps from look to look


def fit_mlp(fit: Batch, new: Batch, generator: torch.Generator) -> Tensor:
    """Train each column's net and give its evidence (face, level, column) on new faces.

    Three fitted persons in four are learnt from, all their faces at each step, by AdamW (Loshchilov and Hutter,
    arXiv:1711.05101) with inputs dropped; of each net the step is kept that is best on the fourth person, each column
    its own. A net starts with no evidence at all. With strata, it is told the stratum. Of many features a net learns
    less than a line does; so the linear probe is fitted to the same three persons, and where it is better on the
    fourth, that of all four is given. Dealt attributes have the same choice, so chance is that of the better of two.

    Args:
        fit: Faces to fit on.
        new: Faces to score.
        generator: Deals persons, and starts the nets.
    """
    rows, seen = _inputs(fit, new)
    persons = int(fit.people.max()) + 1
    away = (torch.randperm(persons, generator=generator) % _AWAY == 0)[fit.people]
    learn, check = fit.at(torch.nonzero(~away)[:, 0]), fit.at(torch.nonzero(away)[:, 0])
    nets = _Nets(rows.shape[1], fit.shape[1], fit.shape[2], generator)
    optimiser = torch.optim.AdamW(nets.parameters, _RATE, weight_decay=_DECAY)
    best = torch.full((fit.codes.shape[1],), torch.inf)
    kept = torch.zeros(new.shape)
    for step in range(_STEPS + 1):
        if step % _LOOK == 0:
            with torch.no_grad():
                loss = surprise(nets(rows[away]), check).mean(0)
                better = loss < best
                best = torch.where(better, loss, best)
                kept = torch.where(better, nets(seen), kept)
        optimiser.zero_grad()
        # The sum over columns: each net has the slope of its own mean loss.
        drop = torch.rand(len(learn.codes), rows.shape[1], generator=generator) >= DROPPED
        torch.autograd.backward(surprise(nets(rows[~away] * drop / (1 - DROPPED)), learn).mean(0).sum())
        optimiser.step()
    straight = surprise(fit_linear(learn, check, generator), check).mean(0) < best
    return torch.where(straight, fit_linear(fit, new, generator), kept)


def _inputs(fit: Batch, new: Batch) -> tuple[Tensor, Tensor]:
    """What the nets read of the faces to fit and to score."""
    rows, seen = fit.features, new.features
    if rows.shape[1] > MOST_FEATURES:
        _, scale, directions = torch.linalg.svd(rows, full_matrices=False)
        directions = directions[:MOST_FEATURES] * (len(rows) ** 0.5 / scale[:1])
        rows, seen = rows @ directions.T, seen @ directions.T
    if int(fit.strata.max()):
        number = int(torch.cat([fit.strata, new.strata]).max()) + 1
        rows, seen = (
            torch.cat([x, functional.one_hot(part.strata, number)], 1) for x, part in ((rows, fit), (seen, new))
        )
    return rows, seen


class _Nets:
    """As many nets as columns; the first layers lie side by side, so that one product serves all."""

    def __init__(self, features: int, levels: int, columns: int, generator: torch.Generator) -> None:
        # All start alike, so that columns differ in their labels only.
        first = torch.randn(features, HIDDEN, 1, generator=generator) * (2 / features) ** 0.5
        self.first = first.expand(-1, -1, columns).permute(2, 0, 1).permute(1, 0, 2).reshape(features, -1)
        self.first = self.first.clone().requires_grad_()
        self.shift = torch.zeros(columns * HIDDEN, requires_grad=True)
        self.second = torch.zeros(columns, HIDDEN, levels, requires_grad=True)
        self.last = torch.zeros(columns, 1, levels, requires_grad=True)
        self.parameters = [self.first, self.shift, self.second, self.last]

    def __call__(self, rows: Tensor) -> Tensor:
        hidden = functional.relu(rows @ self.first + self.shift)
        apart = hidden.view(len(rows), -1, HIDDEN).transpose(0, 1)
        return (apart @ self.second + self.last).permute(1, 2, 0)
