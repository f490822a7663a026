"""Head pose: how far the head is turned."""

from __future__ import annotations

import numpy as np

from evenface.cues._cue import CueReading
from evenface.cues._landmarks import LandmarkCue, read_where_found
from evenface.faces.landmarks import Landmarks


class HeadPose(LandmarkCue):
    """Yaw and pitch of the head in degrees, from MediaPipe's landmarks (Kartynnik et al., arXiv:1907.06724).

    Yaw is above 0 where the head turns to its own left, pitch where it looks up. Roll is not read: aligning a face
    takes it out.
    """

    name = "head_pose"
    channels = ("yaw", "pitch")
    version = "1"
    confidence = "none: the landmarks have no opinion of themselves"

    def of(self, landmarks: Landmarks) -> CueReading:
        """Give yaw and pitch of each head."""
        values = landmarks.angles()[:, :2]
        return read_where_found(landmarks, values, np.full(len(values), np.nan, np.float32))
