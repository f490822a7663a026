"""Audit: what differs between groups in any model's predictions, how sure that is, and what chance alone would give.

`evenface.audit(table, by=["gender"])` is `evenface.audit.run.audit`. It takes labels, answers and groups, never a
model. This page is THE TABLE of metrics: a new one is one function and one line (CONTRIBUTING.md#metric).
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.audit.metric import Metric
    from evenface.audit.result import Audit

_RATES = "evenface.audit.metrics.rates"
_BETWEEN = "evenface.audit.metrics.between"
_SCORES = "evenface.audit.metrics.scores"

METRICS: Registry[Metric] = Registry(
    "metric",
    {
        # of one group, from counts
        "accuracy": f"{_RATES}:accuracy",
        "accuracy_all": f"{_RATES}:accuracy_all",
        "accuracy_ceiling": f"{_RATES}:accuracy_ceiling",
        "coverage": f"{_RATES}:coverage",
        "balanced_accuracy": f"{_RATES}:balanced_accuracy",
        "macro_f1": f"{_RATES}:macro_f1",
        "weighted_f1": f"{_RATES}:weighted_f1",
        "cohen_kappa": f"{_RATES}:cohen_kappa",
        "tpr": f"{_RATES}:tpr",
        "fpr": f"{_RATES}:fpr",
        "precision": f"{_RATES}:precision",
        "f1": f"{_RATES}:f1",
        "selection_rate": f"{_RATES}:selection_rate",
        # of one group, from probabilities
        "ece": f"{_SCORES}:ece",
        "classwise_ece": f"{_SCORES}:classwise_ece",
        "brier": f"{_SCORES}:brier",
        "log_loss": f"{_SCORES}:log_loss",
        "auroc_macro": f"{_SCORES}:auroc_macro",
        "auroc": f"{_SCORES}:auroc",
        # between groups
        "demographic_parity": f"{_BETWEEN}:demographic_parity",
        "disparate_impact": f"{_BETWEEN}:disparate_impact",
        "equal_opportunity": f"{_BETWEEN}:equal_opportunity",
        "equalized_odds": f"{_BETWEEN}:equalized_odds",
        "average_odds": f"{_BETWEEN}:average_odds",
        "predictive_parity": f"{_BETWEEN}:predictive_parity",
        "worst_group": f"{_BETWEEN}:worst_group",
        "xu_f": f"{_BETWEEN}:xu_f",
        "mean_gap": f"{_BETWEEN}:mean_gap",
        "generalized_entropy": f"{_BETWEEN}:generalized_entropy",
        "theil": f"{_BETWEEN}:theil",
        "differential_fairness": f"{_BETWEEN}:differential_fairness",
        "combined_error_variance": f"{_BETWEEN}:combined_error_variance",
        "symmetric_distance_error": f"{_BETWEEN}:symmetric_distance_error",
        "intraclass_disparity": f"{_BETWEEN}:intraclass_disparity",
        "overall_disparity": f"{_BETWEEN}:overall_disparity",
        "confusion_flow_divergence": f"{_BETWEEN}:confusion_flow_divergence",
    },
    hint="Add one: CONTRIBUTING.md#metric",
)


class _CallableModule(ModuleType):
    """Lets `evenface.audit(...)` and `import evenface.audit` both work; see docs/adr/0004."""

    def __call__(self, table: object, **settings: Any) -> Audit:
        from evenface.audit.run import audit

        return audit(table, **settings)


sys.modules[__name__].__class__ = _CallableModule
