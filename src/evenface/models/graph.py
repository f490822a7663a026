"""Graph: the weights of `MacroNet` as an ONNX model, from grey pixels to probabilities, without torch.

Batch normalisation is folded into the convolution before it; each face is brought to mean 0 and deviation 1. With
`ranges`, everything between the first convolution and the last mean is computed in 8-bit integers: each tensor has one
scale and one zero, each filter a scale of its own (Jacob et al., arXiv:1712.05877).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = Mapping[str, Array]
Ranges = Mapping[str, tuple[float, float]]

OPSET = 17
_EPSILON = 1e-5  # of torch's batch normalisation
EMBEDDING_BLOCK = 6
"""The block whose maps pictures are compared by: 96 of 12 x 12."""
_SIZE = 48
_LEAST = 1e-4  # of a filter's largest weight: in the units of one that is nearly 0, its bias would not fit in 32 bits


def folded(state: Weights) -> dict[str, Array]:
    """Fold batch normalisations into convolutions.

    Args:
        state: As `MacroNet` names its tensors.

    Returns:
        float32 `<layer>.weight` and `<layer>.bias` of every convolution and linear map.
    """
    out: dict[str, Array] = {}
    for name in (key.removesuffix(".weight") for key, value in state.items() if key.endswith(".weight")):
        weight = state[f"{name}.weight"]
        if weight.ndim == 1:  # of a normalisation
            continue
        if weight.ndim == 2:
            out |= {f"{name}.weight": weight, f"{name}.bias": state[f"{name}.bias"]}
            continue
        norm = "body.1" if name == "body.0" else f"{name}_norm"
        scale: Array = np.ones(len(weight))
        shift: Array = np.zeros(len(weight))
        if f"{norm}.weight" in state:
            scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + _EPSILON)
            shift = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        out |= {f"{name}.weight": weight * scale[:, None, None, None], f"{name}.bias": shift}
    return {name: np.asarray(value, np.float32) for name, value in out.items()}


def quantised(layers: Weights) -> dict[str, Array]:
    """Bring every convolution's filters to int8, each with a `<layer>.scale` (filter,); the rest stays as it is."""
    out = dict(layers)
    for key in [key for key, value in layers.items() if value.ndim == 4]:
        scale = np.maximum(np.abs(layers[key]).max((1, 2, 3)), _LEAST) / 127
        out[key] = np.rint(layers[key] / scale[:, None, None, None]).astype(np.int8)
        out[f"{key.removesuffix('.weight')}.scale"] = scale.astype(np.float32)
    return out


