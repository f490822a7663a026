"""Read anybody's table of predictions: find the columns, the classes, the scores and the attributes, and say what was found."""

from evenface.core.reading.attributes import attribute_expressions
from evenface.core.reading.files import OpenTable, open_table

__all__ = ["OpenTable", "attribute_expressions", "open_table"]
