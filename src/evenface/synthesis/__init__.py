"""Faces we control: 3D faces whose every parameter is set, drawn as images, with the truth about each in a table.

`generate(load_spec("smoke"), "faces/")` makes a set; `Plan(spec).table()` is its truth without drawing anything.
Everything is loaded when it is first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenface.synthesis.plan import Plan
    from evenface.synthesis.run import Generated, generate
    from evenface.synthesis.spec import Spec
    from evenface.synthesis.suites import load_spec

_HOME = {"Generated": "run", "Plan": "plan", "Spec": "spec", "generate": "run", "load_spec": "suites"}
__all__ = ["Generated", "Plan", "Spec", "generate", "load_spec"]


def __getattr__(name: str) -> Any:
    """Load what is named, and no more."""
    if name in _HOME:
        return getattr(import_module(f"evenface.synthesis.{_HOME[name]}"), name)
    raise AttributeError(f"module 'evenface.synthesis' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what can be loaded too."""
    return sorted({*globals(), *__all__})