def macro_graph(
    layers: Weights, temperature: float, *, mirrored: bool = True, ranges: Ranges | None = None, show: bool = False
) -> bytes:
    """Build the model.

    Args:
        layers: As `folded` gives them, or `quantised`.
        temperature: The logits are divided by it.
        mirrored: Whether the answer is the mean over the face and its mirror image, so that left and right count alike.
        ranges: Lowest and highest value of each tensor that is kept in 8 bits, by its name; needs quantised layers.
        show: Whether every tensor that could be kept in 8 bits is an output too, to find the ranges.

    Returns:
        An ONNX file: `grey` (face, 1, 48, 48) float32 from 0 to 255 in, `probabilities` (face, class) out.
    """
    from onnx import TensorProto, helper

    g = Graph(layers, ranges or {})
    logits = _logits(g, _normalised(g, "grey"), "")
    if mirrored:
        start, end, axis, step = (g.constant(np.array([n], np.int64)) for n in (-1, -(2**31), 3, -1))
        other = _logits(g, _normalised(g, g("Slice", "grey", start, end, axis, step)), "mirrored.")
        logits = g("Mul", g("Add", logits, other), g.constant(np.float32(0.5)))
    g.check_ranges()
    scaled = g("Mul", logits, g.constant(np.float32(1 / temperature)))
    g("Softmax", scaled, name="probabilities", axis=1)
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["face", len(layers["head.bias"])])]
    if show:
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in g.kept]
    graph = helper.make_graph(
        g.nodes,
        "macro",
        [helper.make_tensor_value_info("grey", TensorProto.FLOAT, ["face", 1, _SIZE, _SIZE])],
        outputs,
        g.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


class Graph:
    """Collects nodes and constants, and names what flows between them: `g("Add", x, y)` gives the name of the sum."""

    def __init__(self, layers: Weights, ranges: Ranges) -> None:
        self.layers, self.ranges = layers, ranges
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.kept: list[str] = []
        self._scales: dict[str, Array] = {}

    def constant(self, value: Any) -> str:
        """Name a constant."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def __call__(self, kind: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node, and name what it gives."""
        from onnx import helper

        name = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def keep(self, name: str, x: str, like: str | None = None) -> str:
        """Bring a tensor to 8 bits and back, where its range is known: what runs the graph then never leaves them.

        The range is that of the tensor `like`, where that must be the same; a face and its mirror image share theirs.
        """
        x = self("Identity", x, name=name)
        if like is None:
            self.kept.append(name)
        bounds = self.ranges.get((like or name).removeprefix("mirrored."))
        if bounds is None:
            return x
        low, high = min(bounds[0], 0.0), max(bounds[1], 1e-6)
        scale = np.float32((high - low) / 255)
        how = self.constant(scale), self.constant(np.uint8(round(-low / float(scale))))
        out = self("DequantizeLinear", self("QuantizeLinear", x, *how), *how)
        self._scales[out] = np.asarray(scale)
        return out

    def check_ranges(self) -> None:
        """Raise ValueError where filters come in 8 bits and a tensor's range is not known: answers would differ."""
        lost = [name for name in self.kept if name.removeprefix("mirrored.") not in self.ranges]
        if lost and any(name.endswith(".scale") for name in self.layers):
            raise ValueError(f"the range of {lost[0]}")

    def conv(self, layer: str, x: str, **attributes: Any) -> str:
        """A convolution; its filters in 8 bits where they come so."""
        weight, bias, scale = (self.layers.get(f"{layer}.{part}") for part in ("weight", "bias", "scale"))
        if scale is None:
            return self("Conv", x, self.constant(weight), self.constant(bias), **attributes)
        zeros = np.zeros(len(scale))
        how = self.constant(scale), self.constant(zeros.astype(np.int8))
        filters = self("DequantizeLinear", self.constant(weight), *how, axis=0)
        if x not in self._scales:
            return self("Conv", x, filters, self.constant(bias), **attributes)
        unit = (self._scales[x] * scale).astype(np.float32)  # of the sums, so that the bias can be added to them
        how = self.constant(unit), self.constant(zeros.astype(np.int32))
        whole = self.constant(np.rint(np.asarray(bias) / unit).astype(np.int32))
        return self("Conv", x, filters, self("DequantizeLinear", whole, *how, axis=0), **attributes)


def _normalised(g: Graph, picture: str) -> str:
    centred = g("Sub", picture, g("ReduceMean", picture, axes=[1, 2, 3], keepdims=1))
    count = _SIZE * _SIZE
    variance = g("ReduceMean", g("Mul", centred, centred), axes=[1, 2, 3], keepdims=1)
    deviation = g("Sqrt", g("Mul", variance, g.constant(np.float32(count / (count - 1)))))
    return g("Div", centred, g("Max", deviation, g.constant(np.float32(1e-3))))


def embedding_graph(layers: Weights, ranges: Ranges, turn: Array, shift: Array) -> bytes:
    """Build the first blocks of the model with a linear map after them, for pictures to be compared by.

    Args:
        layers: As `quantised` gives them.
        ranges: As for `macro_graph`.
        turn: (feature, value); values are the block's maps, each as the means of its quarters.
        shift: (feature,).

    Returns:
        An ONNX file: `grey` (face, 1, 48, 48) float32 from 0 to 255 in, `vectors` (face, feature) out.
    """
    from onnx import TensorProto, helper

    g = Graph(layers, ranges)
    maps = _maps(g, _normalised(g, "grey"), "", EMBEDDING_BLOCK)
    quarter = [_SIZE // 8] * 2
    means = g("Flatten", g("AveragePool", maps, kernel_shape=quarter, strides=quarter))
    g("Gemm", means, g.constant(turn), g.constant(shift), name="vectors", transB=1)
    graph = helper.make_graph(
        g.nodes,
        "embedding",
        [helper.make_tensor_value_info("grey", TensorProto.FLOAT, ["face", 1, _SIZE, _SIZE])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["face", len(turn)])],
        g.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _logits(g: Graph, x: str, way: str) -> str:
    """Scores (face, class); `way` tells the names of a face's tensors from those of its mirror image."""
    x = g("Flatten", g.keep(f"{way}mean", g("GlobalAveragePool", _maps(g, x, way))))
    return g("Gemm", x, g.constant(g.layers["head.weight"]), g.constant(g.layers["head.bias"]), transB=1)


def _maps(g: Graph, x: str, way: str, last: int | None = None) -> str:
    """What the blocks make of a face, up to block `last`, or all."""
    x = g.keep(f"{way}in", x)
    x = g.keep(f"{way}stem", g("Relu", g.conv("body.0", x, pads=[1] * 4)))
    x = g("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.keep(f"{way}pool", x, like="stem")
    blocks = sorted({int(name.split(".")[1]) for name in g.layers if ".first.weight" in name})
    for place, block in enumerate(blocks):
        halved = place > 0 and place % 2 == 0  # two blocks a stage, and the first stage keeps the picture's size
        x = _block(g, x, f"body.{block}", way, [2, 2] if halved else [1, 1])
        if block == last:
            break
    return x


def _block(g: Graph, x: str, name: str, way: str, strides: list[int]) -> str:
    y = g("Relu", g.conv(f"{name}.first", x, strides=strides, pads=[1] * 4))
    y = g.conv(f"{name}.second", g.keep(f"{way}{name}.first", y), pads=[1] * 4)
    y = g.keep(f"{way}{name}.second", y)
    if f"{name}.squeeze.weight" in g.layers:
        y = g.keep(f"{way}{name}.gated", g("Mul", y, g.keep(f"{way}{name}.gate", _gate(g, y, name))))
    if f"{name}.around.weight" in g.layers:
        x = g.keep(f"{way}{name}.around", g.conv(f"{name}.around", x, strides=strides))
    return g.keep(f"{way}{name}", g("Relu", g("Add", y, x)))


def _gate(g: Graph, y: str, name: str) -> str:
    """What squeeze and excitation weigh each channel by: (face, channel, 1, 1)."""
    mean = g("Flatten", g("GlobalAveragePool", y))
    for layer, kind in (("squeeze", "Relu"), ("excite", "Sigmoid")):
        matrix, shift = (g.constant(g.layers[f"{name}.{layer}.{part}"]) for part in ("weight", "bias"))
        mean = g(kind, g("Gemm", mean, matrix, shift, transB=1))
    return g("Unsqueeze", mean, g.constant(np.array([2, 3], np.int64)))
