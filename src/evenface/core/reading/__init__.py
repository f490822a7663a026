"""Read anybody's predictions: find the columns, classes, scores and attributes, and say what was found."""

from evenface.core.reading.attributes import attribute_expressions
from evenface.core.reading.files import OpenTable, open_table
from evenface.core.reading.permuted import PermutedCycle, permuted_classes
from evenface.core.reading.predictions import read_predictions

__all__ = ["OpenTable", "PermutedCycle", "attribute_expressions", "open_table", "permuted_classes", "read_predictions"]
