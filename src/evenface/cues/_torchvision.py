"""Networks of ImageNet whose weights torchvision gets, for the cues that read with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import SettingsError, needs

if TYPE_CHECKING:
    from torch import Tensor, nn

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def imagenet_layers(name: str, title: str) -> nn.Module:
    """Give the layers of a network before its classifier, with the weights of ImageNet.

    Args:
        name: As torchvision calls it.
        title: As messages call it.

    Raises:
        SettingsError: torchvision is not installed, or cannot get the weights.
    """
    with needs(title, "evenface[vgg]"):
        from torchvision.models import get_model
    try:
        return laid_out(get_model(name, weights="IMAGENET1K_V1").features)
    except OSError as error:
        raise SettingsError(f"torchvision cannot get {title}'s weights: {error}.") from error


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
