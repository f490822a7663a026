from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.faces.face import Face

FIVE = np.array([[32, 40], [68, 40], [50, 62], [40, 77], [60, 77.0]])
"""Landmarks of a face that fills a picture of 100 pixels as the template says."""


@pytest.fixture
def five() -> NDArray[np.float64]:
    return FIVE.copy()


@pytest.fixture
def portrait() -> Callable[..., NDArray[np.uint8]]:
    """Draw a face: white eyes and mouth on grey, placed by a similarity of the template."""

    def draw(
        size: int = 400, factor: complex = 2, shift: complex = 80 + 60j
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        rows, columns = np.mgrid[:size, :size] + 0.5
        image = np.full((size, size, 3), 90, np.uint8)
        points = (FIVE @ [1, 1j]) * factor + shift
        for point in (points[0], points[1], points[3:].mean()):
            near = (columns - point.real) ** 2 + (rows - point.imag) ** 2 < (abs(factor) * 4) ** 2
            image[near] = 255
        return image, np.column_stack([points.real, points.imag])

    return draw


class Lone:
    """A detector that sees a face wherever a picture is not black, at a fixed place in it."""

    def __init__(self) -> None:
        self.closed = False

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        height, width = image.shape[:2]
        if not image.any():
            return []
        return [Face((0.2 * width, 0.2 * height, 0.8 * width, 0.9 * height), 0.9, FIVE * (width / 100, height / 100))]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def lone() -> type[Lone]:
    return Lone
