from __future__ import annotations

import numpy as np

from evenface.faces.detectors.windows import windows
from evenface.faces.face import Box, Face, distinct


def face(box: Box, score: float) -> Face:
    return Face(box, score, np.zeros((5, 2)))


def test_of_faces_that_cover_each_other_the_surest_stays() -> None:
    found = [
        face((0, 0, 100, 100), 0.6),
        face((5, 5, 105, 105), 0.9),
        face((300, 0, 320, 20), 0.5),
        face((40, 40, 60, 60), 0.7),  # within the first two
        face((90, 90, 190, 190), 0.55),  # touches them
    ]
    assert [each.score for each in distinct(found)] == [0.9, 0.55, 0.5]


def test_windows_cover_every_picture_and_overlap() -> None:
    for width, height in ((800, 600), (600, 800), (2000, 300), (4000, 3000)):
        for side in {window[2] for window in windows(width, height)}:
            seen = np.zeros((height, width), np.uint8)
            for left, top, each in windows(width, height):
                if each == side:
                    seen[top : top + side, left : left + side] += 1
                    assert left + side <= width or left == 0
                    assert top + side <= height or top == 0
            assert seen.min() >= 1


def test_small_pictures_have_no_windows() -> None:
    assert not list(windows(300, 200))
