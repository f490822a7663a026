"""THE TABLE of biases: what is made uneven on purpose in a set of faces.

To add one, write a class that extends `Bias` in a file of its own and add its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.synthesis.biases._bias import Bias

_HERE = "evenface.synthesis.biases"

BIASES: Registry[type[Bias]] = Registry(
    "bias",
    {
        "representational": f"{_HERE}.representational:Representational",
        "stereotypical": f"{_HERE}.stereotypical:Stereotypical",
        "annotator": f"{_HERE}.annotator:Annotator",
        "quality": f"{_HERE}.quality:Quality",
        "region_shift": f"{_HERE}.region_shift:RegionShift",
        "missing": f"{_HERE}.missing:Missing",
    },
    hint="Add one: CONTRIBUTING.md#bias",
)

__all__ = ["BIASES"]
