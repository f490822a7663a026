"""Regions: named sets of people, pictures and ways to show emotions. This page is THE TABLE of them.

Every region is a SIMULATION: a few published facts about a collection of faces, and our choices where nothing is
published. Its faces are not those people's, and what is measured on it is not measured on them. A new region is one
file and one line (docs/EXPRESSIONS.md#add-a-region).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.synthesis.regions._region import Region

_HERE = "evenface.synthesis.regions"

REGIONS: Registry[Region] = Registry(
    "region",
    {
        "jaffe_like": f"{_HERE}.jaffe_like:JAFFE_LIKE",
        "ckplus_like": f"{_HERE}.ckplus_like:CKPLUS_LIKE",
        "tfed_like": f"{_HERE}.tfed_like:TFED_LIKE",
        "tfeid_like": f"{_HERE}.tfeid_like:TFEID_LIKE",
        "wild": f"{_HERE}.wild:WILD",
        "spontaneous": f"{_HERE}.spontaneous:SPONTANEOUS",
    },
    hint="Add one: docs/EXPRESSIONS.md#add-a-region.",
)
"""Name -> region, loaded when it is first asked for."""
