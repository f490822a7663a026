"""Macro: seven expressions and contempt, read from one aligned face; the weights that ship, and how they are run.

`weights/macro.md` is the model card: data, numbers, and what the model is not for.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError
from evenface.models.graph import Weights, macro_graph

WEIGHTS = {"macro": "533b28ff8c23370142db464427a5a378ee775515ac8e60edf69125e440ac5a92"}
"""Name of weights that ship -> SHA-256 of their safetensors file."""

SIZE = 48
_TOGETHER = 32  # faces at a time, always: the last batch is filled up, so that no answer depends on its neighbours


class MacroModel:
    """Reads expressions from chips.

    Attributes:
        classes: Names, in the order of the probabilities.
        size: Width and height of a chip.
    """

    def __init__(self, model: bytes, classes: tuple[str, ...]) -> None:
        """Take an ONNX model as `graph.macro_graph` makes it."""
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise SettingsError("Reading expressions needs onnxruntime: pip install 'evenface[predict]'") from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.classes, self.size = classes, SIZE

    def probabilities(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give probabilities (face, class) of chips (face, 48, 48, 3), RGB."""
        grey = chips.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        out = np.empty((len(grey), len(self.classes)), np.float32)
        for start in range(0, len(grey), _TOGETHER):
            part = grey[start : start + _TOGETHER]
            full = np.zeros((_TOGETHER, 1, SIZE, SIZE), np.float32)
            full[: len(part), 0] = part
            out[start : start + len(part)] = self._session.run(None, {"grey": full})[0][: len(part)]
        return out


def load(name: str | Path = "macro") -> MacroModel:
    """Load weights that ship, by name, or a safetensors file of the same kind.

    Raises:
        InputError: The file cannot be read, is not what it should be, or its hash is not the one that is pinned.
        SettingsError: onnx or onnxruntime is not installed.
    """
    if str(name) in WEIGHTS:
        packed = files("evenface.models").joinpath(f"weights/{name}.safetensors").read_bytes()
        if hashlib.sha256(packed).hexdigest() != WEIGHTS[str(name)]:
            raise InputError(f"The weights {name!r} of this installation are damaged. Install evenface anew.")
        return _model(packed, f"weights {name!r}")
    path = Path(name)
    if not path.is_file():
        raise InputError(f"There are no weights and no file {str(name)!r}. Weights that ship: {', '.join(WEIGHTS)}.")
    return _model(path.read_bytes(), str(path))


@cache
def _model(packed: bytes, where: str) -> MacroModel:
    weights, about = read_safetensors(packed, where)
    try:
        classes = tuple(json.loads(about["classes"]))
        bias = np.array(json.loads(about["bias"]), np.float32)
        temperature = float(about["temperature"])
        model = macro_graph(weights, bias, temperature)
    except ModuleNotFoundError as error:
        raise SettingsError("Reading expressions needs onnx: pip install 'evenface[predict]'") from error
    except (KeyError, ValueError) as error:
        raise InputError(f"{where} are no weights of this kind: {error} is missing or wrong.") from error
    return MacroModel(model, classes)


def read_safetensors(packed: bytes, where: str) -> tuple[Weights, dict[str, str]]:
    """Read tensors and metadata of a safetensors file; half precision becomes single.

    Raises:
        InputError: It is no safetensors file.
    """
    try:
        length = int.from_bytes(packed[:8], "little")
        header: dict[str, Any] = json.loads(packed[8 : 8 + length])
        about = header.pop("__metadata__", {})
        body = memoryview(packed)[8 + length :]
        kinds = {"F16": np.float16, "F32": np.float32, "I64": np.int64}
        tensors = {}
        for key, entry in header.items():
            first, last = entry["data_offsets"]
            flat = np.frombuffer(body[first:last], kinds[entry["dtype"]])
            tensors[key] = flat.reshape(entry["shape"]).astype(np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where}: not a safetensors file that can be read ({error}).") from error
    return tensors, about
