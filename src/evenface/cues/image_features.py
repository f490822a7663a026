"""Image features: the paper's cue F, by a network that ImageNet taught what pictures hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import needs
from evenface.cues._cue import Cue, CueReading, all_read, checked
from evenface.faces.assets import ASSETS, locate

if TYPE_CHECKING:
    from torch import Tensor

TOGETHER = 16
"""Faces at a time, always: the last batch is filled up, so that no face's features depend on the others."""
_ASSET = "efficientnet_lite0"
_WIDTH = 1280


class ImageFeatures(Cue):
    """1,280 features of EfficientNet-Lite0, the mean over the face of its last layer (Tan & Le, arXiv:1905.11946).

    The paper took VGG11 (cue `vgg11`), whose weights no package holds; these come with one.
    """

    name = "image_features"
    channels = tuple(f"f{number:04d}" for number in range(_WIDTH))
    version = f"2-{ASSETS[_ASSET].sha256[:12]}"
    size = 128
    confidence = "none: these features have no opinion of themselves"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            MissingAssetError: Its weights are not there; `evenface assets fetch efficientnet_lite0`.
            SettingsError: torch is not installed.
        """
        path = locate(_ASSET)
        with needs("Reading image features", "evenface[models]"):
            from evenface.models.efficientnet_lite import EfficientNetLite, load_imagenet
        self._net = EfficientNetLite()
        load_imagenet(self._net, path)
        self._net.eval()
        self._net.fold()

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give the features of each face."""
        return features(lambda pixels: self._net(pixels).mean((2, 3)), checked(self, chips), _WIDTH)


def features(net: Callable[[Tensor], Tensor], chips: NDArray[np.uint8], width: int) -> CueReading:
    """Run a torch network over chips, a fixed number at a time.

    Args:
        net: Gives (face, feature) for (face, 3, row, column) in [0, 1].
        chips: (face, row, column, 3) RGB.
        width: Features of a face.
    """
    import torch

    out = np.empty((len(chips), width), np.float32)
    with torch.inference_mode():
        for start in range(0, len(chips), TOGETHER):
            part = chips[start : start + TOGETHER]
            full = np.zeros((TOGETHER, *chips.shape[1:]), np.uint8)
            full[: len(part)] = part
            pixels = torch.from_numpy(full).permute(0, 3, 1, 2).float() / 255  # laid out by channel, as they come
            out[start : start + len(part)] = net(pixels)[: len(part)].numpy()
    return all_read(out, np.full(len(chips), np.nan, np.float32))
