"""Weights as bytes: found by name or file, held against their pinned hash, and read without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from evenface.core.errors import InputError, SettingsError
from evenface.models.graph import Weights


def packed_weights(name: str | Path, shipped: Mapping[str, str]) -> tuple[bytes, str]:
    """Give the bytes of weights that ship, by name, or of a file; and words for where they are from.

    Args:
        name: Of weights that ship, or a path.
        shipped: Name of weights -> SHA-256 of their file in `models/weights`.

    Raises:
        InputError: There is no such file, or the hash of weights that ship is not the one that is pinned.
    """
    if str(name) in shipped:
        packed = files("evenface.models").joinpath(f"weights/{name}.safetensors").read_bytes()
        if hashlib.sha256(packed).hexdigest() != shipped[str(name)]:
            raise InputError(f"The weights {name!r} of this installation are damaged. Install evenface anew.")
        return packed, f"weights {name!r}"
    path = Path(name)
    if not path.is_file():
        raise InputError(f"There are no weights and no file {str(name)!r}. Weights that ship: {', '.join(shipped)}.")
    return path.read_bytes(), str(path)


def read_safetensors(packed: bytes, where: str) -> tuple[Weights, dict[str, str]]:
    """Read tensors and metadata of a safetensors file; half precision becomes single, integers stay what they are.

    Raises:
        InputError: It is no safetensors file.
    """
    try:
        length = int.from_bytes(packed[:8], "little")
        header: dict[str, Any] = dict(json.loads(packed[8 : 8 + length]))
        about = header.pop("__metadata__", {})
        body = memoryview(packed)[8 + length :]
        kinds = {"F16": np.float16, "F32": np.float32, "I8": np.int8, "I64": np.int64}
        tensors = {}
        for key, entry in header.items():
            first, last = entry["data_offsets"]
            flat = np.frombuffer(body[first:last], kinds[entry["dtype"]])
            tensors[key] = flat.reshape(entry["shape"]).astype(np.float32 if entry["dtype"] == "F16" else flat.dtype)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where}: not a safetensors file that can be read ({error}).") from error
    return tensors, about


@contextmanager
def of_this_kind(where: str) -> Iterator[None]:
    """Turn what reading and running wrong weights raises into an InputError; what has its own words keeps them.

    Args:
        where: Words for where the weights are from.
    """
    try:
        yield
    except (InputError, SettingsError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where} are no weights of this kind: {error} is missing or wrong.") from error
    except Exception as error:  # what runs the graph has its own exceptions for layers that do not fit each other
        raise InputError(f"{where} are no weights of this kind: their layers do not fit ({error}).") from error
