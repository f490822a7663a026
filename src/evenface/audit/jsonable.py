"""Numbers as JSON has them: undefined and infinite ones are null."""

from __future__ import annotations

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
