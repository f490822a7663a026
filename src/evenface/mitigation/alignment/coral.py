"""Means and covariances."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, View
from evenface.mitigation.alignment._cells import Cells, cells


class CORALOptions(AlignmentOptions):
    """Settings of `CORAL`.

    Attributes:
        kind: `coral`.
    """

    kind: Literal["coral"] = "coral"


class CORAL(Alignment):
    """Squared distances between the means and between the covariances of each pair of groups.

    Deep CORAL of Sun & Saenko, arXiv:1607.01719, whose distance of covariances is divided by 4 (latent numbers)^2; the
    distance of means beside it, per number, as in Gulrajani & Lopez-Paz, arXiv:2007.01434. Latents are divided by the
    root of their mean variance, so that they cannot escape by growing small, and covariances are compared through
    products of faces, which cost less than matrices of latent numbers: both are our own.
    """

    Options: ClassVar[type[AlignmentOptions]] = CORALOptions
    options: CORALOptions

    def penalty(self, view: View) -> Tensor:
        """Mean over attributes and pairs of groups."""
        spread = (view.latents.detach() - view.latents.detach().mean(0)).square().mean().sqrt().clamp_min(1e-6)
        latents = view.latents / spread
        found = []
        for i in range(len(self.known.levels)):
            at = cells(view, self.known, i, self.options.given)
            found.append((mean_distances(latents, at) + covariance_distances(latents, at)) @ at.share)
        return torch.stack(found).mean()


def mean_distances(latents: Tensor, at: Cells) -> Tensor:
    """(pair,) squared distances of means, per number of the latent."""
    means = at.rows @ latents
    return (means[at.first] - means[at.second]).square().mean(1)


def covariance_distances(latents: Tensor, at: Cells) -> Tensor:
    """(pair,) squared distances of covariances, divided by 4 (latent numbers)^2.

    The product of two covariances, summed over its entries, is the sum of squared products of their faces.
    """
    centred = latents - at.rows.gt(0).to(latents.dtype).T @ (at.rows @ latents)
    # Weights that make the covariance unbiased: 1 / (n - 1) where all faces weigh alike.
    rows = at.rows / (1 - at.rows.square().sum(1, keepdim=True)).clamp_min(1e-6)
    products = rows @ (centred @ centred.T).square() @ rows.T
    own = products.diagonal()
    return (own[at.first] + own[at.second] - 2 * products[at.first, at.second]) / (4 * latents.shape[1] ** 2)
