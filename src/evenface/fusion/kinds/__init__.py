"""Kinds of fusion, each one file; FUSIONS is the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.fusion.kinds._fusion import Fusion

#: Name -> the class of a fusion; `fusions` of a transfer configuration.
FUSIONS: Registry[type[Fusion]] = Registry(
    "fusion",
    {
        "mcam_paper": "evenface.fusion.kinds.mcam_paper:McamPaper",
        "gated": "evenface.fusion.kinds.gated:Gated",
        "tokens": "evenface.fusion.kinds.tokens:Tokens",
        "stacking": "evenface.fusion.kinds.stacking:Stacking",
        "mean": "evenface.fusion.kinds.mean:Mean",
        "voting": "evenface.fusion.kinds.voting:Voting",
        "best_single": "evenface.fusion.kinds.best_single:BestSingle",
    },
    hint="Add one: CONTRIBUTING.md#fusion",
)
