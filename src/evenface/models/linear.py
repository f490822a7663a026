"""The plainest reader of expressions: a linear model on directions of edges, fitted in a second and without torch.

A picture becomes histograms of oriented gradients (Dalal and Triggs, CVPR 2005): in each cell, how much edge there is
in each direction. Ridge regression on class indicators (Hastie et al., The Elements of Statistical Learning, 4.2) gives
a score per class. It is the baseline that other models must beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

_DIRECTIONS = 8
_CELLS = 8
_RIDGE = 0.2
_SHARPNESS = 12.0  # turns the small scores of a regression on many classes into probabilities with room between them


def edge_histograms(images: Images) -> Floats:
    """Histograms of oriented gradients.

    Args:
        images: (face, row, column, 3) RGB, square, at least 16 pixels across.

    Returns:
        (face, 512): 8 directions in 8 x 8 cells, each face scaled to length 1, so that exposure does not matter.

    Raises:
        InputError: The pictures are smaller than 16 pixels or not square.
    """
    if images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[1] < 2 * _CELLS or images.shape[3] != 3:
        raise InputError(f"Pictures have shape {images.shape}; expected (face, n, n, 3) with n of at least 16.")
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


@dataclass(frozen=True, slots=True)
class LinearReader:
    """A fitted linear reader.

    Attributes:
        classes: Names, in the order of the scores.
        weights: (feature + 1, class); the last row is the intercept.
    """

    classes: tuple[str, ...]
    weights: Floats

    @classmethod
    def fit(cls, images: Images, labels: NDArray[np.int64], classes: tuple[str, ...]) -> Self:
        """Fit by least squares with a ridge; every face weighs alike.

        Args:
            images: As `edge_histograms` takes them.
            labels: (face,) index into `classes`.
            classes: Names.
        """
        features = np.c_[edge_histograms(images), np.ones(len(images))]
        wanted = np.eye(len(classes))[labels] - 1 / len(classes)
        penalty = np.full(features.shape[1], _RIDGE * len(images) / features.shape[1])
        penalty[-1] = 0
        weights = np.linalg.solve(features.T @ features + np.diag(penalty), features.T @ wanted)
        return cls(classes, weights)

    def predict(self, images: Images) -> Floats:
        """Probabilities (face, class): a soft maximum of the scores, not calibrated."""
        scores = np.c_[edge_histograms(images), np.ones(len(images))] @ self.weights * _SHARPNESS
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(scores / scores.sum(1, keepdims=True))
