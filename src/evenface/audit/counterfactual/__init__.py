"""Counterfactual audit: how often the answer changes when one attribute of a face is changed and nothing else.

`counterfactual(table)` is `evenface.audit.counterfactual.run.counterfactual`.
"""

from evenface.audit.counterfactual.result import Counterfactual
from evenface.audit.counterfactual.run import CounterfactualSettings, counterfactual

__all__ = ["Counterfactual", "CounterfactualSettings", "counterfactual"]
