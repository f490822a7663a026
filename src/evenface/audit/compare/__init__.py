"""Comparison of two models on the same faces: is B fairer than A, or only luckier?

`compare(a, b, by=["gender"])` is `evenface.audit.compare.run.compare`. Faces are paired by their id and drawn together.
"""

from evenface.audit.compare.result import Comparison
from evenface.audit.compare.run import compare

__all__ = ["Comparison", "compare"]
