"""Read the convolutions of dlib's net of faces: where `tools/train_attributes.py` starts from.

The file is `dlib_face_recognition_resnet_model_v1.dat` (Davis King, 2017, public domain, CC0), as the source
distribution `face_recognition_models==0.3.0` on the package index holds it. Integers in it are a byte that tells how
many bytes follow, and those, lowest first; a tensor is a 2, four integers (its sizes) and its numbers in float32. A
layer's name stands before its tensor, and layers stand in the order in which they are computed. Each convolution has
its filters and then its biases in one tensor, and the factors and summands after it in another: both are folded into
the filters here.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def load_dlib(body: nn.Module, path: Path) -> None:
    """Put the file's weights into the convolutions of a net, one after the other, as its modules are ordered.

    Raises:
        ValueError: The file does not hold as many numbers as the net has, layer by layer.
    """
    packed = path.read_bytes()
    filters, scales = (_tensors(packed, name) for name in (rb"\x05con_\d", rb"\x07affine_"))
    convolutions = [module for module in body.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        for module, flat, scale in zip(convolutions, filters, scales, strict=True):
            factor, summand = scale.view(2, -1)
            whole, bias = flat.tensor_split([module.weight.numel()])
            module.weight.copy_(whole.view_as(module.weight) * factor.view(-1, 1, 1, 1))
            module.bias.copy_(bias.view_as(module.bias) * factor + summand)


def _tensors(packed: bytes, name: bytes) -> list[Tensor]:
    """The tensor after each layer of that name, flat."""
    out = []
    for found in re.finditer(rb"\x01" + name + rb"\x01\x02", packed, re.DOTALL):
        at, count = found.end(), 1
        for _ in range(4):
            size = packed[at] & 0x0F
            count *= int.from_bytes(packed[at + 1 : at + 1 + size], "little")
            at += 1 + size
        out.append(torch.from_numpy(np.frombuffer(packed, "<f4", count, at).copy()))
    return out
