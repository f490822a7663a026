"""Graph: the weights of `AttributesNet` as an ONNX model, from faces to probabilities, without torch.

The weights hold each batch normalisation folded into the convolution before it. Scores are the mean over the face and
its mirror image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from evenface.models.graph import OPSET, Graph, Weights

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = 112
_HALVING = ("stem", "blocks.1.depth", "blocks.3.depth", "blocks.5.depth", "blocks.11.depth")


def attributes_graph(weights: Weights, levels: Mapping[str, tuple[str, ...]], temperatures: Iterable[float]) -> bytes:
    """Build the model.

    Args:
        weights: As `AttributesNet` names them, each convolution with its `bias`.
        levels: Of each attribute, in the order of the scores.
        temperatures: What each attribute's scores are divided by.

    Returns:
        An ONNX file: `faces` (face, 112, 112, 3) uint8 RGB in; one output per attribute, named like it,
        probabilities (face, level).

    Raises:
        KeyError: A weight is missing.
    """
    from onnx import TensorProto, helper

    g = Graph(weights, {})
    pixels = g("Transpose", g("Cast", "faces", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    mean, factor = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (MEAN, 1 / np.array(DEVIATION)))
    pixels = g("Mul", g("Sub", pixels, g.constant(mean * 255)), g.constant(factor / 255))
    start, end, axis, step = (g.constant(np.array([n], np.int64)) for n in (-1, -(2**31), 3, -1))
    both = g("Concat", pixels, g("Slice", pixels, start, end, axis, step), axis=0)
    shape = g.constant(np.array([2, -1, sum(map(len, levels.values()))], np.int64))
    scores, at, outputs = g("ReduceMean", g("Reshape", _scores(g, both), shape), axes=[0], keepdims=0), 0, []
    for (name, words), temperature in zip(levels.items(), temperatures, strict=True):
        ends = [g.constant(np.array([n], np.int64)) for n in (at, at + len(words), 1)]
        part = g("Mul", g("Slice", scores, *ends), g.constant(np.float32(1 / temperature)))
        g("Softmax", part, name=name, axis=1)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["face", len(words)]))
        at += len(words)
    taken = [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["face", SIZE, SIZE, 3])]
    graph = helper.make_graph(g.nodes, "attributes", taken, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _scores(g: Graph, x: str) -> str:
    x, size = _step(g, x, "body.stem", SIZE)
    for block in sorted({int(name.split(".")[2]) for name in g.layers if name.startswith("body.blocks.")}):
        x, size = _block(g, x, f"body.blocks.{block}", size)
    x, size = _step(g, x, "body.head", size)
    x = g("ReduceMean", x, axes=[2, 3], keepdims=0)
    return g("Gemm", x, g.constant(g.layers["head.weight"]), g.constant(g.layers["head.bias"]), transB=1)


def _block(g: Graph, x: str, name: str, size: int) -> tuple[str, int]:
    wide = f"{name}.expand.conv.weight" in g.layers
    inside = g.layers[f"{name}.expand.conv.weight"].shape[1] if wide else len(g.layers[f"{name}.depth.conv.weight"])
    y, after = _step(g, x, f"{name}.expand", size) if wide else (x, size)
    y, after = _step(g, y, f"{name}.depth", after)
    y, after = _step(g, y, f"{name}.project", after, bent=False)
    stays = after == size and inside == len(g.layers[f"{name}.project.conv.weight"])
    return (g("Add", x, y) if stays else y), after


def _step(g: Graph, x: str, name: str, size: int, bent: bool = True) -> tuple[str, int]:
    """A convolution that keeps the size or halves it, padded as TensorFlow does, and ReLU6."""
    kernels, stride = g.layers[f"{name}.conv.weight"], 2 if name.removeprefix("body.") in _HALVING else 1
    kernel, after = kernels.shape[-1], -(-size // stride)
    more = max((after - 1) * stride + kernel - size, 0)
    pads = [more // 2] * 2 + [more - more // 2] * 2
    groups = len(kernels) if kernels.shape[1] == 1 else 1
    y = g.conv(f"{name}.conv", x, strides=[stride] * 2, pads=pads, group=groups)
    return (g("Clip", y, g.constant(np.float32(0)), g.constant(np.float32(6))) if bent else y), after
