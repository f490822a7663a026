"""Wasserstein distances along random directions."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, View
from evenface.mitigation.alignment._cells import Cells, cells


class SlicedWassersteinOptions(AlignmentOptions):
    """Settings of `SlicedWasserstein`.

    Attributes:
        kind: `sliced_wasserstein`.
        directions: Random directions, drawn anew for each batch.
    """

    kind: Literal["sliced_wasserstein"] = "sliced_wasserstein"
    directions: int = Field(default=64, ge=1)


class SlicedWasserstein(Alignment):
    """Mean over random directions of the 1-Wasserstein distance between each pair of groups.

    Bonneel et al., Sliced and Radon Wasserstein barycenters of measures (2015). Along a direction the distance is the
    area between the two cumulative shares, which takes one sort for all groups, also where faces weigh differently;
    it is divided by the latents' mean deviation along the directions. Both are our own.
    """

    Options: ClassVar[type[AlignmentOptions]] = SlicedWassersteinOptions
    options: SlicedWassersteinOptions

    def penalty(self, view: View) -> Tensor:
        """Mean over attributes and pairs of groups."""
        drawn = torch.randn(view.latents.shape[1], self.options.directions, device=view.latents.device)
        places, order = (view.latents @ functional.normalize(drawn, dim=0)).T.sort(1)
        spread = places.detach().std(1).mean().clamp_min(1e-6) if places.shape[1] > 1 else places.new_ones(())
        found = []
        for i in range(len(self.known.levels)):
            at = cells(view, self.known, i, self.options.given)
            found.append(areas(places, order, at).mean(0) @ at.share / spread)
        return torch.stack(found).mean()


def areas(places: Tensor, order: Tensor, at: Cells) -> Tensor:
    """(direction, pair) 1-Wasserstein distances of faces at sorted places (direction, face)."""
    # (direction, cell, face): the share of the cell's faces that are no further along the direction.
    below = at.rows.T[order].transpose(1, 2).cumsum(2)
    apart = (below[:, at.first] - below[:, at.second]).abs()[:, :, :-1]
    return (apart * places.diff(dim=1)[:, None]).sum(2)
