"""Bias of a data set, measured before any training: whom it shows, and which expression goes with whom."""

from evenface.audit.dataset.run import SCHEMA, dataset_bias
from evenface.audit.dataset.write import write_result

__all__ = ["SCHEMA", "dataset_bias", "write_result"]
