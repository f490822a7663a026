"""Graph: the weights of `MacroNet` as an ONNX model, from grey pixels to probabilities, without torch.

Batch normalisation is folded into the convolution before it; each face is brought to mean 0 and deviation 1; the answer
is the mean over the face and its mirror image, so that left and right count alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]

_OPSET = 17
_EPSILON = 1e-5  # of torch's batch normalisation


class _Graph:
    """Collects nodes and constants, and names what flows between them."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def __call__(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name


def macro_graph(weights: Weights, bias: Floats, temperature: float) -> bytes:
    """Build the model.

    Args:
        weights: As `MacroNet` names them, with or without squeeze and excitation.
        bias: (class,) added to the logits.
        temperature: The logits are divided by it.

    Returns:
        An ONNX file: `grey` (face, 1, 48, 48) float32 from 0 to 255 in, `probabilities` (face, class) out.
    """
    from onnx import TensorProto, helper

    g = _Graph()
    logits = [_logits(g, weights, _normalised(g, picture)) for picture in ("grey", _mirrored(g, "grey"))]
    both = g("Mul", g("Add", *logits), g.constant(np.float32(0.5 / temperature)))
    out = g("Softmax", g("Add", both, g.constant((bias / temperature).astype(np.float32))), axis=1)
    g.nodes.append(helper.make_node("Identity", [out], ["probabilities"]))
    graph = helper.make_graph(
        g.nodes,
        "macro",
        [helper.make_tensor_value_info("grey", TensorProto.FLOAT, ["face", 1, 48, 48])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["face", len(bias)])],
        g.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _mirrored(g: _Graph, picture: str) -> str:
    start, end, axis, step = (g.constant(np.array([n], np.int64)) for n in (-1, -(2**31), 3, -1))
    return g("Slice", picture, start, end, axis, step)


def _normalised(g: _Graph, picture: str) -> str:
    centred = g("Sub", picture, g("ReduceMean", picture, axes=[1, 2, 3], keepdims=1))
    count = 48 * 48
    variance = g("ReduceMean", g("Mul", centred, centred), axes=[1, 2, 3], keepdims=1)
    deviation = g("Sqrt", g("Mul", variance, g.constant(np.float32(count / (count - 1)))))
    return g("Div", centred, g("Max", deviation, g.constant(np.float32(1e-3))))


def _convolved(g: _Graph, weights: Weights, x: str, conv: str, norm: str, stride: int = 1) -> str:
    """A convolution with the batch normalisation after it, as one."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + _EPSILON)
    kernel = weights[f"{conv}.weight"] * scale[:, None, None, None]
    shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return g("Conv", x, g.constant(kernel), g.constant(shift), strides=[stride] * 2, pads=[1] * 4)


def _logits(g: _Graph, weights: Weights, x: str) -> str:
    x = g("Relu", _convolved(g, weights, x, "body.0", "body.1"))
    x = g("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    blocks = sorted({int(name.split(".")[1]) for name in weights if ".first.weight" in name})
    for block in blocks:
        x = _block(g, weights, x, f"body.{block}")
    x = g("ReduceMean", x, axes=[2, 3], keepdims=0)
    return g("Gemm", x, g.constant(weights["head.weight"]), g.constant(weights["head.bias"]), transB=1)


def _block(g: _Graph, weights: Weights, x: str, name: str) -> str:
    around = weights.get(f"{name}.around.weight")
    outside, inside = weights[f"{name}.first.weight"].shape[:2]
    stride = 2 if outside != inside and inside != 32 else 1  # the first stage keeps the size of the picture
    y = g("Relu", _convolved(g, weights, x, f"{name}.first", f"{name}.first_norm", stride))
    y = _convolved(g, weights, y, f"{name}.second", f"{name}.second_norm")
    if f"{name}.squeeze.weight" in weights:
        y = g("Mul", y, _gate(g, weights, y, name))
    if around is not None:
        x = g("Conv", x, g.constant(around), strides=[stride] * 2)
    return g("Relu", g("Add", y, x))


def _gate(g: _Graph, weights: Weights, y: str, name: str) -> str:
    """What squeeze and excitation weigh each channel by."""
    mean = g("ReduceMean", y, axes=[2, 3], keepdims=0)
    for layer, kind in (("squeeze", "Relu"), ("excite", "Sigmoid")):
        matrix, shift = (g.constant(weights[f"{name}.{layer}.{part}"]) for part in ("weight", "bias"))
        mean = g(kind, g("Gemm", mean, matrix, shift, transB=1))
    return g("Unsqueeze", mean, g.constant(np.array([2, 3], np.int64)))
