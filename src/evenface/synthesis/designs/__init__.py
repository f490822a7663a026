"""THE TABLE of designs: how the faces of a set are laid out.

To add one, write a class that extends `Design` in a file of its own and add its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.synthesis.designs._design import Design

_HERE = "evenface.synthesis.designs"

DESIGNS: Registry[type[Design]] = Registry(
    "design",
    {
        "factorial": f"{_HERE}.factorial:Factorial",
        "natural": f"{_HERE}.natural:Natural",
        "regional": f"{_HERE}.regional:Regional",
        "clips": f"{_HERE}.clips:Clips",
        "counterfactual": f"{_HERE}.counterfactual:Counterfactual",
    },
    hint="Add one: CONTRIBUTING.md#design",
)

__all__ = ["DESIGNS"]
