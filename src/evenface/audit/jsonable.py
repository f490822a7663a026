"""Numbers as JSON has them: undefined and infinite ones are null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def number(value: float) -> float | None:
    """A float for JSON: None where undefined or infinite."""
    return float(value) if np.isfinite(value) else None


def numbers(values: NDArray[np.float64]) -> list[Any]:
    """Nested lists of floats for JSON, None where undefined."""
    out = values.astype(object)
    out[~np.isfinite(values)] = None
    listed: list[Any] = out.tolist()
    return listed


def plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller asked for, as JSON can hold it: names, numbers, lists and mappings; anything else by its type."""
    return {key: _plain(value) for key, value in asked.items() if value is not None and value != {}}


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else f"<{type(value).__name__}>"
