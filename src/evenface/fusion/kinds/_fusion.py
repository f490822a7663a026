"""Fusion: what the cues say of each face goes in; scores per class and a weight per cue come out.

Axes: model, face, cue, entry, class. What a cue says of a face enters as `entry` numbers: either the answers of its
detector (centred log probabilities, one for each class, in the first places) or components of its channels; the rest
is zero. A fusion is written for many models at once that see the same faces, each with weights and cues of its own:
hundreds of small models trained together cost little more than one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from evenface.core.config import Settings

State = dict[str, Tensor]


class FusionOptions(Settings):
    """How a fusion is trained; each fusion adds settings of its own.

    Attributes:
        rate: Learning rate of Adam.
        steps: Steps of training.
        batch: Faces in a step.
        weight_decay: Each step draws weights towards zero by this share of the rate.
        cue_dropout: Chance that a cue is hidden from a face in a step; one cue always stays.
    """

    rate: float = Field(default=0.005, gt=0)
    steps: int = Field(default=400, ge=1)
    batch: int = Field(default=64, ge=2)
    weight_decay: float = Field(default=0.01, ge=0)
    cue_dropout: float = Field(default=0.0, ge=0, lt=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """What enters a fusion.

    Attributes:
        cues: Names, in the order of the axis.
        entry: Length of the axis entry; at least the number of classes.
        classes: Names of the expressions, in the order of the answers.
        answers: For each cue, whether it enters as answers (otherwise as components of its channels).
    """

    cues: tuple[str, ...]
    entry: int
    classes: tuple[str, ...]
    answers: tuple[bool, ...]


class Fusion(ABC):
    """One way to make one answer of many cues.

    Attributes:
        Options: Its settings, a subclass of `FusionOptions`.
        learns: Whether it has weights that training moves.
        on_answers: Whether every cue must enter as answers.
        own: Names of the weights that each region keeps for itself, where regions have heads of their own.
        by_cue: Names of the weights whose first axis is the cue: its branch.
    """

    Options: ClassVar[type[FusionOptions]] = FusionOptions
    learns: ClassVar[bool] = True
    on_answers: ClassVar[bool] = False
    own: ClassVar[tuple[str, ...]] = ()
    by_cue: ClassVar[tuple[str, ...]] = ()

    def __init__(self, shape: Shape, options: FusionOptions) -> None:
        self.shape, self.options = shape, options

    def start(self, dice: torch.Generator) -> State:
        """Draw the weights of one model before training; without weights, nothing."""
        return {}

    @abstractmethod
    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Read faces with all models.

        Args:
            state: Name -> (model, …) weights.
            entries: (face, cue, entry).
            confidence: (face, cue) in [0, 1].
            present: (model, face, cue) float, 1 where the model has the cue. What the other inputs hold where it is 0
                must not matter. What comes out for a face with no cue is not used.

        Returns:
            (model, face, class) scores, not normalised, and (model, face, cue) weights: at least 0, 0 where the cue is
            not present, and sum to one.
        """


def each_cue(entries: Tensor, weights: Tensor) -> Tensor:
    """Multiply the entries of each cue by its own matrix.

    Args:
        entries: (face, cue, entry).
        weights: (model, cue, entry, n).

    Returns:
        (model, face, cue, n).
    """
    return torch.einsum("fqe,mqen->mfqn", entries, weights)


def masked_softmax(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over the last axis among what is present; all zero where nothing is."""
    return torch.softmax(scores + (present - 1) * 1e9, -1) * present


def even(present: Tensor) -> Tensor:
    """Give the same weight to each cue that is present."""
    return present / present.sum(-1, keepdim=True).clamp(min=1)


def normal(dice: torch.Generator, *shape: int, sd: float) -> Tensor:
    """Draw normal numbers of mean zero."""
    return torch.randn(shape, generator=dice) * sd
