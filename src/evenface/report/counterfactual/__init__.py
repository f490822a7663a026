"""The written form of a counterfactual audit; reads only the dict of `docs/COUNTERFACTUAL_SCHEMA.md`, and pictures."""

from evenface.report.counterfactual.files import FORMATS, write
from evenface.report.counterfactual.schema import validate_counterfactual

__all__ = ["FORMATS", "validate_counterfactual", "write"]
