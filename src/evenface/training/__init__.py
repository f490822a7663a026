"""Training: from a manifest and a configuration to weights and tables of predictions. SELECTION_RULES is the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.training.selection import SelectionRule

#: Name -> which epoch's weights are kept; `[selection] rule` of a training configuration.
SELECTION_RULES: Registry[SelectionRule] = Registry(
    "selection rule",
    {
        "mean_validation": "evenface.training.selection:mean_validation",
        "balanced_validation": "evenface.training.selection:balanced_validation",
        "loss_validation": "evenface.training.selection:loss_validation",
        "worst_group_validation": "evenface.training.selection:worst_group_validation",
        "oracle": "evenface.training.selection:oracle",
    },
    hint="Add one: CONTRIBUTING.md#selection-rule",
)
