"""Graph: the weights of `AttributesNet` as an ONNX model, from faces to probabilities, without torch.

Faces are enlarged to the size that the net learnt from, and scores are the mean over the face and its mirror image.
With `ranges`, all but the last layer is computed in 8-bit integers, see `evenface.models.graph`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from evenface.models.graph import OPSET, Graph, Ranges, Weights

MEAN = (122.782, 117.001, 104.298)
"""Of the pixels that dlib's net learnt from, RGB from 0 to 255."""

SIZE, INSIDE = 112, 150
"""Pixels of a side: of the faces that are given, and of those that the net reads."""

HALVING = (3, 7, 10, 13)
"""The blocks that halve the picture."""


def attributes_graph(
    weights: Weights,
    levels: Mapping[str, tuple[str, ...]],
    temperatures: Iterable[float],
    *,
    ranges: Ranges | None = None,
    show: bool = False,
) -> bytes:
    """Build the model.

    Args:
        weights: As `AttributesNet` names them, or `quantised` from those.
        levels: Of each attribute, in the order of the scores.
        temperatures: What each attribute's scores are divided by.
        ranges: Lowest and highest value of each tensor that is kept in 8 bits, by its name; needs quantised weights.
        show: Whether every tensor that could be kept in 8 bits is an output too, to find the ranges.

    Returns:
        An ONNX file: `faces` (face, 112, 112, 3) uint8 RGB in; one output per attribute, named like it,
        probabilities (face, level).

    Raises:
        KeyError: A weight is missing.
    """
    from onnx import TensorProto, helper

    g = Graph(weights, ranges or {})
    shape = g.constant(np.array([2, -1, sum(map(len, levels.values()))], np.int64))
    scores, at, outputs = g("ReduceMean", g("Reshape", _scores(g, _both(g)), shape), axes=[0], keepdims=0), 0, []
    for (name, words), temperature in zip(levels.items(), temperatures, strict=True):
        ends = [g.constant(np.array([n], np.int64)) for n in (at, at + len(words), 1)]
        part = g("Mul", g("Slice", scores, *ends), g.constant(np.float32(1 / temperature)))
        g("Softmax", part, name=name, axis=1)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["face", len(words)]))
        at += len(words)
    if show:
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in g.kept]
    taken = [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["face", SIZE, SIZE, 3])]
    graph = helper.make_graph(g.nodes, "attributes", taken, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _both(g: Graph) -> str:
    """All faces as the net reads them, and after them their mirror images."""
    from onnx import TensorProto

    pixels = g("Transpose", g("Cast", "faces", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    mean, larger = np.array(MEAN, np.float32).reshape(1, 3, 1, 1), np.array([1, 1, INSIDE / SIZE, INSIDE / SIZE])
    pixels = g("Mul", g("Sub", pixels, g.constant(mean)), g.constant(np.float32(1 / 256)))
    start, end, axis, step = (g.constant(np.array([n], np.int64)) for n in (-1, -(2**31), 3, -1))
    both = g("Concat", pixels, g("Slice", pixels, start, end, axis, step), axis=0)
    return g("Resize", both, "", g.constant(larger.astype(np.float32)), mode="linear")


def _scores(g: Graph, x: str) -> str:
    x = g("Relu", g.conv("body.stem", g.keep("in", x), strides=[2, 2]))
    x = g.keep("stem", g("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]))
    side = ((INSIDE - 5) // 2 - 1) // 2
    for block in sorted({int(name.split(".")[2]) for name in g.layers if name.startswith("body.blocks.")}):
        x = _block(g, x, f"body.blocks.{block}", side if block in HALVING else 0)
        side //= 1 + (block in HALVING)
    x = g("ReduceMean", x, axes=[2, 3], keepdims=0)
    return g("Gemm", x, g.constant(g.layers["head.weight"]), g.constant(g.layers["head.bias"]), transB=1)


def _block(g: Graph, x: str, name: str, halved: int) -> str:
    """Two convolutions and the way around them; `halved` is the side of a picture that is to be halved, or 0."""
    strides, around = ([2, 2], 0) if halved else ([1, 1], 1)
    y = g("Relu", g.conv(f"{name}.first", x, strides=strides, pads=[around] * 4))
    y = g.keep(f"{name}.second", g.conv(f"{name}.second", g.keep(f"{name}.first", y), pads=[1] * 4))
    if halved:
        more, lines = g.layers[f"{name}.first.weight"].shape, halved // 2 - (halved - 1) // 2
        x = g("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        x = g.keep(f"{name}.around", g("Pad", x, g.constant(np.array([0] * 5 + [more[0] - more[1], 0, 0], np.int64))))
        y = g("Pad", y, g.constant(np.array([0] * 6 + [lines, lines], np.int64)))
    return g.keep(name, g("Relu", g("Add", y, x)))
