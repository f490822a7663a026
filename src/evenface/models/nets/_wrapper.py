"""Wrapper: a net around another, for methods that need another head, or change a net after training."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, SerializeAsAny
from torch import Tensor

from evenface.core.config import options_of
from evenface.models.nets import NETS
from evenface.models.nets._net import Net, NetOptions


class WrapperOptions(NetOptions):
    """Settings of a `Wrapper`.

    Attributes:
        of: What the net inside is made with.
    """

    of: Annotated[SerializeAsAny[NetOptions], BeforeValidator(options_of(NETS))]


class Wrapper(Net):
    """A net that answers as the net inside does; a subclass changes one of the steps.

    Mitigations make it in `prepare` or `finish`: it is in the table of nets so that a file of weights can be read.

    Attributes:
        inner: The net inside.
    """

    Options: ClassVar[type[WrapperOptions]]

    def __init__(self, classes: int, options: WrapperOptions, heads: int = 1) -> None:
        super().__init__()
        self.options, self.classes = options, classes
        self.inner = NETS.get(options.of.kind)(heads * classes, options.of)
        self.width = self.inner.width

    @classmethod
    def around(cls, net: Net, **options: Any) -> Self:
        """Wrap a net that is there already, with its weights.

        Args:
            net: The net inside.
            options: Settings of the wrapper.
        """
        made = cls(net.classes, cls.Options(kind=cls.Options.model_fields["kind"].default, of=net.options, **options))
        made.inner = net
        return made.train(net.training)

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""
        return self.inner.encode(pixels)

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        return self.inner.classify(latents)

    def adjust(self, logits: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
        """Change scores (face, class) by group (face,), as the net inside does."""
        return self.inner.adjust(logits, groups)


def innermost(net: Net) -> Net:
    """Give the net that is inside all wrappers."""
    while isinstance(net, Wrapper):
        net = net.inner
    return net
