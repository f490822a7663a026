"""Near copies: pictures that are all but the same, found by comparing every pair at once.

A picture becomes its thumbnail: 16 x 16 grey cells, centred and scaled to length one, so that brightness and contrast do
not count. Two pictures are near copies where the inner product of their thumbnails (their correlation, -1 to 1) is at
least a threshold. All pairs are compared, a block of rows at a time, as matrix products. Our own definition; vectors of
any other source, such as embeddings of faces, can be compared by the same function.
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
_FLAT = 1e-3  # standard deviation in grey levels below which a picture shows nothing


def thumbnail(picture: Image) -> NDArray[np.float32]:
    """Give a picture's thumbnail as a vector of 256 with mean 0 and length 1; NaN for a picture of one colour."""
    from PIL.Image import Resampling

    grey = picture.convert("L").resize((SIDE, SIDE), Resampling.BOX)
    cells = np.asarray(grey, np.float32).ravel()
    cells = cells - cells.mean()
    length = float(np.linalg.norm(cells))
    return cells / length if length > _FLAT * SIDE else np.full(SIDE * SIDE, np.nan, np.float32)


def near_pairs(vectors: NDArray[np.float32], least: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find all pairs of rows whose inner product is at least `least`.

    Args:
        vectors: (picture, number), each of length one; rows with NaN are near to none.
        least: -1 to 1.

    Returns:
        Pairs (pair, 2) with the smaller row first, in order; and the inner product of each.
    """
    sound = np.flatnonzero(~np.isnan(vectors).any(1))
    rows = np.ascontiguousarray(vectors[sound])
    pairs, values = [], []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        for other in range(start, len(rows), _BLOCK):
            product = block @ rows[other : other + _BLOCK].T
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
