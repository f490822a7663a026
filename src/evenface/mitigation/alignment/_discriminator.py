"""A discriminator: tells from latents of which group faces are. Three alignments differ in what the encoder wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from evenface.mitigation._mitigation import frozen
from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, Known, View


class DiscriminatorOptions(AlignmentOptions):
    """Settings of what has a discriminator.

    Attributes:
        hidden: Width of its two hidden layers.
    """

    hidden: int = Field(default=128, ge=1)


class Trunk(nn.Module):
    """Two hidden layers and a head for each attribute, on latents and, where asked, beside the expression."""

    def __init__(self, known: Known, given: str, hidden: int) -> None:
        super().__init__()
        self.classes = known.classes if given == "expression" else 0
        self.body = nn.Sequential(
            nn.Linear(known.width + self.classes, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, sum(known.levels)),
        )

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Give (face, level of any attribute) scores."""
        if self.classes:
            latents = torch.cat([latents, functional.one_hot(labels, self.classes).to(latents.dtype)], 1)
        scores: Tensor = self.body(latents)
        return scores


class Discriminating(Alignment):
    """What alignments with a discriminator share: the discriminator, its loss, and what guessing would lose."""

    options: DiscriminatorOptions

    def __init__(self, known: Known, options: DiscriminatorOptions) -> None:
        super().__init__(known, options)
        self.trunk = Trunk(known, options.given, options.hidden)
        for i, rates in enumerate(known.base_rates):
            self.register_buffer(f"rates{i}", rates.clamp_min(1e-6).log(), persistent=False)

    def opponent(self) -> Iterator[nn.Parameter]:
        """The discriminator."""
        return self.trunk.parameters()

    def opposing(self, view: View) -> Tensor:
        """Mean cross entropy of the discriminator over the attributes, in nats."""
        return torch.stack([loss for loss, _ in self.losses(view, self.trunk)]).mean()

    def scores(self, view: View, trunk: Callable[..., Tensor]) -> tuple[Tensor, ...]:
        """(face, level) scores of each attribute."""
        return torch.split(trunk(view.latents, view.labels), list(self.known.levels), 1)

    def losses(self, view: View, trunk: Callable[..., Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Mean loss of each attribute, and that of guessing by base rates on the same faces, both in nats."""
        out = []
        for i, scores in enumerate(self.scores(view, trunk)):
            codes, weights = view.codes[:, i].clamp_min(0), self.face_weights(view, i)
            rates: Tensor = getattr(self, f"rates{i}")
            rates = rates[view.labels if self.options.given == "expression" else -1].expand(len(codes), -1)
            each = functional.cross_entropy(scores, codes, reduction="none")
            out.append(((each * weights).sum(), (-rates.gather(1, codes[:, None])[:, 0] * weights).sum()))
        return out

    def face_weights(self, view: View, attribute: int) -> Tensor:
        """(face,) that sum to one over the faces whose level is known; all 0 where none is."""
        weights = (view.codes[:, attribute] >= 0).to(view.latents.dtype)
        if self.options.given == "independence":
            weights = weights * view.weights[:, attribute]
        return weights / weights.sum().clamp_min(1e-9)

    def frozen_trunk(self) -> Callable[..., Tensor]:
        """The discriminator, for gradients that pass through it into latents only."""
        return frozen(self.trunk)
