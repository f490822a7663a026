"""Cells: faces of one level of an attribute, and where asked of one expression, as rows of weights.

With them every comparison of groups in a batch is one product of matrices, however many groups and expressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from evenface.mitigation.alignment._alignment import Known, View


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one attribute in one batch.

    Attributes:
        rows: (cell, face) weights that sum to one in each cell, 0 in one without faces; cells are in the order
            (stratum, level), a stratum being an expression or all faces.
        mass: (cell,) faces, or the sum of their weights.
        faces: (cell,) faces.
        first, second: (pair,) cells of the same stratum that are compared.
        share: (pair,) weight of each comparison: as many faces as are compared, harmonically; the sum over all is one,
            or 0 where the batch has nothing to compare.
    """

    rows: Tensor
    mass: Tensor
    faces: Tensor
    first: Tensor
    second: Tensor
    share: Tensor


def strata(view: View, known: Known, given: str) -> Tensor:
    """(face, stratum): 1 where a face is in it."""
    if given == "expression":
        return functional.one_hot(view.labels, known.classes).to(view.latents.dtype)
    return view.latents.new_ones(len(view.labels), 1)


def members(view: View, known: Known, attribute: int, given: str) -> Tensor:
    """(face, level): 1, or the face's weight, where a face is of that level; all 0 where it is not known."""
    codes = view.codes[:, attribute]
    out = functional.one_hot(codes.clamp_min(0), known.levels[attribute]) * (codes >= 0)[:, None]
    weights = view.weights[:, attribute] if given == "independence" else torch.ones_like(view.weights[:, attribute])
    return out.to(view.latents.dtype) * weights[:, None]


def cells(view: View, known: Known, attribute: int, given: str) -> Cells:
    """Sort the faces of a batch into cells, and say which cells are compared: all pairs of levels within a stratum."""
    within, of_level = strata(view, known, given), members(view, known, attribute, given)
    rows = (within[:, :, None] * of_level[:, None, :]).flatten(1).T
    mass, faces = rows.sum(1), (rows > 0).sum(1)
    count, levels = within.shape[1], known.levels[attribute]
    pairs = torch.triu_indices(levels, levels, 1, device=rows.device)
    start = torch.arange(count, device=rows.device)[:, None] * levels
    first, second = (start + pairs[0]).flatten(), (start + pairs[1]).flatten()
    # A cell of one face has no spread: it is not compared.
    there = (faces[first] > 1) & (faces[second] > 1)
    share = there * mass[first] * mass[second] / (mass[first] + mass[second]).clamp_min(1e-9)
    return Cells(rows / mass.clamp_min(1e-9)[:, None], mass, faces, first, second, share / share.sum().clamp_min(1e-9))
