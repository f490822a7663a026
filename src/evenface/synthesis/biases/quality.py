"""One group's pictures are worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from evenface.core.config import Fault
from evenface.core.errors import did_you_mean
from evenface.synthesis.biases._bias import Bias, Group, Share, group_faults
from evenface.synthesis.parameters import PARAMETERS
from evenface.synthesis.roll import Roll, chosen, members

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

_PICTURE = tuple(list(PARAMETERS)[list(PARAMETERS).index("yaw") : list(PARAMETERS).index("action:browDownLeft")])
PICTURE = tuple(name for name in _PICTURE if name != "image_seed" and not PARAMETERS[name].choices)
"""What can be made worse: numbers of camera, light, background and quality."""


class Quality(Bias):
    """Pictures of one group are darker, blurred, noisier … at a set rate.

    `add` is added to parameters of the picture, such as `{exposure = -1.5, blur = 0.3}`, and cut at the ends of their
    ranges. That exposure is set for light skin is an old fault of photography (Roth, Canadian Journal of Communication,
    2009); how much is the spec's.
    """

    kind: Literal["quality"] = "quality"
    group: Group
    add: dict[str, float] = Field(min_length=1)
    rate: Share = 1.0

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """The group is there, and what is added to are numbers of the picture."""
        yield from super().faults(spec)
        yield from group_faults(self.group, spec)
        for name in self.add:
            if name not in PICTURE:
                near = did_you_mean(name, PICTURE)
                yield Fault(("add", name), f"is no number of the picture.{near} Allowed: {', '.join(PICTURE)}.")

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Mark the faces."""
        out = roll | {"bias": roll["bias"].copy()}
        mask = members(spec, roll, self.group, self.splits)
        out["bias"][chosen(mask, self.rate, "worsened", spec, place)] |= np.uint32(1 << place)
        return out

    def parameters(self) -> Mapping[str, float]:
        """Give what is added."""
        return self.add
