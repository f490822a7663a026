"""What a bias is: settings that change the roll of a set of faces, exactly as often as asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from evenface.core.config import Fault, Settings
from evenface.core.errors import did_you_mean
from evenface.synthesis.attributes import LEVELS

if TYPE_CHECKING:
    from evenface.synthesis.roll import Roll
    from evenface.synthesis.spec import Spec

Share = Annotated[float, Field(ge=0, le=1)]
Group = Annotated[dict[str, str], Field(min_length=1)]
"""Attribute (or `region`) -> level; a face is of the group if all hold."""


class Bias(Settings):
    """What is made uneven on purpose. How often it happens is exact to the nearest face; to which is drawn by lot.

    Attributes:
        kind: Its name in the table.
        splits: In which splits it happens; empty: in all faces.
    """

    kind: str
    splits: tuple[Literal["train", "validation", "test"], ...] = ()

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """Say what in the rest of the spec does not go with this bias; a child adds its own to these."""
        if missing := [split for split in self.splits if not spec.splits.get(split)]:
            yield Fault(("splits",), f"the spec deals no faces to {', '.join(missing)}. Set splits.")

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Give the roll as it is under this bias; `place` is its place in the spec's list."""
        raise TypeError(f"{type(self).__name__} changes nothing; a bias must define `change`.")

    def parameters(self) -> Mapping[str, float]:
        """Give what is added to parameters of the faces whose bit in `bias` is set; nothing but for pictures."""
        return {}


def group_faults(group: Mapping[str, str], spec: Spec) -> Iterator[Fault]:
    """Say which attributes and levels of a group do not exist."""
    allowed = (*LEVELS, "region")
    for name, level in group.items():
        if name not in allowed:
            near = did_you_mean(name, allowed)
            yield Fault(("group", name), f"is no attribute.{near} Allowed: {', '.join(allowed)}.")
        elif level not in (levels := spec.levels(name)):
            near = did_you_mean(level, levels)
            yield Fault(("group", name), f"{level!r} is not there.{near} Allowed: {', '.join(levels)}.")


def emotion_faults(key: str, emotion: str, spec: Spec) -> Iterator[Fault]:
    """Say whether an expression is not among those of the spec."""
    if emotion not in (names := tuple(spec.emotion_shares)):
        yield Fault((key,), f"{emotion!r} is not shown.{did_you_mean(emotion, names)} Expressions: {', '.join(names)}.")
