"""Calibration: bins of confidence, and the error of what falls into them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Bins of equal width that confidence is counted in."""


def bin_of(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins of probabilities, closed above as in Guo et al. 2017: the first is (0, 1/15], and has 0 too."""
    return np.clip(np.ceil(p * BINS).astype(np.int64) - 1, 0, BINS - 1)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015; Guo et al., arXiv:1706.04599).

    Args:
        confidence: (face,) probability that was given to the answer, in [0, 1].
        right: (face,) whether it is the label.

    Returns:
        Sum over bins of |sum of (confidence - right)| / n, in [0, 1]; NaN without faces.
    """
    if not len(confidence):
        return math.nan
    return float(np.abs(np.bincount(bin_of(confidence), confidence - right, BINS)).sum() / len(confidence))
