"""Landmarks: 478 points on a face, 52 facial actions and the turn of the head, as MediaPipe reads them from a chip.

Kartynnik et al., arXiv:1907.06724; the facial actions ("blendshapes") are those of Apple's ARKit, as Google's model
card of the face landmarker lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.faces.assets import locate
from evenface.faces.detectors.mediapipe import ASSET, mediapipe_parts, native_messages_hidden
from evenface.faces.face import Image

POINTS, ACTIONS = 478, 52
_MARGIN = 0.25  # of a chip's side, put around it: a chip is too tight for the model's own detector
_LEAST = 0.2  # of the detector and of the landmarks


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What was read from several chips; rows of faces that were not found are NaN.

    Attributes:
        found: (face,) whether a face was found.
        points: (face, 478, 3) float32: x to the right, y down and z away from the viewer, in sides of the chip.
        actions: (face, 52) float32 in [0, 1], in the order of `names`.
        turn: (face, 3, 3) float32: the rotation of the head; the identity looks at the viewer.
        names: Of the actions, such as `mouthSmileLeft`.
    """

    found: NDArray[np.bool_]
    points: NDArray[np.float32]
    actions: NDArray[np.float32]
    turn: NDArray[np.float32]
    names: tuple[str, ...]

    def angles(self) -> NDArray[np.float32]:
        """Give yaw, pitch and roll of each head in degrees (face, 3).

        Yaw is above 0 where a head turns to its own left, pitch where it looks up, roll where it tilts to its own
        left.
        """
        turn = self.turn.astype(np.float64)
        yaw = np.arcsin(np.clip(-turn[:, 2, 0], -1, 1))
        pitch = -np.arctan2(turn[:, 2, 1], turn[:, 2, 2])
        roll = np.arctan2(turn[:, 1, 0], turn[:, 0, 0])
        return np.degrees(np.stack([yaw, pitch, roll], 1)).astype(np.float32)


class Landmarker:
    """Places landmarks on chips, one at a time; one object is used by one thread at a time."""

    def __init__(self) -> None:
        """Load the model.

        Raises:
            MissingAssetError: The model file is not there, or not the one that was pinned.
            SettingsError: MediaPipe is not installed.
        """
        path = locate(ASSET)
        mediapipe, tasks, vision = mediapipe_parts("Placing landmarks")
        self._wrap: Callable[[Image], Any] = lambda image: mediapipe.Image(
            mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image)
        )
        options = vision.FaceLandmarkerOptions(
            tasks.BaseOptions(model_asset_path=str(path)),
            num_faces=1,
            min_face_detection_confidence=_LEAST,
            min_face_presence_confidence=_LEAST,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        with native_messages_hidden():
            self._model = vision.FaceLandmarker.create_from_options(options)
            self._model.detect(self._wrap(np.zeros((64, 64, 3), np.uint8)))

    def read(self, chips: NDArray[np.uint8]) -> Landmarks:
        """Place landmarks on each chip.

        Args:
            chips: (face, row, column, 3) RGB.
        """
        faces, side = len(chips), chips.shape[1]
        points = np.full((faces, POINTS, 3), np.nan, np.float32)
        actions = np.full((faces, ACTIONS), np.nan, np.float32)
        turn = np.full((faces, 3, 3), np.nan, np.float32)
        names: tuple[str, ...] = ()
        around = round(_MARGIN * side)
        for place, chip in enumerate(chips):
            seen = self._model.detect(self._wrap(np.pad(chip, ((around,) * 2, (around,) * 2, (0, 0)), "edge")))
            if not seen.face_landmarks:
                continue
            points[place] = [(each.x, each.y, each.z) for each in seen.face_landmarks[0]]
            actions[place] = [each.score for each in seen.face_blendshapes[0]]
            turn[place] = np.asarray(seen.facial_transformation_matrixes[0])[:3, :3]
            names = tuple(each.category_name for each in seen.face_blendshapes[0])
        scale = (side + 2 * around) / side
        points = points * np.float32(scale) - np.array([around / side, around / side, 0], np.float32)
        return Landmarks(np.asarray(np.isfinite(actions).all(1)), points, actions, turn, names)

    def close(self) -> None:
        """Let go of the model."""
        with native_messages_hidden():
            self._model.close()
