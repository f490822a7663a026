"""Action units: the paper's cue U, intensities of 17 units of FACS.

`models/weights/action_units.md` is the card of the weights: what they learned from, and how well they read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import CueReading
from evenface.cues._geometry import POINTS, frontal
from evenface.cues._landmarks import LandmarkCue, read_where_found
from evenface.faces.landmarks import Landmarks
from evenface.models.packed import packed_weights, read_safetensors

UNITS = tuple(f"AU{number:02d}" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45))
"""Units whose intensity OpenFace 2 gives (Baltrušaitis et al., FG 2018), in its order."""
PRESENT = 2.0
"""Intensity from which a unit counts as shown: FACS B, slight."""
STRONGEST = 5.0
WEIGHTS = {"action_units": "08f53946cf298ceb0db445fb4749b1f89178252fbe0104e450be45c62a1ccdc5"}
"""Name of weights that ship -> SHA-256 of their safetensors file."""


class ActionUnits(LandmarkCue):
    """Intensities of the 17 units that OpenFace 2 reads, 0 to 5 as FACS A to E (Ekman, Friesen & Hager, 2002).

    MediaPipe's landmarks and facial actions, turned into units by a small network that learned from generated faces,
    whose units are known. Of a unit that shows more on one side, the stronger side counts.
    """

    name = "action_units"
    channels = UNITS
    version = f"1-{WEIGHTS['action_units'][:12]}"

    def __init__(self) -> None:
        """Load the models.

        Raises:
            MissingAssetError: The landmarker is not there; `evenface assets fetch face_landmarker`.
            SettingsError: MediaPipe is not installed.
            InputError: The weights of this installation are damaged.
        """
        self._weights, _ = read_safetensors(*packed_weights(self.name, WEIGHTS))
        super().__init__()

    def of(self, landmarks: Landmarks) -> CueReading:
        """Give the intensity of each unit."""
        return read_where_found(landmarks, intensities(features(landmarks), self._weights))


def features(landmarks: Landmarks) -> NDArray[np.float32]:
    """Give what units are read from (face, feature): facial actions, then frontal landmarks; NaN where not found."""
    return np.concatenate([landmarks.actions, frontal(landmarks).reshape(-1, 3 * len(POINTS))], 1)


def intensities(features: NDArray[np.float32], weights: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Run the network, one hidden layer after the other.

    Args:
        features: (face, feature).
        weights: `mean` and `deviation` (feature,); `<n>.weight` (out, in) and `<n>.bias` (out,) from 0 on.

    Returns:
        (face, unit) from 0 to 5.
    """
    x = (features - weights["mean"]) / weights["deviation"]
    layers = sum(name.endswith(".weight") for name in weights)
    for layer in range(layers):
        x = x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        x = np.maximum(x, 0) if layer < layers - 1 else x
    return np.asarray(np.clip(x, 0, STRONGEST), np.float32)
