"""Gaze: where the eyes look, as the place of each iris between the corners of its eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import CueReading, with_gaps
from evenface.cues._geometry import upright
from evenface.cues._landmarks import NO_LANDMARKS, LandmarkCue, frontalness
from evenface.faces.landmarks import Landmarks

# Of the 478 points, on the person's right and left: corners of the eye, iris, middles of the lids.
_CORNERS = ((33, 133), (362, 263))
_IRIS = (468, 473)
_LIDS = ((159, 145), (386, 374))
SHUT = 0.1
"""Opening of an eye, in shares of its width, below which nothing is seen of its iris. Our choice."""
_EYE_WIDTHS = 3.0  # width between the corners, in distances from an eye's centre to its iris: about 30 mm and 10 mm


class Gaze(LandmarkCue):
    """Where the eyes look, against the head: the iris's place in each eye, and the angle of both together.

    `horizontal_left` is how far the iris of the left eye is from the middle between the corners of that eye, in widths
    of the eye: 0 is the middle, above 0 is towards the person's own left. `vertical_…` is its height above the line
    through the corners, in widths too: the height of the opening changes with the gaze. `yaw` is the mean of both eyes
    in degrees, by an eyeball of usual size; there is no angle up or down, of which landmarks tell too little.
    Measures are our own.
    """

    name = "gaze"
    channels = ("horizontal_right", "horizontal_left", "vertical_right", "vertical_left", "yaw")
    version = "1"

    def of(self, landmarks: Landmarks) -> CueReading:
        """Give where each eye looks; a face with a shut eye has no answer."""
        values, opening = directions(upright(landmarks))
        seen = opening.min(1) >= SHUT  # NaN, of no face, is not seen
        reasons = [
            None if each else "an eye is shut" if found else NO_LANDMARKS
            for each, found in zip(seen, landmarks.found, strict=True)
        ]
        return with_gaps(len(self.channels), seen, values[seen], frontalness(landmarks)[seen], reasons)


def directions(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the channels of `Gaze` (face, channel), and how open each eye is (face, eye), in widths of the eye.

    Args:
        points: (face, landmark, 3) as `upright` gives them.
    """
    flat = points[..., :2]
    right, left = flat[:, [each[0] for each in _CORNERS]], flat[:, [each[1] for each in _CORNERS]]
    across = left - right
    width = np.linalg.norm(across, axis=2)
    away = flat[:, list(_IRIS)] - (left + right) / 2
    horizontal = (away * across).sum(2) / width**2
    vertical = (across[..., 0] * away[..., 1] - across[..., 1] * away[..., 0]) / width**2
    lids = flat[:, [each[0] for each in _LIDS]] - flat[:, [each[1] for each in _LIDS]]
    yaw = np.degrees(np.arcsin(np.clip(_EYE_WIDTHS * horizontal.mean(1, keepdims=True), -1, 1)))
    values = np.concatenate([horizontal, vertical, yaw], 1).astype(np.float32)
    return values, np.asarray(np.linalg.norm(lids, axis=2) / width, np.float32)
