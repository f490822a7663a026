"""Correction of p values for how many are looked at together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike, families: Sequence[Hashable] | None = None) -> NDArray[np.float64]:
    """Adjust p values so that the chance of any false alarm in a family stays bounded (Holm, Scand. J. Stat. 6, 1979).

    Args:
        p: (test,); NaN takes no part and stays NaN.
        families: (test,) which are corrected together; None: all of them.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, np.float64)
    out = np.full(len(values), np.nan)
    names = [None] * len(values) if families is None else list(families)
    for family in dict.fromkeys(names):
        mine = np.flatnonzero(np.array([name == family for name in names]) & np.isfinite(values))
        order = mine[np.argsort(values[mine], kind="stable")]
        stepped = values[order] * (len(order) - np.arange(len(order)))
        out[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return out
