"""Fusion: from what several cues say of a face to one answer, with the weight each cue got. FUSIONS is the table.

The weight of a cue is what a fusion gave it. Whether the answer rests on it is another question; `deletion` asks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.fusion._fusion import Fusion

#: Name -> the class of a fusion; `fusions` of a transfer configuration.
FUSIONS: Registry[type[Fusion]] = Registry(
    "fusion",
    {
        "mcam_paper": "evenface.fusion.mcam_paper:McamPaper",
        "gated": "evenface.fusion.gated:Gated",
        "tokens": "evenface.fusion.tokens:Tokens",
        "stacking": "evenface.fusion.stacking:Stacking",
        "mean": "evenface.fusion.mean:Mean",
        "voting": "evenface.fusion.voting:Voting",
        "best_single": "evenface.fusion.best_single:BestSingle",
    },
    hint="Add one: CONTRIBUTING.md#fusion",
)
