"""Image features as the paper took them: VGG11 trained on ImageNet, 2,752 numbers.

VGG11 has no layer of that width. But its eight convolutions have 64 + 128 + 256 + 256 + 512 + 512 + 512 + 512 = 2,752
channels, so that the mean over the face of every channel of every convolution is such a vector. The paper does not say
how it was made: this is our reconstruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.cues._cue import Cue, CueReading, checked
from evenface.cues._torchvision import imagenet_layers, standardised
from evenface.cues.image_features import features

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTHS = (64, 128, 256, 256, 512, 512, 512, 512)
"""Channels of VGG11's convolutions."""


class VGG11(Cue):
    """The paper's cue F: 2,752 features of VGG11, every convolution's channels, each as its mean over the face (2014).

    Simonyan & Zisserman, arXiv:1409.1556; which 2,752 numbers the paper took is our reconstruction. torchvision gets
    the weights (507 MB) when the cue is first used. Where the processor multiplies in bfloat16, so does this cue: five
    times faster, and the same but for rounding in the third digit.
    """

    name = "vgg11"
    channels = tuple(f"conv{layer}_{n:03d}" for layer, width in enumerate(WIDTHS, 1) for n in range(width))
    version = "2-IMAGENET1K_V1"
    size = 192
    confidence = "none: these features have no opinion of themselves"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            SettingsError: torchvision is not installed, or cannot get the weights.
        """
        self._layers = imagenet_layers("vgg11", "VGG11")

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give the features of each face."""
        return features(lambda pixels: channel_means(self._layers, pixels), checked(self, chips), sum(WIDTHS))


def channel_means(layers: nn.Module, pixels: Tensor) -> Tensor:
    """Give the mean over each picture of every channel of every convolution, after its ReLU.

    Args:
        layers: As torchvision's `vgg11().features`.
        pixels: (face, 3, row, column) RGB in [0, 1].

    Returns:
        (face, channel), in the order of the layers.

    Raises:
        InputError: The layers are not those of VGG11.
    """
    import torch
    from torch import nn

    x: Any = standardised(pixels, layers)
    means = []
    for layer in layers.children():
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            means.append(x.mean((2, 3), dtype=torch.float32))
    if tuple(each.shape[1] for each in means) != WIDTHS:
        raise InputError(f"These layers have {[each.shape[1] for each in means]} channels; VGG11 has {list(WIDTHS)}.")
    return torch.cat(means, 1)
