"""Fewer people of one group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from evenface.core.config import Fault
from evenface.synthesis import dice
from evenface.synthesis.biases._bias import Bias, Group, Share, group_faults
from evenface.synthesis.roll import Roll, chosen, members, tones

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Representational(Bias):
    """One group is shown less often: a group of share s keeps share (1 - strength) s.

    So many of its persons are replaced by persons of the other levels, which grow in proportion; the number of faces
    and the expressions stay. At strength 0 nothing changes, at 1 the group is gone. After the induced biases of
    Dominguez-Catena et al. (Progress in Artificial Intelligence, 2024), whose strengths are parametrised otherwise;
    replacing instead of leaving out is our own.
    """

    kind: Literal["representational"] = "representational"
    group: Group
    strength: Share

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """The group is one level of one attribute, and there is another to take its place."""
        yield from super().faults(spec)
        yield from group_faults(self.group, spec)
        if len(self.group) > 1:
            yield Fault(("group",), "names several attributes; give one, and a bias of its own to each other.")

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Replace persons."""
        name, level = next(iter(self.group.items()))
        mask, own = members(spec, roll, self.group, self.splits), spec.levels(name).index(level)
        people, first = np.unique(roll["person"], return_index=True)
        leaving = people[chosen(mask[first], self.strength, "replaced", spec, place)]
        shares = np.bincount(roll[name][first], minlength=len(spec.levels(name))).astype(np.float64)
        shares[own] = 0
        if not shares.sum():
            shares[:] = np.arange(len(shares)) != own
        faces = np.isin(roll["person"], leaving)
        new = dice.choice(shares, "replaced by", spec.seed, place, roll["person"][faces])
        out = roll | {name: roll[name].copy()}
        out[name][faces] = new
        if name == "ethnicity" and "skin_tone" not in spec.attributes:
            out["skin_tone"] = roll["skin_tone"].copy()
            out["skin_tone"][faces] = tones(spec, roll["person"][faces], new)
        return out
