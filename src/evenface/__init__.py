"""evenface: facial expression recognition that treats every face alike.

The package measures *perceived* expression, not felt emotion. Importing it does nothing else: each
room (`evenface.audit`, `evenface.report`, …) is loaded when it is first named.
"""

__version__ = "0.1.0"
