"""Attributes: gender, race and age band as annotators would name them from a face, estimated for auditing only.

What a model estimates of people serves here one purpose: to see in an audit whether a model of expressions treats
groups alike where nobody said who is in which. It is never part of a prediction, its errors are measured and travel
with every estimate, and `weights/attributes.md` says what it is not for. Levels are FairFace's: words of annotators for
what they saw, not what people say of themselves.

Two nets run as one ONNX model, and its answer is the geometric mean of theirs. Each face is read beside its mirror
image, and what comes out does not depend on how many faces are read at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import UnknownNameError, needs
from evenface.models.attributes_graph import attributes_graph
from evenface.models.packed import of_this_kind, packed_weights, read_safetensors

WEIGHTS = {"attributes": "d5bdc8ffeecae17f7c038a37ba91d28cdfa28bde27ff57add6d74a4d949681c5"}
"""Name of weights that ship -> SHA-256 of their safetensors file."""

LEVELS = {
    "gender": ("Female", "Male"),
    "race": ("Black", "East Asian", "Indian", "Latino_Hispanic", "Middle Eastern", "Southeast Asian", "White"),
    "age": ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+"),
}
"""What the nets can answer, in FairFace's words and in the order of its scores."""

MERGED = {
    "race4": (
        "race",
        {
            "Black": ("Black",),
            "East or Southeast Asian": ("East Asian", "Southeast Asian"),
            "Indian": ("Indian",),
            "White, Latino or Middle Eastern": ("Latino_Hispanic", "Middle Eastern", "White"),
        },
    ),
    "age4": (
        "age",
        {"0-19": LEVELS["age"][:3], "20-39": LEVELS["age"][3:5], "40-59": LEVELS["age"][5:7], "60+": LEVELS["age"][7:]},
    ),
}
"""Coarser attributes: which attribute they are made of, and which of its levels are one. Our own choice: levels that
the nets mix up are brought together, so that an audit can correct for what is left."""

BY = (*LEVELS, *MERGED)
"""All attributes that can be estimated."""

SIZE = 112
_TOGETHER = 8  # faces at a time, always: the last batch is filled up, so that no answer depends on its neighbours


Errors = Mapping[str, Mapping[str, Mapping[str, Sequence[Sequence[int]]]]]


class AttributesModel:
    """Estimates attributes from faces; for auditing only.

    Attributes:
        errors: Kind of pictures -> attribute -> whose faces -> counts (true level, estimated level) of FairFace's
            validation faces. Pictures are in `colour` (112 pixels, as FairFace frames faces) or `grey` (48 grey pixels,
            framed as chips are); faces are `all`, or of a level of another attribute, such as `race=Black`.
    """

    def __init__(self, model: bytes, errors: Errors) -> None:
        """Take an ONNX model as `attributes_graph` makes it, and its errors."""
        self.errors = errors
        with needs("Estimating attributes", "evenface[predict]"):
            import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def probabilities(
        self, faces: NDArray[np.uint8], by: Sequence[str] = tuple(LEVELS)
    ) -> dict[str, NDArray[np.float32]]:
        """Give for each attribute of `by` probabilities (face, level), levels as `levels_of` orders them.

        Args:
            faces: (face, 112, 112, 3), RGB, framed as FairFace's: eyes a third from the top, or as chips are.
            by: Names in `BY`.

        Raises:
            UnknownNameError: There is no such attribute.
        """
        for name in by:
            levels_of(name)
        out = [np.empty((len(faces), len(levels)), np.float32) for levels in LEVELS.values()]
        for start in range(0, len(faces), _TOGETHER):
            part = faces[start : start + _TOGETHER]
            full = np.zeros((_TOGETHER, SIZE, SIZE, 3), np.uint8)
            full[: len(part)] = part
            for whole, answers in zip(out, self._session.run(list(LEVELS), {"faces": full}), strict=True):
                whole[start : start + len(part)] = answers[: len(part)]
        found = dict(zip(LEVELS, out, strict=True))
        return {name: merged(name, found) for name in by}

    def confusion(self, attribute: str, pictures: str, group: str = "all") -> NDArray[np.int64]:
        """Give counts of `errors` as an array (true level, estimated level), levels as `levels_of` orders them."""
        return np.array(self.errors[pictures][attribute][group], np.int64)


def merged(name: str, found: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Give probabilities of an attribute of `BY` (face, level), from those of the attributes of `LEVELS`."""
    if name in found:
        return found[name]
    source, parts = MERGED[name]
    places = [[LEVELS[source].index(level) for level in part] for part in parts.values()]
    return np.stack([found[source][:, place].sum(1) for place in places], axis=1)


def levels_of(name: str) -> tuple[str, ...]:
    """Give the levels of an attribute, in order; raises UnknownNameError if there is no such attribute."""
    if name not in BY:
        raise UnknownNameError("attribute", name, BY)
    return LEVELS[name] if name in LEVELS else tuple(MERGED[name][1])


def load(name: str | Path = "attributes") -> AttributesModel:
    """Load weights that ship, by name, or a safetensors file of the same kind.

    Raises:
        InputError: The file cannot be read, is not what it should be, or its hash is not the one that is pinned.
        SettingsError: onnx or onnxruntime is not installed.
    """
    return _model(*packed_weights(name, WEIGHTS))


@cache
def _model(packed: bytes, where: str) -> AttributesModel:
    weights, about = read_safetensors(packed, where)
    with of_this_kind(where):
        told = {name: tuple(levels) for name, levels in json.loads(about["levels"]).items()}
        if told != LEVELS:
            raise ValueError(f"levels {told}")
        warm = json.loads(about["temperatures"])
        temperatures = {net: [float(warm[net][name]) for name in LEVELS] for net in warm}
        ranges = {name: (low, high) for name, (low, high) in json.loads(about["ranges"]).items()}
        with needs("Estimating attributes", "evenface[predict]"):
            model = attributes_graph(weights, LEVELS, temperatures, ranges=ranges)
        return AttributesModel(model, json.loads(about["errors"]))
