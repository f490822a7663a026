"""Scores that are shifted where it is known which group is shown."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from evenface.models.nets._wrapper import Wrapper, WrapperOptions


class GroupShiftOptions(WrapperOptions):
    """Settings of `GroupShift`.

    Attributes:
        kind: `group_shift`.
        groups: How many there are.
    """

    kind: Literal["group_shift"] = "group_shift"
    groups: int = Field(ge=1)


class GroupShift(Wrapper):
    """The scores of the net inside, plus a number for each group and expression.

    From pixels alone it answers as the net inside, as for a face whose group is not known. Our own form for whatever
    is learnt or fitted by group: with a linear head, a vector added to the latent does the same.

    Attributes:
        shift: (group, class).
    """

    Options: ClassVar[type[WrapperOptions]] = GroupShiftOptions

    def __init__(self, classes: int, options: GroupShiftOptions) -> None:
        super().__init__(classes, options)
        self.shift = nn.Parameter(torch.zeros(options.groups, classes))

    def shifts(self, groups: Tensor) -> Tensor:
        """Give what is added to scores, (face, class), in groups (face,); 0 where the group is not known."""
        return self.shift[groups.clamp_min(0)] * (groups >= 0)[:, None]

    def adjust(self, logits: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
        """Shift scores (face, class) by the groups (face,), -1 where not known."""
        at = torch.from_numpy(groups).to(self.shift.device)
        return self.inner.adjust(logits, groups) + self.shifts(at).detach().double().cpu().numpy()
