"""A latent from which directions are taken out."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from evenface.models.nets._wrapper import Wrapper, WrapperOptions


class ErasedOptions(WrapperOptions):
    """Settings of `Erased`.

    Attributes:
        kind: `erased`.
    """

    kind: Literal["erased"] = "erased"


class Erased(Wrapper):
    """The latent of the net inside, less what a matrix finds in it: z - P (z - m), as in arXiv:2306.03819.

    The head, and whoever probes the latent, sees what is left.

    Attributes:
        taken: (latent, latent) P; 0 until a method sets it.
        centre: (latent,) m.
    """

    Options: ClassVar[type[WrapperOptions]] = ErasedOptions
    taken: Tensor
    centre: Tensor

    def __init__(self, classes: int, options: ErasedOptions) -> None:
        super().__init__(classes, options)
        self.register_buffer("taken", torch.zeros(self.width, self.width))
        self.register_buffer("centre", torch.zeros(self.width))

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""
        latents = self.inner.encode(pixels)
        return latents - (latents - self.centre) @ self.taken.T
