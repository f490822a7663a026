"""Macro: seven expressions, read from one aligned face; the weights that ship, and how they are run.

`weights/macro.md` is the model card: data, numbers, and what the model is not for.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import needs
from evenface.models.graph import macro_graph
from evenface.models.packed import of_this_kind, packed_weights, read_safetensors

WEIGHTS = {"macro": "618e9b1e16c926c1f370b446b260457ffb1c7c4c02ef5777b96cf865057c60bc"}
"""Name of weights that ship -> SHA-256 of their safetensors file."""

SIZE = 48
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_TOGETHER = 16  # faces at a time; those left over are read one by one, which costs less than filling up a batch


class MacroModel:
    """Reads expressions from chips.

    Attributes:
        classes: Names, in the order of the probabilities.
        size: Width and height of a chip.
        shares: (class,) how frequent each class was where the net learnt; None where its file does not say.
    """

    def __init__(self, model: bytes, classes: tuple[str, ...], shares: NDArray[np.float64] | None) -> None:
        """Take an ONNX model as `graph.macro_graph` makes it."""
        with needs("Reading expressions", "evenface[predict]"):
            import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Batches side by side, each on one thread, wait for each other less than threads that share a batch.
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="macro")
        self.classes, self.size, self.shares = classes, SIZE, shares

    def probabilities(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give probabilities (face, class) of chips (face, 48, 48, 3), RGB."""
        whole = len(chips) - len(chips) % _TOGETHER
        parts = [chips[start : start + _TOGETHER] for start in range(0, whole, _TOGETHER)]
        parts += [chips[place : place + 1] for place in range(whole, len(chips))]
        if not parts:
            return np.empty((0, len(self.classes)), np.float32)
        return np.concatenate(list(self._pool.map(self._read, parts)) if parts[1:] else [self._read(parts[0])])

    def _read(self, part: NDArray[np.uint8]) -> NDArray[np.float32]:
        grey = np.ascontiguousarray((part.astype(np.float32) @ _GREY)[:, None])
        found: NDArray[np.float32] = self._session.run(None, {"grey": grey})[0]
        return found


def load(name: str | Path = "macro") -> MacroModel:
    """Load weights that ship, by name, or a safetensors file of the same kind.

    Raises:
        InputError: The file cannot be read, is not what it should be, or its hash is not the one that is pinned.
        SettingsError: onnx or onnxruntime is not installed.
    """
    return _model(*packed_weights(name, WEIGHTS))


@cache
def _model(packed: bytes, where: str) -> MacroModel:
    layers, about = read_safetensors(packed, where)
    with of_this_kind(where):
        classes = tuple(map(str, json.loads(about["classes"])))
        ranges = {name: (low, high) for name, (low, high) in json.loads(about["ranges"]).items()}
        mirrored = bool(json.loads(about["mirrored"]))
        shares = np.array(json.loads(about["shares"]), float) if "shares" in about else None
        with needs("Reading expressions", "evenface[predict]"):
            model = macro_graph(layers, float(about["temperature"]), mirrored=mirrored, ranges=ranges)
        if not len(set(classes)) == len(classes) == len(layers["head.bias"]):
            raise ValueError(f"classes {list(classes)} for {len(layers['head.bias'])} probabilities")
        made = MacroModel(model, classes, shares)
        made.probabilities(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    return made
