"""Align: cut one face out of a photo, brought to the template."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evenface.faces.face import Image
from evenface.faces.template import SIZE, placement


def align(image: Image, landmarks: NDArray[np.float64], size: int = SIZE) -> Image:
    """Cut a chip: turned, scaled and shifted to the template, without aliasing.

    A face larger than the chip is first made smaller with a triangle filter as wide as the reduction, then sampled with
    a cubic. Beyond the photo's edge its outermost pixels are repeated.

    Args:
        image: The photo.
        landmarks: (5, 2), as in `Face`.
        size: Pixels of the chip's side.

    Returns:
        (size, size, 3) uint8, RGB: a Chip.

    Raises:
        ValueError: The landmarks give no place to cut a chip from.
    """
    from PIL import Image as Pillow

    matrix = placement(landmarks, size)
    crop, left, top = _around(image, matrix, size)
    matrix = matrix - np.array([[0, 0, left], [0, 0, top]])
    picture = Pillow.fromarray(crop)
    shrink = math.hypot(matrix[0, 0], matrix[1, 0])  # photo pixels per chip pixel
    if shrink > 1:
        width, height = (max(1, round(side / shrink)) for side in picture.size)
        matrix *= np.array([[width / picture.width], [height / picture.height]])
        picture = picture.resize((width, height), Pillow.Resampling.BILINEAR, reducing_gap=3.0)
    chip = picture.transform(
        (size, size), Pillow.Transform.AFFINE, tuple(matrix.ravel()), resample=Pillow.Resampling.BICUBIC
    )
    return np.asarray(chip)


def _around(image: Image, matrix: NDArray[np.float64], size: int) -> tuple[Image, int, int]:
    """Cut out the part that a chip shows, a margin included; beyond the photo its edge is repeated."""
    corners = matrix @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]])
    margin = 3 * max(1.0, math.hypot(matrix[0, 0], matrix[1, 0]))
    left, top = np.floor(corners.min(1) - margin).astype(int)
    right, bottom = np.ceil(corners.max(1) + margin).astype(int)
    height, width = image.shape[:2]
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return image[top:bottom, left:right], int(left), int(top)
    if right - left > 4 * max(width, height):
        raise ValueError("the face would reach far beyond the photo")
    rows = np.clip(np.arange(top, bottom), 0, height - 1)
    columns = np.clip(np.arange(left, right), 0, width - 1)
    return image[rows].take(columns, axis=1), int(left), int(top)
