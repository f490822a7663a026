"""evenface: facial expression recognition that treats every face alike.

The package measures *perceived* expression, not felt emotion. Importing it does nothing else: each
room (`evenface.audit`, `evenface.report`, …) is loaded when it is first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__version__ = "0.1.0"
__all__ = ["__version__", "audit", "core", "report", "synthesis"]


def __getattr__(name: str) -> ModuleType:
    """Load a room when it is first named, so that `import evenface; evenface.audit(…)` works (docs/adr/0004)."""
    if name in __all__:
        return import_module(f"evenface.{name}")
    raise AttributeError(f"module 'evenface' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name the rooms too, loaded or not."""
    return sorted({*globals(), *__all__})
