"""Face: where a face is in a picture, and the five points that say how it is turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(row, column, 3), RGB, 0 is black and 255 white."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels; may reach beyond the picture."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face in one picture.

    Attributes:
        box: Around brows, chin and cheeks.
        score: How sure the detector is, 0-1; NaN where it does not say.
        landmarks: (5, 2) x, y in pixels of the picture: eye centre on the picture's left, eye centre on its right (for
            a face that is upright), nose tip, mouth corner on the left, mouth corner on the right.
    """

    box: Box
    score: float
    landmarks: NDArray[np.float64]


class Detector(Protocol):
    """Finds faces. One object is used by one thread at a time."""

    def detect(self, image: Image) -> list[Face]:
        """Give every face found, the largest first; an empty list if there is none."""

    def close(self) -> None:
        """Let go of what the detector holds; it cannot be used afterwards."""


def overlap(first: Box, second: Box) -> float:
    """Give the area that two boxes share, over the area that they cover together: 0 apart, 1 the same.

    Example:
        >>> overlap((0, 0, 2, 2), (1, 0, 3, 2))
        0.3333333333333333
    """
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (area(first) + area(second) - shared)


def area(box: Box) -> float:
    """Give a box's area in square pixels.

    Example:
        >>> area((0, 0, 2, 3))
        6
    """
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def distinct(faces: list[Face], most_shared: float = 0.3) -> list[Face]:
    """Keep one of the faces that cover each other, the one that the detector is surest of; the largest first.

    Args:
        faces: As found, perhaps several times.
        most_shared: Two boxes that `overlap` more than this, or of which one lies within the other, are one face.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda each: -each.score):
        if not any(_same(face.box, other.box, most_shared) for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda each: -area(each.box))


def _same(first: Box, second: Box, most_shared: float) -> bool:
    if overlap(first, second) > most_shared:
        return True
    inner = (max(first[0], second[0]), max(first[1], second[1]), min(first[2], second[2]), min(first[3], second[3]))
    return inner[2] > inner[0] and inner[3] > inner[1] and area(inner) > 0.7 * min(area(first), area(second))
