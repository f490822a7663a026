"""Train in one region, test in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from evenface.core.config import Fault
from evenface.core.errors import did_you_mean
from evenface.core.manifest import SPLITS
from evenface.synthesis import dice
from evenface.synthesis.biases._bias import Bias
from evenface.synthesis.roll import Roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

Regions = Annotated[tuple[str, ...], Field(min_length=1)]


class RegionShift(Bias):
    """The persons of each split are of other regions, such as `regions = {train = ["wild"], test = ["studio"]}`.

    They are drawn from the split's regions by the spec's shares. A split that is not named keeps its regions. Training
    on one region and testing on others follows Lukac et al. (Scientific Reports 13:8414, 2023).
    """

    kind: Literal["region_shift"] = "region_shift"
    splits: tuple[()] = ()
    regions: dict[Literal["train", "validation", "test"], Regions] = Field(min_length=1)

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """The splits have faces, and the regions are the spec's."""
        for split, regions in self.regions.items():
            if not spec.splits.get(split):
                yield Fault(("regions", split), f"the spec deals no faces to {split}. Set splits.")
            for name in regions:
                if not spec.regions.get(name):
                    near = did_you_mean(name, tuple(spec.regions))
                    yield Fault(("regions", split), f"{name!r} is not in the spec's regions.{near} Add it there.")

    def change(self, roll: Roll, spec: Spec, place: int) -> Roll:
        """Draw the regions of persons anew."""
        out = roll | {"region": roll["region"].copy()}
        for split, regions in self.regions.items():
            faces = roll["split"] == SPLITS.index(split)
            shares = [share if name in regions else 0.0 for name, share in spec.regions.items()]
            out["region"][faces] = dice.choice(np.array(shares), "moved to", spec.seed, place, roll["person"][faces])
        return out
