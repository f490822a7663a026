"""Histograms of oriented gradients (Dalal and Triggs, CVPR 2005): in each cell, how much edge each direction has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DIRECTIONS = 8
_CELLS = 8


def edge_histograms(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Histograms of oriented gradients.

    Args:
        images: (face, row, column, 3) RGB, square, at least 16 pixels across.

    Returns:
        (face, 512): 8 directions in 8 x 8 cells, each face scaled to length 1, so that exposure does not matter.
    """
    grey = images.astype(np.float32).mean(-1)
    down, across = np.gradient(grey, axis=(1, 2))
    strength = np.sqrt(np.hypot(down, across))
    # Without sign: a dark brow on light skin and a light edge on dark skin run in the same direction.
    place = (np.arctan2(down, across) % np.pi) / np.pi * _DIRECTIONS
    low = np.floor(place).astype(np.int64) % _DIRECTIONS
    share = place - np.floor(place)
    faces, side, _ = grey.shape
    cell = np.arange(side) * _CELLS // side
    at = cell[:, None] * _CELLS + cell[None, :]
    out = np.zeros((faces, _CELLS * _CELLS, _DIRECTIONS))
    index = np.arange(faces)[:, None, None], np.broadcast_to(at, grey.shape)
    np.add.at(out, (*index, low), strength * (1 - share))
    np.add.at(out, (*index, (low + 1) % _DIRECTIONS), strength * share)
    flat = out.reshape(faces, -1)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9))
