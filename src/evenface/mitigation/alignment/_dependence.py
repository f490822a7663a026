"""Dependence of two matrices of kernels or distances, without bias, within strata.

The unbiased squared distance covariance of Székely & Rizzo (2014) and the unbiased HSIC of Song et al. (2012) are one
formula: the first of distances, the second of kernels (Sejdinovic et al., arXiv:1207.6076).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from evenface.mitigation.alignment._alignment import Alignment, View
from evenface.mitigation.alignment._cells import strata


class Dependence(Alignment):
    """What HSIC and distance covariance share: each attribute, of levels or numbers, beside the latent."""

    reads_numbers: ClassVar[bool] = True

    @abstractmethod
    def of_latents(self, latents: Tensor) -> Tensor:
        """(face, face) kernels or distances of latents."""

    @abstractmethod
    def of_attribute(self, values: Tensor) -> Tensor:
        """(face, face) kernels or distances of an attribute: (face, number), a level being 0 but for a 1."""

    def penalty(self, view: View) -> Tensor:
        """Mean over attributes, and over strata by their faces."""
        latents, within = self.of_latents(view.latents), strata(view, self.known, self.options.given)
        columns = [
            functional.one_hot(view.codes[:, i].clamp_min(0), n).float() for i, n in enumerate(self.known.levels)
        ]
        there = [view.codes[:, i] >= 0 for i in range(len(columns))]
        if self.options.over == "each":
            columns += [value.nan_to_num(0.0)[:, None] for value in view.values.T]
            there += [~value.isnan() for value in view.values.T]
        found = [
            dependence(latents, self.of_attribute(column), within * known[:, None])
            for column, known in zip(columns, there, strict=True)
        ]
        return torch.stack(found).mean()


def dependence(first: Tensor, second: Tensor, within: Tensor) -> Tensor:
    """Mean over strata, by their faces, of the unbiased dependence; strata under 4 faces are left out.

    Args:
        first: (face, face), symmetric; what is on the diagonal does not count.
        second: Of the same kind.
        within: (face, stratum) 1 where a face is in it; a face is in one or in none.
    """
    n = within.sum(0)
    within = within * (n > 3)
    n = within.sum(0)
    same = (within @ within.T).fill_diagonal_(0)
    of_face = within @ n  # faces of each face's stratum, 0 for those left out
    products = (_centred(first, within, same, of_face) * _centred(second, within, same, of_face)).sum(1)
    scale = torch.where(of_face > 0, 1 / (of_face - 3).clamp_min(1), 0.0)
    return (products * scale).sum() / n.sum().clamp_min(1)


def _centred(x: Tensor, within: Tensor, same: Tensor, of_face: Tensor) -> Tensor:
    """Centred within strata so that products have no bias ("U-centred"); 0 on the diagonal and between strata."""
    inside = x * same
    row = inside.sum(1)
    total = within @ (within.T @ row)
    n = of_face.clamp_min(4)
    mean = row / (n - 2)
    return (inside - mean[:, None] - mean[None, :] + (total / ((n - 1) * (n - 2)))[:, None]) * same
