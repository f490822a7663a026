"""Net: what every trainable reader of expressions offers.

A net is cut in two, so that what lies between can be probed and aligned: an encoder from pixels to a latent, and a head
from the latent to a score per class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from evenface.core.config import Settings


class NetOptions(Settings):
    """What the section `[net]` of a training configuration can say; each net adds fields of its own.

    Attributes:
        kind: Name in the table of nets.
    """

    kind: str


class Net(nn.Module, ABC):
    """Pixels -> latent -> a score per class.

    A subclass is made by `Subclass(classes, options)`. It shifts and scales pixels by itself, so that whoever uses it
    needs to know nothing but this: pixels are float, RGB, 0 is black and 1 is white.

    Attributes:
        Options: Class of the net's settings.
        options: What this net was made with.
        classes: Number of classes.
        width: Length of the latent.
    """

    Options: ClassVar[type[NetOptions]]
    options: NetOptions
    classes: int
    width: int

    @abstractmethod
    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""

    @abstractmethod
    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""

    def adjust(self, logits: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
        """Change scores (face, class) by the group (face,) that a face is known to be in, -1 where it is not.

        Most nets do not ask who is shown.
        """
        del groups
        return logits

    def forward(self, pixels: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for faces (face, 3, row, column) in [0, 1]."""
        return self.classify(self.encode(pixels))
