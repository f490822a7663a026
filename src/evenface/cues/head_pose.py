"""Head pose: how far the head is turned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import Cue, CueReading, checked, with_gaps
from evenface.faces.landmarks import Landmarker


class HeadPose(Cue):
    """Yaw and pitch of the head in degrees, from MediaPipe's landmarks (Kartynnik et al., arXiv:1907.06724).

    Yaw is above 0 where the head turns to its own left, pitch where it looks up. Roll is not read: aligning a face
    takes it out.
    """

    name = "head_pose"
    channels = ("yaw", "pitch")
    version = "1"
    size = 192
    confidence = "none: the landmarks have no opinion of themselves"

    def __init__(self) -> None:
        """Load the landmarker.

        Raises:
            MissingAssetError: It is not there; `evenface assets fetch face_landmarker`.
            SettingsError: MediaPipe is not installed.
        """
        self._landmarker = Landmarker()

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give yaw and pitch of each head."""
        seen = self._landmarker.read(checked(self, chips))
        reasons = [None if each else "no landmarks could be placed" for each in seen.found]
        angles = seen.angles()[seen.found, :2]
        return with_gaps(2, seen.found, angles, np.full(len(angles), np.nan, np.float32), reasons)

    def close(self) -> None:
        """Let go of the landmarker."""
        self._landmarker.close()
