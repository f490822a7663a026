"""One expression goes with one group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from evenface.core.config import Fault
from evenface.synthesis.biases._bias import Bias, Group, Share, emotion_faults, group_faults
from evenface.synthesis.roll import Roll, chosen, members, some

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Stereotypical(Bias):
    """One expression is tied to one group: of its faces outside the group, a share of `strength` moves into it.

    A moved face exchanges its expression with a face of the group that shows another one, so neither the size of any
    group nor the number of any expression changes; a group that had share s of the expression's faces has
    s + strength (1 - s) of them then. The stereotypical bias of Dominguez-Catena et al. (Progress in Artificial
    Intelligence, 2024; arXiv:2503.03446); exchanging is our own, as is the scale of the strength.
    """

    kind: Literal["stereotypical"] = "stereotypical"
    emotion: str
    group: Group
    strength: Share

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Group and expression are there."""
        yield from super().faults(spec)
        yield from group_faults(self.group, spec)
        yield from emotion_faults("emotion", self.emotion, spec)

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Exchange expressions, together with their labels."""
        within, here = members(spec, roll, self.group), members(spec, roll, {}, self.splits)
        shows = roll["emotion"] == spec.levels("emotion").index(self.emotion)
        gone = chosen(here & shows & ~within, self.strength, "moved", spec, place)
        come = some(here & within & ~shows, len(gone), "exchanged", spec, place)
        out = roll | {name: roll[name].copy() for name in ("emotion", "label")}
        for name in ("emotion", "label"):
            out[name][np.r_[gone, come]] = roll[name][np.r_[come, gone]]
        return out
