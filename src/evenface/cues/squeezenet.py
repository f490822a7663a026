"""Image features of a small network: SqueezeNet trained on ImageNet, 512 numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import Cue, CueReading, checked
from evenface.cues._torchvision import imagenet_layers, standardised
from evenface.cues.image_features import features

_WIDTH = 512


class SqueezeNet(Cue):
    """512 features of SqueezeNet 1.1, the mean over the face of its last layer (Iandola et al., arXiv:1602.07360).

    The small one among image features: 0.7 million parameters. torchvision gets the weights (5 MB) when the cue is
    first used.
    """

    name = "squeezenet"
    channels = tuple(f"f{number:03d}" for number in range(_WIDTH))
    version = "1-IMAGENET1K_V1"
    size = 128
    confidence = "none: these features have no opinion of themselves"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            SettingsError: torchvision is not installed, or cannot get the weights.
        """
        self._layers = imagenet_layers("squeezenet1_1", "SqueezeNet")

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give the features of each face."""
        return features(
            lambda pixels: self._layers(standardised(pixels, self._layers)).float().mean((2, 3)),
            checked(self, chips),
            _WIDTH,
        )
