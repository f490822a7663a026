"""One group's labels are wrong in one way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from evenface.core.config import Fault
from evenface.synthesis.biases._bias import Bias, Group, Share, emotion_faults, group_faults
from evenface.synthesis.roll import Roll, chosen, members

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Annotator(Bias):
    """Annotators take one expression of one group for another, at a set rate.

    The expression shown stays, in `emotion` and `true_label`; `label` becomes what they say. Such a difference between
    groups is reported by Chen and Joo (ICCV 2021, arXiv:2108.08504); rates and expressions are the spec's.
    """

    kind: Literal["annotator"] = "annotator"
    group: Group
    emotion: str
    says: str
    rate: Share

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Group and both expressions are there."""
        yield from super().faults(spec)
        yield from group_faults(self.group, spec)
        yield from emotion_faults("emotion", self.emotion, spec)
        yield from emotion_faults("says", self.says, spec)

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Relabel."""
        names = spec.levels("emotion")
        mask = members(spec, roll, self.group, self.splits) & (roll["emotion"] == names.index(self.emotion))
        out = roll | {"label": roll["label"].copy()}
        out["label"][chosen(mask, self.rate, "relabelled", spec, place)] = names.index(self.says)
        return out
