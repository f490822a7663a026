"""Depthwise convolution whose gradients do not take most of the time of training on a processor.

In bfloat16, torch 2.13 has no fast kernels on x86 for two of the gradients of a convolution of each channel by itself:
those of 5 x 5 kernels, and those of the pixels where the stride is 2. Both are had from kernels that are fast, and the
numbers are the same but for rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def depthwise(x: Tensor, kernels: Tensor, stride: int = 1, around: int = 0) -> Tensor:
    """Filter each channel by its own kernel.

    Args:
        x: (face, channel, row, column).
        kernels: (channel, 1, side, side), of 3 or 5 pixels a side.
        stride: 1 or 2.
        around: Rows and columns of zeros that are added on each side; with stride 2 none.
    """
    out: Tensor = _Depthwise.apply(x, kernels.to(x.dtype), stride, around)  # type: ignore[no-untyped-call]
    return out


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor, stride: int, around: int) -> Tensor:
        ctx.save_for_backward(x, kernels)
        ctx.stride, ctx.around = stride, around
        return functional.conv2d(x, kernels, None, stride, around, 1, len(kernels))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, out: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, kernels = ctx.saved_tensors
        pixels = _pixels(out, x, kernels, ctx.stride, ctx.around) if ctx.needs_input_grad[0] else None
        return (
            pixels,
            _kernels(out, x, kernels, ctx.stride, ctx.around) if ctx.needs_input_grad[1] else None,
            None,
            None,
        )


def _gradient(out: Tensor, x: Tensor, kernels: Tensor, stride: int, around: int, of: int) -> Tensor:
    wanted = [number == of for number in range(3)]
    given = (None, [stride] * 2, [around] * 2, [1, 1], False, [0, 0], len(kernels), wanted)
    found: Tensor = torch.ops.aten.convolution_backward(out, x, kernels, *given)[of]
    return found


def _pixels(out: Tensor, x: Tensor, kernels: Tensor, stride: int, around: int) -> Tensor:
    if stride == 1:
        return functional.conv2d(out, kernels.flip(2, 3), None, 1, kernels.shape[-1] - 1 - around, 1, len(kernels))
    return _gradient(out.float(), x.float(), kernels.float(), stride, around, 0).to(x.dtype)


def _kernels(out: Tensor, x: Tensor, kernels: Tensor, stride: int, around: int) -> Tensor:
    """Kernels of 5 x 5 as four of 3 x 3 that share their middle lines."""
    if kernels.shape[-1] != 5:
        return _gradient(out, x, kernels, stride, around, 1)
    whole, (rows, columns) = torch.empty_like(kernels), (stride * (n - 1) + 3 for n in out.shape[2:])
    x = functional.pad(x, [around] * 4)
    for down in (0, 2):
        for across in (0, 2):
            seen = x[:, :, down : down + rows, across : across + columns].contiguous(memory_format=torch.channels_last)
            corner = kernels[:, :, down : down + 3, across : across + 3].contiguous()
            whole[:, :, down : down + 3, across : across + 3] = _gradient(out, seen, corner, stride, 0, 1)
    return whole
