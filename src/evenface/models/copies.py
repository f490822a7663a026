"""Copies: vectors by which a picture and a cropped, turned, mirrored or brightened copy of it are found to be alike.

A picture becomes the maps of an early block of the net that reads expressions (`models.graph.EMBEDDING_BLOCK`), each as
the means of its quarters, less what such maps have in common and turned so that all directions vary alike in faces
(principal components of FER+ and FairFace, whitened). Early blocks see edges and where they are. Another photo of the
same person has other edges: these vectors are for pictures, and say nothing of who is shown. Our own construction;
`weights/copies.md` is the card.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import needs
from evenface.models import macro
from evenface.models.graph import embedding_graph
from evenface.models.packed import packed_weights, read_safetensors

WEIGHTS = {"copies": "42b72b874341de98dc5a8ca2ec266a3b52eafbdd58bf398634d8203501864604"}
"""Name of weights that ship -> SHA-256 of their safetensors file."""
_TOGETHER = 16  # pictures at a time


class CopyVectors:
    """Gives vectors of pictures; their inner product says how alike two pictures are.

    Attributes:
        size: Width and height of the grey pictures that it takes.
    """

    size = macro.SIZE

    def __init__(self) -> None:
        """Load the weights that ship.

        Raises:
            InputError: They are damaged.
            SettingsError: onnx or onnxruntime is not installed.
        """
        turn, _ = read_safetensors(*packed_weights("copies", WEIGHTS))
        layers, about = read_safetensors(*packed_weights("macro", macro.WEIGHTS))
        with needs("Comparing pictures by their embedding", "evenface[predict]"):
            import onnxruntime

            model = embedding_graph(layers, json.loads(about["ranges"]), turn["turn"], turn["shift"])
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give vectors (view, picture, feature), each of length one, of pictures (picture, row, column).

        The first view is the picture, the second its mirror image.
        """
        parts = [grey[start : start + _TOGETHER] for start in range(0, len(grey), _TOGETHER)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.concatenate(list(pool.map(self._read, parts)), axis=1)

    def _read(self, part: NDArray[np.uint8]) -> NDArray[np.float32]:
        both = np.concatenate([part, part[:, :, ::-1]]).astype(np.float32)[:, None]
        found: NDArray[np.float32] = self._session.run(None, {"grey": both})[0]
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).reshape(2, len(part), -1)
