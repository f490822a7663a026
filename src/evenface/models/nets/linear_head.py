"""A new linear head on a net that is there."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from evenface.models.nets._wrapper import Wrapper, WrapperOptions


class LinearHeadOptions(WrapperOptions):
    """Settings of `LinearHead`.

    Attributes:
        kind: `linear_head`.
    """

    kind: Literal["linear_head"] = "linear_head"


class LinearHead(Wrapper):
    """The latent of the net inside, read by a linear head of its own: our own form for heads fitted after training.

    The head inside stays where it is, and is not asked.
    """

    Options: ClassVar[type[WrapperOptions]] = LinearHeadOptions

    def __init__(self, classes: int, options: LinearHeadOptions) -> None:
        super().__init__(classes, options)
        self.head = nn.Linear(self.width, classes)

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        scores: Tensor = self.head(latents)
        return scores
