"""Template: where eyes and mouth are on every chip. It is written down here and nowhere else.

On a chip whose sides are 1, x to the right and y downwards, the eye centres are at (0.32, 0.40) and (0.68, 0.40), and
the middle between the mouth's corners is at (0.50, 0.77). That is the framing of FER2013's crops, so that those 48 x 48
pictures count as chips as they are: medians of MediaPipe's landmarks on 447 of them are (.316, .400), (.682, .394) and
(.505, .767), with deviations of .07 to .08. A face is brought there by the similarity (turn, one scale, shift) that
fits best by least squares; proportions of the face are kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEFT_EYE = (0.32, 0.40)
RIGHT_EYE = (0.68, 0.40)
MOUTH = (0.50, 0.77)
SIZE = 96
"""Pixels of a chip's side where nothing else is asked for."""

_TEMPLATE = np.array([complex(*LEFT_EYE), complex(*RIGHT_EYE), complex(*MOUTH)])


def placement(landmarks: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Give the similarity that maps a chip's coordinates to the photo's.

    Args:
        landmarks: (5, 2), as in `Face`. The nose is not used: it moves when the head turns.
        size: Pixels of the chip's side.

    Returns:
        (2, 3): `[[a, -b, x], [b, a, y]]`, for coordinates in pixels whose corners are whole numbers.

    Raises:
        ValueError: The points are not finite, or eyes and mouth coincide.

    Example:
        >>> placement(np.array([[32, 40], [68, 40], [50, 60], [40, 77], [60, 77.0]]), 100).round(6).tolist()
        [[1.0, -0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    points = landmarks[:, 0] + 1j * landmarks[:, 1]
    seen = np.array([points[0], points[1], (points[3] + points[4]) / 2])
    wanted = _TEMPLATE * size
    centred = wanted - wanted.mean()
    factor = (centred.conj() * (seen - seen.mean())).sum() / (abs(centred) ** 2).sum()
    if not np.isfinite(factor) or abs(factor) < 1e-6:
        raise ValueError("eyes and mouth give no place to cut a chip from")
    shift = seen.mean() - factor * wanted.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
