"""Cues that are read from landmarks alone: whatever they are, landmarks are placed once on each face."""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import SIDE, Cue, CueReading, checked, with_gaps
from evenface.faces.landmarks import Landmarker, Landmarks

NO_LANDMARKS = "no landmarks could be placed"
_FARTHEST = 45.0  # degrees of yaw or pitch at which confidence is 0


class LandmarkCue(Cue):
    """A cue that sees nothing of a face but its landmarks.

    All such cues of a process share one landmarker, which remembers what it read last.
    """

    size = SIDE
    confidence: ClassVar[str] = (
        "how frontal the head is: 1 looks at the viewer, 0 is turned or tilted by 45 degrees or more"
    )

    def __init__(self) -> None:
        """Load the landmarker.

        Raises:
            MissingAssetError: It is not there; `evenface assets fetch face_landmarker`.
            SettingsError: MediaPipe is not installed.
        """
        self._shared: _Shared | None = _Shared.borrow()

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Place landmarks, and give what is read from them."""
        if self._shared is None:
            raise ValueError(f"Cue {self.name!r} is closed.")
        return self.of(self._shared.read(checked(self, chips)))

    @abstractmethod
    def of(self, landmarks: Landmarks) -> CueReading:
        """Give what is read from landmarks."""

    def close(self) -> None:
        """Let go of the landmarker, which is closed with the last cue that uses it."""
        if self._shared is not None:
            self._shared.give_back()
        self._shared = None


def read_where_found(
    landmarks: Landmarks, values: NDArray[np.float32], confidence: NDArray[np.float32] | None = None
) -> CueReading:
    """Give a reading of the faces that were found.

    Args:
        landmarks: Of all faces.
        values: (face, channel).
        confidence: (face,); None: how frontal the head is.
    """
    found = landmarks.found
    sure = frontalness(landmarks) if confidence is None else confidence
    return with_gaps(
        values.shape[1], found, values[found], sure[found], [None if each else NO_LANDMARKS for each in found]
    )


def frontalness(landmarks: Landmarks) -> NDArray[np.float32]:
    """Give how frontal each head is (face,): 1 looks at the viewer, 0 is turned by 45 degrees; NaN if not found."""
    return np.asarray(np.clip(1 - np.abs(landmarks.angles()[:, :2]).max(1) / _FARTHEST, 0, 1), np.float32)


class _Shared:
    """The landmarker of this process, and what it read last: cues that are read after one another get that."""

    _one: ClassVar[_Shared | None] = None
    _lending = threading.Lock()

    def __init__(self) -> None:
        self._model, self._users = Landmarker(), 0
        self._last: tuple[NDArray[np.uint8], Landmarks] | None = None
        self._reading = threading.Lock()  # MediaPipe reads one face at a time

    @classmethod
    def borrow(cls) -> _Shared:
        """Give the one that there is, or make it."""
        with cls._lending:
            cls._one = cls._one or cls()
            cls._one._users += 1
            return cls._one

    def give_back(self) -> None:
        with self._lending:
            self._users -= 1
            if not self._users:
                type(self)._one = None
                self._model.close()

    def read(self, chips: NDArray[np.uint8]) -> Landmarks:
        with self._reading:
            if self._last is None or not np.array_equal(self._last[0], chips):
                self._last = chips.copy(), self._model.read(chips)
            return self._last[1]
