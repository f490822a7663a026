"""How an expression comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from evenface.core.config import Fault
from evenface.synthesis.designs import DESIGNS
from evenface.synthesis.designs._design import Design, Motion
from evenface.synthesis.roll import Roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

_SHORTEST, _LONGEST = 0.64, 6.0  # seconds that a clip takes, with the rest before and after


class Clips(Design):
    """The frames of clips: rest, onset, apex, offset, rest; each face is one frame.

    Clips are laid out by `base` as faces are, and as many whole clips are made as `count` frames have room for. The
    label of every frame is that of its clip, also at rest; `phase` and `intensity` tell what a frame shows.
    Macro-expressions take 0.5 to 4 s, micro-expressions 1/25 to 1/2 s, as in `evenface.synthesis.clips` (Yan et al.,
    2013).
    """

    kind: Literal["clips"] = "clips"
    motion: Literal["macro", "micro"] = "macro"
    rate: float = Field(default=25.0, gt=0, le=1000)
    base: Literal["factorial", "natural", "regional"] = "factorial"

    @property
    def clips(self) -> Motion | None:
        """Kind of motion and frames in a second."""
        return Motion(self.motion, self.rate)

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """There is room for one clip, however long."""
        yield from DESIGNS.get(self.base)().faults(spec)  # type: ignore[call-arg]
        if spec.count < (longest := int(np.ceil(_LONGEST * self.rate))):
            yield Fault(
                (), f"a clip may have {longest} frames, but count is {spec.count}. Raise count to {longest} or more."
            )

    def roll(self, spec: Spec) -> Roll:
        """Lay out as many clips as could fit if all were short; the plan keeps those that do."""
        most = spec.count // max(int(_SHORTEST * self.rate), 1) + 1
        return DESIGNS.get(self.base)().roll(spec.model_copy(update={"count": most}))  # type: ignore[call-arg]
