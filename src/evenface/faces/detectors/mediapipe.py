"""MediaPipe's face models as a detector: find with the short-range detector, then place 478 landmarks on each face."""

from __future__ import annotations

import os
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import needs
from evenface.faces.assets import locate
from evenface.faces.face import Box, Face, Image, distinct

ASSET = "face_landmarker"
_LEAST_SCORE = 0.5  # of the detector
_LEAST_FRAMED = 0.6  # of it, without landmarks, in a picture that a black frame was put around: a frame is face-like
_SMALLEST = 12  # pixels of a picture's side
_LEAST_PRESENCE = 0.2  # of landmarks; they are held against the detector's own points besides
_MOST_APART = 0.35  # of the distance between the eyes: how far the two may disagree
_MARGIN = 0.25  # of the picture's side, added around it when nothing is found: a tight crop fills it too much
_CROP = 2.0  # sides of the window that landmarks are placed in, in sides of the box
_MOUTH = 0.3  # half a mouth's width, in distances between the eyes, where its corners are not seen
# Of the 478 points: corners of the eye on the picture's left and on its right, nose tip, corners of the mouth.
_LEFT_EYE, _RIGHT_EYE, _NOSE, _MOUTH_LEFT, _MOUTH_RIGHT = (33, 133), (362, 263), 1, 61, 291
_ONE_AT_A_TIME = threading.Lock()  # the error stream belongs to the whole process


def mediapipe_parts(doing: str) -> tuple[Any, Any, Any]:
    """Load MediaPipe, its tasks, and their vision part; `doing` says what for.

    Raises:
        SettingsError: MediaPipe is not installed.
    """
    with needs(doing, "evenface[predict]"):
        names = "mediapipe", "mediapipe.tasks.python", "mediapipe.tasks.python.vision"
        mediapipe, tasks, vision = (import_module(name) for name in names)
    return mediapipe, tasks, vision


class MediaPipe:
    """Faces that are large in the picture, with 478 landmarks placed on each.

    BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047) finds faces from about a fifth of the picture's side upwards;
    the face mesh (Kartynnik et al. 2019, arXiv:1907.06724) then places landmarks in a window around each. Where it
    refuses, or contradicts the detector, as with half a profile or a hand before the mouth, the detector's own six
    points are used, with the corners placed beside its mouth centre: a coarser alignment, but no face is lost for it.
    """

    def __init__(self) -> None:
        """Load the models.

        Raises:
            MissingAssetError: The model file is not there, or not the one that was pinned.
            SettingsError: MediaPipe is not installed.
        """
        path = locate(ASSET)
        mediapipe, tasks, vision = mediapipe_parts("Finding faces")
        with zipfile.ZipFile(path) as bundle:
            finder = bundle.read("face_detector.tflite")
        with native_messages_hidden():
            self._finder = vision.FaceDetector.create_from_options(
                vision.FaceDetectorOptions(
                    tasks.BaseOptions(model_asset_buffer=finder), min_detection_confidence=_LEAST_SCORE
                )
            )
            self._landmarker = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    tasks.BaseOptions(model_asset_path=str(path)),
                    num_faces=1,
                    min_face_detection_confidence=_LEAST_PRESENCE,
                    min_face_presence_confidence=_LEAST_PRESENCE,
                )
            )
            # The first call of each builds what it needs, and speaks of it.
            self._wrap: Callable[[Image], Any] = lambda image: mediapipe.Image(
                mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image)
            )
            blank = self._wrap(np.zeros((64, 64, 3), np.uint8))
            self._finder.detect(blank)
            self._landmarker.detect(blank)

    def detect(self, image: Image) -> list[Face]:
        """Give every face found, the largest first."""
        if found := distinct(self.find(image)):
            return [self.refine(image, face) for face in found]
        height, width = image.shape[:2]
        down, right = round(height * _MARGIN), round(width * _MARGIN)
        framed = self.find(np.pad(image, ((down, down), (right, right), (0, 0))))
        found = distinct([_moved(face, -right, -down) for face in framed])
        placed = [(face, self.refine(image, face)) for face in found]
        return [better for face, better in placed if better is not face or face.score >= _LEAST_FRAMED]

    def find(self, image: Image) -> list[Face]:
        """Give the faces that the detector alone sees, with its own points, as they come."""
        height, width = image.shape[:2]
        if min(height, width) < _SMALLEST:
            return []
        return [_found(each, width, height) for each in self._finder.detect(self._wrap(image)).detections]

    def refine(self, image: Image, face: Face) -> Face:
        """Replace the detector's points by landmarks, where they can be placed and agree with it."""
        window, left, top = _window(image, face.box)
        placed = self._landmarker.detect(self._wrap(window)).face_landmarks
        if not placed:
            return face
        points = np.array([(each.x, each.y) for each in placed[0]]) * (window.shape[1], window.shape[0]) + (left, top)
        five = np.array(
            [
                points[list(_LEFT_EYE)].mean(0),
                points[list(_RIGHT_EYE)].mean(0),
                points[_NOSE],
                points[_MOUTH_LEFT],
                points[_MOUTH_RIGHT],
            ]
        )
        between = float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
        apart = np.linalg.norm(_anchors(five) - _anchors(face.landmarks), axis=1).max()
        if apart > _MOST_APART * between:
            return face
        low, high = points.min(0), points.max(0)
        return Face((float(low[0]), float(low[1]), float(high[0]), float(high[1])), face.score, five)

    def close(self) -> None:
        """Let go of both models."""
        with native_messages_hidden():
            self._finder.close()
            self._landmarker.close()


def _anchors(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([landmarks[0], landmarks[1], landmarks[3:].mean(0)])


def _found(detection: Any, width: int, height: int) -> Face:
    box, score = detection.bounding_box, float(detection.categories[0].score)
    left_eye, right_eye, nose, mouth = np.array([(p.x * width, p.y * height) for p in detection.keypoints[:4]])
    side = _MOUTH * (right_eye - left_eye)
    edges = (box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height)
    landmarks = np.array([left_eye, right_eye, nose, mouth - side, mouth + side])
    return Face((float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])), score, landmarks)


def _moved(face: Face, right: float, down: float) -> Face:
    left, top, far, bottom = face.box
    return Face(
        (left + right, top + down, far + right, bottom + down), face.score, face.landmarks + np.array([right, down])
    )


def _window(image: Image, box: Box) -> tuple[Image, int, int]:
    """Cut a square around a box; what lies beyond the picture is black."""
    side = max(8, round(_CROP * max(box[2] - box[0], box[3] - box[1])))
    left, top = round((box[0] + box[2] - side) / 2), round((box[1] + box[3] - side) / 2)
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if (x0, y0, x1, y1) == (left, top, left + side, top + side):
        return image[y0:y1, x0:x1], left, top
    window = np.zeros((side, side, 3), np.uint8)
    window[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return window, left, top


@contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Send to nowhere what the native library writes to the error stream when models are loaded and let go of."""
    with _ONE_AT_A_TIME:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
