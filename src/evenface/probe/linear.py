"""The linear probe: logistic regression, its L2 penalty chosen by cross-validation inside the fitted part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from evenface.probe._batch import Batch, surprise

#: Weights of half the squared length of the coefficients beside the mean log loss, on standardised features.
PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
_STEPS = 16  # at each penalty, from the solution of the one before
_INNER = 3


def fit_linear(fit: Batch, new: Batch, generator: torch.Generator) -> Tensor:
    """Fit each column's logistic regression and give its evidence (face, level, column) on new faces.

    Args:
        fit: Faces to fit on.
        new: Faces to score.
        generator: Deals persons to the inner parts.
    """
    turned, back = _turned(fit.features)
    basis, squares = replace(fit, features=turned), turned.square().sum(0)
    best = _losses(basis, squares, generator).argmin(0)
    chosen = torch.zeros(new.shape)
    for place, evidence in enumerate(_evidence(basis, squares, replace(new, features=new.features @ back))):
        chosen = torch.where(best == place, evidence, chosen)
    return chosen


def along_path(fit: Batch, new: Batch) -> Iterator[Tensor]:
    """Yield the evidence (face, level, column) on new faces for each penalty of `PENALTIES`."""
    turned, back = _turned(fit.features)
    basis = replace(fit, features=turned)
    yield from _evidence(basis, turned.square().sum(0), replace(new, features=new.features @ back))


def _evidence(basis: Batch, squares: Tensor, new: Batch) -> Iterator[Tensor]:
    seen = _with_one(new.features)
    for weights in _path(basis, squares):
        yield (seen @ weights.view(len(weights), -1)).view(new.shape)


def _turned(features: Tensor) -> tuple[Tensor, Tensor]:
    """Features in the directions in which they vary, uncorrelated, and the matrix that turns to them.

    A penalty on length does not see the turn; the directions are found once, for all columns and penalties.
    """
    _, scale, directions = torch.linalg.svd(features, full_matrices=False)
    kept = directions[scale > 1e-4 * scale.max().clamp(min=1e-30)]
    return features @ kept.T, kept.T


def _with_one(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1)], 1)


def _losses(basis: Batch, squares: Tensor, generator: torch.Generator) -> Tensor:
    """Log loss (penalty, column) on inner parts, dealt by person."""
    persons = int(basis.people.max()) + 1
    part = (torch.randperm(persons, generator=generator) % _INNER)[basis.people]
    total = torch.zeros(len(PENALTIES), basis.codes.shape[1])
    for inner in range(_INNER):
        away = basis.at(torch.nonzero(part == inner)[:, 0])
        rest = basis.at(torch.nonzero(part != inner)[:, 0])
        for place, evidence in enumerate(_evidence(rest, squares, away)):
            total[place] += surprise(evidence, away).sum(0)
    return total


def _path(batch: Batch, squares: Tensor) -> Iterator[Tensor]:
    """Yield the coefficients (feature and 1, level, column) for each penalty, from strong to weak.

    Each step minimises a quadratic that lies above the loss (Böhning, Ann. Inst. Statist. Math. 44, 1992). It is
    the same for all columns of labels, since it depends on the features alone. Momentum speeds it up (Nesterov).

    Args:
        batch: Faces, or some of them, in the directions that `_turned` gives for all.
        squares: (feature,) sum of squares over all of them. Features are uncorrelated over all faces, so the matrix
            with these on its diagonal lies above that of any part.
    """
    seen = _with_one(batch.features)
    (faces, levels, columns), offset = batch.shape, batch.offset
    bound = torch.cat([squares, torch.ones(1) * faces]) / faces / 2
    shrunk = torch.ones(seen.shape[1])
    shrunk[-1] = 0.0  # the intercept is free
    weights = torch.zeros(seen.shape[1], levels, columns)
    target = torch.zeros(batch.shape).scatter_(1, batch.codes[:, None], 1.0)
    for penalty in PENALTIES:
        ahead, momentum = weights, 1.0
        step = (1 / (bound + penalty * shrunk))[:, None, None]
        for _ in range(_STEPS):
            scores = (seen @ ahead.view(seen.shape[1], -1)).view(faces, levels, columns) + offset
            excess = torch.softmax(scores, 1) - target
            slope = (seen.T @ excess.view(faces, -1)).view_as(ahead) / faces + penalty * shrunk[:, None, None] * ahead
            moved = ahead - step * slope
            following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = moved + (momentum - 1) / following * (moved - weights)
            weights, momentum = moved, following
        yield weights
