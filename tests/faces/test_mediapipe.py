"""The real detectors on generated faces; skipped where the model file was not fetched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from evenface.faces.assets import MissingAssetError, locate
from evenface.faces.detectors.mediapipe import MediaPipe
from evenface.faces.detectors.windows import Windows


@pytest.fixture(scope="module")
def portraits() -> NDArray[np.uint8]:
    """Four generated people, 256 pixels."""
    pytest.importorskip("warp", reason="faces are drawn with Warp, which the extra evenface[synthesis] brings")
    from evenface.synthesis.render.draw import render

    return render(pl.DataFrame({"person": [1, 2, 3, 4]}), 256)


@pytest.fixture(scope="module")
def detector() -> Iterator[Windows]:
    pytest.importorskip("mediapipe", reason="the extra evenface[predict] brings MediaPipe")
    try:
        locate("face_landmarker")
    except MissingAssetError:
        pytest.skip("the model file is not there; evenface assets fetch face_landmarker")
    made = Windows()
    yield made
    made.close()


def test_a_portrait_has_one_face_with_eyes_above_the_mouth(detector: Windows, portraits: NDArray[np.uint8]) -> None:
    for portrait in portraits:
        (face,) = detector.detect(portrait)
        left_eye, right_eye, nose, mouth_left, mouth_right = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert mouth_left[0] < mouth_right[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
        assert face.box[0] < left_eye[0] < face.box[2]
        assert 0.5 <= face.score <= 1


def test_small_faces_of_a_group_are_found_in_windows(detector: Windows, portraits: NDArray[np.uint8]) -> None:
    group = np.full((1000, 1600, 3), 150, np.uint8)
    spots = [(200, 150), (250, 1200), (700, 300), (650, 1100)]
    for portrait, (top, left) in zip(portraits, spots, strict=True):
        group[top : top + 128, left : left + 128] = portrait[::2, ::2]
    found = detector.detect(group)
    assert len(found) == 4
    centres = sorted((face.landmarks.mean(0)[1] > 500, round(face.landmarks.mean(0)[0])) for face in found)
    for (_, x), wanted in zip(centres, (214, 1264, 364, 1164), strict=True):
        assert abs(x - wanted) < 25


def test_nothing_is_seen_where_there_is_nothing(detector: Windows) -> None:
    assert detector.detect(np.zeros((600, 800, 3), np.uint8)) == []
    assert detector.detect(np.full((5, 5, 3), 99, np.uint8)) == []
    assert detector.detect(np.full((200, 200, 3), 99, np.uint8)) == []


def test_the_same_picture_gives_the_same_faces(detector: Windows, portraits: NDArray[np.uint8]) -> None:
    again = MediaPipe()
    first, second = detector.detect(portraits[0])[0], again.detect(portraits[0])[0]
    again.close()
    assert np.array_equal(first.landmarks, second.landmarks)
