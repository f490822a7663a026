"""Image features as the paper took them: VGG11 trained on ImageNet, 2,752 numbers.

VGG11 has no layer of that width. But its eight convolutions have 64 + 128 + 256 + 256 + 512 + 512 + 512 + 512 = 2,752
channels, so that the mean over the face of every channel of every convolution is such a vector. The paper does not say
how it was made: this is our reconstruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, needs
from evenface.cues._cue import Cue, CueReading, checked
from evenface.cues.image_features import features

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTHS = (64, 128, 256, 256, 512, 512, 512, 512)
"""Channels of VGG11's convolutions."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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
        with needs("VGG11", "evenface[vgg]"):
            from torchvision.models import VGG11_Weights, vgg11
        try:
            self._layers = laid_out(vgg11(weights=VGG11_Weights.IMAGENET1K_V1).features)
        except OSError as error:
            raise SettingsError(f"torchvision cannot get VGG11's weights: {error}.") from error

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give the features of each face."""
        return features(lambda pixels: channel_means(self._layers, pixels), checked(self, chips), sum(WIDTHS))


def laid_out(layers: nn.Module) -> nn.Module:
    """Lay weights out as they are read fastest: by channel, and in bfloat16 where the processor multiplies in it."""
    import torch

    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    kind = torch.bfloat16 if fast else torch.float32
    return layers.eval().to(dtype=kind, memory_format=torch.channels_last)  # type: ignore[call-overload]


def standardised(pixels: Tensor, layers: nn.Module) -> Tensor:
    """Bring pixels (face, 3, row, column) in [0, 1] to what torchvision's networks of ImageNet were taught with."""
    import torch

    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in (_MEAN, _DEVIATION))
    return ((pixels - mean) / deviation).to(next(layers.parameters()).dtype)


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
