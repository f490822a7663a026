"""A discriminator behind a reversal of gradients."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from evenface.mitigation.alignment._alignment import AlignmentOptions, View
from evenface.mitigation.alignment._discriminator import Discriminating, DiscriminatorOptions


class GradientReversalOptions(DiscriminatorOptions):
    """Settings of `GradientReversal`.

    Attributes:
        kind: `gradient_reversal`.
        slope: How soon the reversed gradient grows to its full size: `2 / (1 + exp(-slope * progress)) - 1` of it.
    """

    kind: Literal["gradient_reversal"] = "gradient_reversal"
    slope: float = Field(default=10.0, gt=0)


class GradientReversal(Discriminating):
    """A discriminator trained with the net, by one optimiser, whose gradients change sign on their way to the encoder.

    Ganin et al., arXiv:1505.07818, with its schedule. It wants of the encoder what a discriminator with an optimiser
    of its own does, but goes on when the discriminator is fooled, and takes no second optimiser.
    """

    Options: ClassVar[type[AlignmentOptions]] = GradientReversalOptions
    options: GradientReversalOptions

    def opponent(self) -> Iterator[nn.Parameter]:
        """None: the reversal makes one optimiser do for both sides."""
        return iter(())

    def opposing(self, view: View) -> Tensor:
        """Nothing beside the penalty."""
        return view.latents.new_zeros(())

    def penalty(self, view: View) -> Tensor:
        """Mean cross entropy of the discriminator over the attributes, in nats."""
        size = 2 / (1 + math.exp(-self.options.slope * view.progress)) - 1
        latents: Tensor = _Reversed.apply(view.latents, size)  # type: ignore[no-untyped-call]
        reversed_view = dataclasses.replace(view, latents=latents)
        return torch.stack([loss for loss, _ in self.losses(reversed_view, self.trunk)]).mean()


class _Reversed(torch.autograd.Function):
    """The same numbers; gradients times -size."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: float) -> Tensor:
        ctx.size = size
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return -ctx.size * grads[0], None
