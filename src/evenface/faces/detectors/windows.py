"""Small faces: look at parts of a large picture, then place landmarks on what is found."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evenface.faces.detectors.mediapipe import MediaPipe, _moved
from evenface.faces.face import Face, Image, distinct

_SMALLEST = 192  # pixels of a window's side; smaller ones show nothing new
_LEVELS = 3  # whole, halves, quarters
_STEP = 0.6  # of a window's side from one to the next: a face that one cuts is whole in another
_LARGE = 0.35  # of the picture's shorter side: a face this high means a portrait


class Windows:
    """Faces of any size: the whole picture first, and overlapping windows of it where that shows no large face.

    Our own arrangement, after the idea of an image pyramid (Viola and Jones 2001; Zhang et al. 2016, arXiv:1604.02878):
    windows of a half and a quarter of the longer side go through BlazeFace, doubles are merged, and each face gets its
    landmarks from a window of its own. A portrait costs what it costs `mediapipe`.
    """

    def __init__(self) -> None:
        """Load the models; raises as `MediaPipe` does."""
        self._mediapipe = MediaPipe()

    def detect(self, image: Image) -> list[Face]:
        """Give every face found, the largest first."""
        faces = self._mediapipe.detect(image)
        height, width = image.shape[:2]
        if any(face.box[3] - face.box[1] > _LARGE * min(height, width) for face in faces):
            return faces
        small = [
            _moved(face, left, top)
            for left, top, side in windows(width, height)
            for face in self._mediapipe.find(image[top : top + side, left : left + side])
            if _whole(face, left, top, side, width, height)
        ]
        known = len(faces)
        merged = distinct([*(Face(f.box, f.score + 1, f.landmarks) for f in faces), *small])  # those placed come first
        return [
            Face(f.box, f.score - 1, f.landmarks) if known and f.score > 1 else self._mediapipe.refine(image, f)
            for f in merged
        ]

    def close(self) -> None:
        """Let go of the models."""
        self._mediapipe.close()


def windows(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Give left, top and side of the windows of a picture, in pixels, the large ones first.

    Example:
        >>> list(windows(400, 200))[:2]
        [(0, 0, 200), (100, 0, 200)]
    """
    for level in range(1, _LEVELS):
        side = math.ceil(max(width, height) / 2**level)
        if side < _SMALLEST:
            return
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, side


def _starts(length: int, side: int) -> list[int]:
    steps = max(0, math.ceil((length - side) / (_STEP * side)))
    return [round(i * (length - side) / steps) for i in range(steps + 1)] if steps else [0]


def _whole(face: Face, left: int, top: int, side: int, width: int, height: int) -> bool:
    """Tell whether a face is whole in its window, or is cut by the picture's own edge and no other."""
    x0, y0, x1, y1 = face.box
    return (
        (x0 > 0 or left == 0)
        and (y0 > 0 or top == 0)
        and (x1 < side or left + side >= width)
        and (y1 < side or top + side >= height)
    )
