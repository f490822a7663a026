"""Stereotypical bias cell by cell: which expression is more, or less, common in which group than chance would make it.

All take counts `(..., group, label)` and give the same shape. p_ab is the share of a cell, p_a and p_b those of its
row and column, n the number of faces.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.dataset.spec import Floats, data_metric

_REVIEW = "arXiv 2303.15889"
_NEEDS = "needs a group and a label that have faces and do not have them all"


def _parts(counts: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Number of faces and the shares of cell, row and column; margins of none or all faces become NaN."""
    n = counts.sum(axis=(-2, -1), keepdims=True)
    row, column = counts.sum(axis=-1, keepdims=True) / n, counts.sum(axis=-2, keepdims=True) / n
    row, column = (np.where((margin > 0) & (margin < 1), margin, np.nan) for margin in (row, column))
    return n, counts / n, row, column


@data_metric(
    "local",
    "Ducher's Z",
    formula="d = p_ab - p_a p_b; d / (min(p_a, p_b) - p_a p_b) if d > 0, "
    "d / (p_a p_b - max(0, p_a + p_b - 1)) if d < 0",
    source=f"Ducher et al. 1994; the same as D' of Lewontin 1964; {_REVIEW}",
    low=-1,
    high=1,
    bias="either",
    undefined=_NEEDS,
    interval="percentile",
)
def ducher_z(counts: Floats) -> Floats:
    """Surplus of a cell as a part of the largest that its margins allow: 1 always together, -1 never, 0 independent."""
    _, cell, row, column = _parts(counts)
    surplus = cell - row * column
    above = np.minimum(row, column) - row * column
    below = row * column - np.maximum(0.0, row + column - 1.0)
    return np.clip(np.where(surplus > 0, surplus / above, surplus / below), -1.0, 1.0)


@data_metric(
    "local",
    "Pointwise mutual information",
    formula="ln(p_ab / (p_a p_b))",
    source="Fano 1961; Church and Hanks 1990",
    low=None,
    high=None,
    bias="either",
    undefined=f"no face has this group and this label; or {_NEEDS}",
    interval="percentile",
)
def pointwise_information(counts: Floats) -> Floats:
    """Logarithm of how many times as common a cell is as its margins would make it, in nats."""
    _, cell, row, column = _parts(counts)
    return np.log(np.where(cell > 0, cell, np.nan) / (row * column))


@data_metric(
    "local",
    "Normalised pointwise mutual information",
    formula="ln(p_ab / (p_a p_b)) / -ln p_ab; -1 where p_ab = 0",
    source=f"Bouma 2009; {_REVIEW}",
    low=-1,
    high=1,
    bias="either",
    undefined=_NEEDS,
    interval="percentile",
)
def normalised_pointwise_information(counts: Floats) -> Floats:
    """Pointwise mutual information scaled to [-1, 1]: 1 always together, -1 never, 0 independent."""
    _, cell, row, column = _parts(counts)
    filled = np.where(cell > 0, cell, np.nan)
    scaled = np.log(filled / (row * column)) / -np.log(filled)
    return np.where((cell == 0) & ~np.isnan(row * column), -1.0, scaled)


@data_metric(
    "local",
    "Adjusted standardised residual",
    formula="(n_ab - n p_a p_b) / sqrt(n p_a p_b (1 - p_a) (1 - p_b))",
    source="Haberman 1973",
    low=None,
    high=None,
    bias="either",
    undefined=_NEEDS,
    interval="none",
)
def adjusted_residual(counts: Floats) -> Floats:
    """Surplus of a cell in standard errors: about normal with spread 1 if group and label are independent."""
    n, cell, row, column = _parts(counts)
    return (cell - row * column) * np.sqrt(n) / np.sqrt(row * column * (1.0 - row) * (1.0 - column))
