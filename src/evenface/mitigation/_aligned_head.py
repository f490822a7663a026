"""A linear head fitted to the latents of all faces, whose scores are to say nothing of the attributes."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from evenface.mitigation._mitigation import Answers, Batch
from evenface.mitigation.alignment._alignment import Alignment
from evenface.mitigation.alignment._known import Base
from evenface.mitigation.reweight import alike

_STEPS, _FACES, _RATE, _PENALTY = 100, 512, 0.02, 0.01
_FIELDS = ("labels", "groups", "attributes", "values")  # what an alignment sees of a batch


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """What a head is fitted for, beside the labels.

    Attributes:
        term: Alignment of the scores with the attributes.
        base: Brings faces to what the term sees.
        weight: Of the term, beside a cross entropy in nats.
        shift: (group, class) added to scores in the fit alone; the last row is for faces of no known group.
    """

    term: Alignment
    base: Base
    weight: float
    shift: Tensor


def fit_head(head: nn.Linear, found: Answers, latents: NDArray[np.float64], aim: Aim) -> None:
    """Change a linear head, from what it is, to one fitted by cross entropy, a squared penalty and an alignment.

    Ours. In the cross entropy groups count alike, and faces of no known group as the mean face does. A step takes up to
    512 faces by lot: dependence is measured far better in them than in a batch of training, and 100 steps cost the same
    however many faces there are. Latents are brought to mean 0 and deviation 1 for the penalty, which is 0.01 times the
    squared coefficients.

    Args:
        head: What is changed.
        found: Of the faces: labels, groups, attributes.
        latents: (face, latent) that the head is to read.
        aim: What it is fitted for.
    """
    device = head.weight.device
    faces, z = _batch(found, device), torch.from_numpy(latents).to(device, torch.float32)
    mean, deviation = z.mean(0), z.std(0, correction=0).clamp_min(1e-6)
    z = (z - mean) / deviation
    shift, weights = aim.shift.to(device)[faces.groups], torch.from_numpy(alike(found.groups)).to(z)
    with torch.no_grad():
        rows, offsets = head.weight * deviation, head.bias + head.weight @ mean
    optimiser = Adam([rows.requires_grad_(), offsets.requires_grad_()], lr=_RATE)
    schedule, lot = CosineAnnealingLR(optimiser, _STEPS), torch.Generator().manual_seed(0)
    for _ in range(_STEPS):
        at = torch.randperm(len(z), generator=lot)[:_FACES].to(device)
        scores = z[at] @ rows.T + offsets
        losses = functional.cross_entropy(scores + shift[at], faces.labels[at], reduction="none")
        loss = (losses * weights[at]).mean() + _PENALTY * rows.square().sum()
        loss = loss + aim.weight * aim.term.penalty(aim.base.view(_few(faces, at), at_one_scale(scores)))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        head.weight.copy_(rows / deviation)
        head.bias.copy_(offsets - head.weight @ mean)


def at_one_scale(numbers: Tensor) -> Tensor:
    """Bring columns of (face, number) to mean 0 and deviation 1: else what is told in small variance is overlooked."""
    return (numbers - numbers.mean(0)) / numbers.var(0, correction=0).add(1e-6).sqrt()


def _batch(found: Answers, device: torch.device) -> Batch:
    """All faces as one batch; of their pixels there are none."""
    known = {name: torch.from_numpy(getattr(found, name)).to(device) for name in _FIELDS}
    none = torch.zeros(0, device=device)
    return Batch(pixels=none, targets=none, faces=none, step=0, steps=1, **known)


def _few(batch: Batch, at: Tensor) -> Batch:
    return dataclasses.replace(batch, **{name: getattr(batch, name)[at] for name in _FIELDS})
