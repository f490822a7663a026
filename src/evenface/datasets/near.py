"""Near copies: pictures that are all but the same, found by comparing every pair at once.

A picture becomes its thumbnail: 16 x 16 grey cells, from each of which the mean of the 5 x 5 around it is taken, then
centred and scaled to length one. So brightness, contrast, and light or dark backgrounds do not count, and edges do.
Two pictures are near copies where the inner product of their thumbnails (their correlation, -1 to 1) is at least a
threshold. All pairs are compared, a block of rows at a time, as matrix products. Our own definition; vectors of any
other source are compared by the same function: `datasets.quality` so finds cropped, turned and mirrored copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 16
"""Cells across and down a thumbnail."""
_BLOCK = 2048
_REACH = 2  # cells to each side that a mean is taken over
_FLAT = 1e-3  # length of edges below which a picture shows nothing


def cells(picture: Image) -> NDArray[np.uint8]:
    """Give a picture's grey cells: (row, column), 16 x 16."""
    from PIL.Image import Resampling

    return np.asarray(picture.convert("L").resize((SIDE, SIDE), Resampling.BOX))


def thumbnails(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn cells (picture, row, column) into vectors (picture, 256) of mean 0 and length 1; NaN for one plain grey."""
    level = grey.astype(np.float32)
    edges = level - _around(level)
    vectors = edges.reshape(len(grey), -1)
    vectors -= vectors.mean(1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.full_like(vectors, np.nan), where=length > _FLAT)


def _around(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the 5 x 5 cells around each; at the border the outermost cells are repeated."""
    wide = np.pad(level, ((0, 0), (_REACH, _REACH), (_REACH, _REACH)), mode="edge")
    steps = range(2 * _REACH + 1)
    across = np.stack([wide[:, :, k : k + SIDE] for k in steps]).mean(0)
    return np.stack([across[:, k : k + SIDE] for k in steps]).mean(0, dtype=np.float32)


def near_pairs(
    vectors: NDArray[np.float32], least: float, others: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find all pairs of rows whose inner product is at least `least`.

    Args:
        vectors: (picture, number), each of length one; rows with NaN are near to none.
        least: -1 to 1.
        others: What stands for the second picture of a pair, such as its mirror image; None: `vectors`.

    Returns:
        Pairs (pair, 2) with the smaller row first, in order; and the inner product of each.
    """
    sound = np.flatnonzero(~np.isnan(vectors).any(1))
    rows = np.ascontiguousarray(vectors[sound])
    seconds = rows if others is None else np.ascontiguousarray(others[sound])
    pairs, values = [], []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        for other in range(start, len(rows), _BLOCK):
            product = block @ seconds[other : other + _BLOCK].T
            if other == start:
                product[np.tril_indices(len(block), m=product.shape[1])] = -np.inf
            if product.max() >= least:
                i, j = np.nonzero(product >= least)
                pairs.append(np.stack([i + start, j + other], 1))
                values.append(product[i, j])
    if not pairs:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    found, value = np.concatenate(pairs), np.concatenate(values)
    order = np.lexsort((found[:, 1], found[:, 0]))
    return sound[found[order]], value[order]


def centred(views: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take what pictures of one kind have in common, (feature,), out of their vectors (…, feature) of length one."""
    left = views - mean
    return np.asarray(left / np.linalg.norm(left, axis=-1, keepdims=True))


def connected(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Number each of `count` rows by the smallest row that a chain of pairs leads to; itself where there is none."""
    root = np.arange(count)
    while len(pairs):
        least = np.minimum(root[pairs[:, 0]], root[pairs[:, 1]])
        before = root.copy()
        np.minimum.at(root, pairs.ravel(), np.repeat(least, 2))
        root = root[root]
        if np.array_equal(root, before):
            break
    return root
