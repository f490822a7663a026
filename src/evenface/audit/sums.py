"""Sums over the faces of each group: what metrics read (`evenface.audit.metric.Sums`), made from counts."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from evenface.audit.metric import Array

EVERY: Array = np.array(True)  # a mask that leaves nothing out


class CountSums:
    """Sums of confusion counts, made once and shared by all metrics that read them.

    Args:
        counts: (…, group, true, answer); the last answer is "no answer".
        in_use: (class,) whether any face of the table is labelled so; all, if not given.
    """

    def __init__(self, counts: Array, in_use: Array = EVERY) -> None:
        self._counts = counts
        self.in_use = in_use

    enough_true: Array = EVERY
    enough_other: Array = EVERY
    enough_read: Array = EVERY

    @cached_property
    def matrix(self) -> Array:
        """(…, group, true, predicted), answered faces only."""
        return self._counts[..., :-1]

    @cached_property
    def hits(self) -> Array:
        """(…, group, class): faces read as they are labelled."""
        return np.diagonal(self.matrix, axis1=-2, axis2=-1)

    @cached_property
    def true(self) -> Array:
        """(…, group, class): answered faces labelled so."""
        return self.matrix.sum(-1)

    @cached_property
    def predicted(self) -> Array:
        """(…, group, class): answered faces read so."""
        return self.matrix.sum(-2)

    @cached_property
    def answered(self) -> Array:
        """(…, group): faces with an answer."""
        return self.true.sum(-1)

    @cached_property
    def rows(self) -> Array:
        """(…, group): all faces."""
        return self._counts.sum((-1, -2))


class Margins:
    """The same sums without the matrix, for many resamples at once.

    Args:
        margins: (…, group, 3 * classes + 1): hits, labelled, read, and all faces, as `margin_map` lays them out.
        in_use: As for `CountSums`.
    """

    enough_true: Array = EVERY
    enough_other: Array = EVERY
    enough_read: Array = EVERY

    def __init__(self, margins: Array, in_use: Array = EVERY) -> None:
        self.in_use = in_use
        n = (margins.shape[-1] - 1) // 3
        self.margins = margins
        self.hits = margins[..., :n]
        self.true = margins[..., n : 2 * n]
        self.predicted = margins[..., 2 * n : 3 * n]
        self.rows = margins[..., 3 * n]
        self.answered = self.true.sum(-1)


def margin_map(classes: int, dtype: type) -> Array:
    """The linear map (true * answer cell, margin) that takes confusion cells to `Margins`."""
    n = classes
    out: Array = np.zeros((n, n + 1, 3 * n + 1), dtype)
    diagonal = np.arange(n)
    out[diagonal, diagonal, diagonal] = 1
    for c in range(n):
        out[c, :n, n + c] = 1
        out[:, c, 2 * n + c] = 1
    out[..., 3 * n] = 1
    return out.reshape(n * (n + 1), 3 * n + 1)


def keep_possible(margins: Array) -> None:
    """Move margins (…, margin) that no faces can have to the nearest that they can, in place; see `margin_map`."""
    n = (margins.shape[-1] - 1) // 3
    hits, true, read = margins[..., :n], margins[..., n : 2 * n], margins[..., 2 * n : 3 * n]
    np.maximum(true, 0, out=true)
    np.clip(hits, 0, true, out=hits)
    np.clip(read, hits, hits + (true.sum(-1, keepdims=True) - true), out=read)
