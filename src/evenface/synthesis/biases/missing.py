"""Attributes that are not known for every face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from evenface.core.config import Fault
from evenface.core.errors import did_you_mean
from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.biases._bias import Bias, Share, group_faults
from evenface.synthesis.roll import Roll, chosen, members

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Missing(Bias):
    """An attribute is missing from the table for a share of the faces: of all, or of one group.

    With a group it is missing not at random (Rubin, Biometrika, 1976). What is missing is null in `attr:…`; the
    parameters that the face was drawn with stay.
    """

    kind: Literal["missing"] = "missing"
    attribute: str
    rate: Share
    group: dict[str, str] = Field(default_factory=dict)

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Attribute and group are there."""
        yield from super().faults(spec)
        yield from group_faults(self.group, spec)
        if self.attribute not in LEVELS:
            near = did_you_mean(self.attribute, tuple(LEVELS))
            yield Fault(("attribute",), f"{self.attribute!r} is no attribute.{near} Allowed: {', '.join(LEVELS)}.")

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Mark the faces."""
        out = roll | {"hidden": roll["hidden"].copy()}
        mask = members(spec, roll, self.group, self.splits)
        out["hidden"][chosen(mask, self.rate, "hidden", spec, place)] |= np.uint8(
            1 << list(LEVELS).index(self.attribute)
        )
        return out
