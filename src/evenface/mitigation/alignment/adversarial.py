"""A discriminator that the encoder works against."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from evenface.mitigation.alignment._alignment import AlignmentOptions, View
from evenface.mitigation.alignment._discriminator import Discriminating, DiscriminatorOptions


class AdversarialOptions(DiscriminatorOptions):
    """Settings of `Adversarial`.

    Attributes:
        kind: `adversarial`.
    """

    kind: Literal["adversarial"] = "adversarial"


class Adversarial(Discriminating):
    """A discriminator learns to tell the groups; the encoder makes small what it gains over guessing.

    Adversarial alignment as in Goodfellow et al., arXiv:1406.2661, and Madras et al., arXiv:1802.06309; with the
    expression beside the latent, as in Zhang et al., arXiv:1801.07593. The gain over guessing by base rates, cut at 0,
    is a lower bound of the information in the latent about the attribute, in nats (Barber & Agakov, 2003). That the
    encoder wins nothing beyond 0 is our own: one that is fooled worse than chance is told the attribute too.
    """

    Options: ClassVar[type[AlignmentOptions]] = AdversarialOptions

    def penalty(self, view: View) -> Tensor:
        """Mean gain over the attributes, in nats."""
        gains = [guess - loss for loss, guess in self.losses(view, self.frozen_trunk())]
        return torch.stack(gains).clamp_min(0).mean()
