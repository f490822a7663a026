"""Graph: the weights of the two nets of attributes as one ONNX model, from faces to probabilities, without torch.

`dlib` is `AttributesNet`; `lite` is EfficientNet-Lite0 with one linear layer on its averaged features, each of its
normalisations folded into the convolution before it. Each net's scores are divided by its temperatures; the mean over
the nets, and over a face and its mirror image, is what probabilities are made of: they are the normalised geometric
mean of both nets' probabilities. With `ranges`, most is computed in 8-bit integers, see `evenface.models.graph`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evenface.models.graph import OPSET, Graph, Ranges, Weights

MEAN = (122.782, 117.001, 104.298)
"""Of the pixels that dlib's net learnt from, RGB from 0 to 255."""

SIZE, INSIDE = 112, 150
"""Pixels of a side: of the faces that are given, and of those that dlib's net reads."""

HALVING = (3, 7, 10, 13)
"""The blocks of dlib's net that halve the picture."""

_LITE_MEAN, _LITE_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_LITE_HALVING = ("stem", "blocks.1.depth", "blocks.3.depth", "blocks.5.depth", "blocks.11.depth")


def attributes_graph(
    weights: Weights,
    levels: Mapping[str, tuple[str, ...]],
    temperatures: Mapping[str, Sequence[float]],
    *,
    ranges: Ranges | None = None,
    show: bool = False,
) -> bytes:
    """Build the model.

    Args:
        weights: Of each net, its name (`dlib`, `lite`) and a dot before the names of its layers; or `quantised` from
            those.
        levels: Of each attribute, in the order of the scores.
        temperatures: Name of each net that is asked -> what its scores of each attribute are divided by.
        ranges: Lowest and highest value of each tensor that is kept in 8 bits, by its name; needs quantised weights.
        show: Whether every tensor that could be kept in 8 bits is an output too, to find the ranges.

    Returns:
        An ONNX file: `faces` (face, 112, 112, 3) uint8 RGB in; one output per attribute, named like it,
        probabilities (face, level).

    Raises:
        KeyError: A weight is missing, or there is no such net.
    """
    from onnx import TensorProto, helper

    g, counts = Graph(weights, ranges or {}), [len(words) for words in levels.values()]
    both, parts = _both(g), []
    for net, warm in temperatures.items():
        factors = np.repeat(1 / np.array(warm), counts).astype(np.float32)
        parts.append(g("Mul", _NETS[net](g, both), g.constant(factors)))
    g.check_ranges()
    shape = g.constant(np.array([2 * len(parts), -1, sum(counts)], np.int64))
    scores = g("ReduceMean", g("Reshape", g("Concat", *parts, axis=0), shape), axes=[0], keepdims=0)
    outputs = []
    for (name, words), at in zip(levels.items(), np.cumsum(counts), strict=True):
        ends = [g.constant(np.array([n], np.int64)) for n in (at - len(words), at, 1)]
        g("Softmax", g("Slice", scores, *ends), name=name, axis=1)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["face", len(words)]))
    if show:
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in g.kept]
    taken = [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["face", SIZE, SIZE, 3])]
    graph = helper.make_graph(g.nodes, "attributes", taken, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _both(g: Graph) -> str:
    """Pixels (face, 3, row, column) of all faces, and after them of their mirror images."""
    from onnx import TensorProto

    pixels = g("Transpose", g("Cast", "faces", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    start, end, axis, step = (g.constant(np.array([n], np.int64)) for n in (-1, -(2**31), 3, -1))
    return g("Concat", pixels, g("Slice", pixels, start, end, axis, step), axis=0)


def _shifted(g: Graph, pixels: str, mean: Sequence[float], factor: Sequence[float]) -> str:
    """Pixels less a mean of each colour, times a factor of each."""
    less, by = (g.constant(np.array(values, np.float32).reshape(1, 3, 1, 1)) for values in (mean, factor))
    return g("Mul", g("Sub", pixels, less), by)


def _read(g: Graph, x: str, head: str) -> str:
    x = g("ReduceMean", x, axes=[2, 3], keepdims=0)
    return g("Gemm", x, g.constant(g.layers[f"{head}.weight"]), g.constant(g.layers[f"{head}.bias"]), transB=1)


def _blocks(g: Graph, body: str) -> list[int]:
    return sorted({int(name.removeprefix(body).split(".")[0]) for name in g.layers if name.startswith(body)})


def _dlib(g: Graph, pixels: str) -> str:
    """Scores of dlib's net; it reads enlarged faces."""
    x = _shifted(g, pixels, MEAN, [1 / 256] * 3)
    larger = g.constant(np.array([1, 1, INSIDE / SIZE, INSIDE / SIZE], np.float32))
    x = g.keep("dlib.in", g("Resize", x, "", larger, mode="linear"))
    x = g("Relu", g.conv("dlib.body.stem", x, strides=[2, 2]))
    x = g.keep("dlib.stem", g("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]))
    side = ((INSIDE - 5) // 2 - 1) // 2
    for block in _blocks(g, "dlib.body.blocks."):
        x = _dlib_block(g, x, f"dlib.body.blocks.{block}", side if block in HALVING else 0)
        side //= 1 + (block in HALVING)
    return _read(g, x, "dlib.head")


def _dlib_block(g: Graph, x: str, name: str, halved: int) -> str:
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


def _lite(g: Graph, pixels: str) -> str:
    """Scores of EfficientNet-Lite0."""
    x = _shifted(g, pixels, [255 * m for m in _LITE_MEAN], [1 / (255 * d) for d in _LITE_DEVIATION])
    x, size = _step(g, g.keep("lite.in", x), "lite.body.stem", SIZE)
    for block in _blocks(g, "lite.body.blocks."):
        x, size = _lite_block(g, x, f"lite.body.blocks.{block}", size)
    x, _ = _step(g, x, "lite.body.head", size)
    return _read(g, x, "lite.head")


def _lite_block(g: Graph, x: str, name: str, size: int) -> tuple[str, int]:
    """Widen, filter each channel by itself, narrow; with a way round where the shape stays."""
    wide = f"{name}.expand.conv.weight" in g.layers
    inside = g.layers[f"{name}.expand.conv.weight"].shape[1] if wide else len(g.layers[f"{name}.depth.conv.weight"])
    y, after = _step(g, x, f"{name}.expand", size) if wide else (x, size)
    y, after = _step(g, y, f"{name}.depth", after)
    y, after = _step(g, y, f"{name}.project", after, bent=False)
    stays = after == size and inside == len(g.layers[f"{name}.project.conv.weight"])
    return (g.keep(name, g("Add", x, y)) if stays else y), after


def _step(g: Graph, x: str, name: str, size: int, bent: bool = True) -> tuple[str, int]:
    """A convolution that keeps the size or halves it, padded as TensorFlow does, and ReLU6."""
    kernels = g.layers[f"{name}.conv.weight"]
    stride = 2 if name.removeprefix("lite.body.") in _LITE_HALVING else 1
    kernel, after = kernels.shape[-1], -(-size // stride)
    more = max((after - 1) * stride + kernel - size, 0)
    pads = [more // 2] * 2 + [more - more // 2] * 2
    groups = len(kernels) if kernels.shape[1] == 1 else 1
    y = g.conv(f"{name}.conv", x, strides=[stride] * 2, pads=pads, group=groups)
    return g.keep(name, g("Clip", y, g.constant(np.float32(0)), g.constant(np.float32(6))) if bent else y), after


_NETS = {"dlib": _dlib, "lite": _lite}
