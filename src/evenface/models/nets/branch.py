"""A branch of its own for the expression."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from evenface.models.nets._wrapper import Wrapper, WrapperOptions


class BranchOptions(WrapperOptions):
    """Settings of `Branch`.

    Attributes:
        kind: `branch`.
    """

    kind: Literal["branch"] = "branch"


class Branch(Wrapper):
    """One more layer between the latent of the net inside, the trunk, and its head; its output is the latent here.

    The expression branch of Xu et al., arXiv:2007.10075, in our reconstruction: other branches may grow from the trunk.
    """

    Options: ClassVar[type[WrapperOptions]] = BranchOptions

    def __init__(self, classes: int, options: BranchOptions) -> None:
        super().__init__(classes, options)
        self.layer = nn.Linear(self.width, self.width)
        nn.init.eye_(self.layer.weight)  # the branch starts as the trunk; from a random layer it learns far later
        nn.init.zeros_(self.layer.bias)

    def branch(self, trunk: Tensor) -> Tensor:
        """Bring latents of the net inside to those of the branch, both (face, latent)."""
        return functional.relu(self.layer(trunk))

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent)."""
        return self.branch(self.inner.encode(pixels))
