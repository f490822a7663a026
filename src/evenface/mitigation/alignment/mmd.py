"""Maximum mean discrepancy."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, View
from evenface.mitigation.alignment._cells import Cells, cells
from evenface.mitigation.alignment._kernels import gaussians, squared_distances


class MMDOptions(AlignmentOptions):
    """Settings of `MMD`.

    Attributes:
        kind: `mmd`.
        scales: Widths of the Gaussian kernels that are averaged, as multiples of the median squared distance.
    """

    kind: Literal["mmd"] = "mmd"
    scales: tuple[float, ...] = Field(default=(0.125, 0.25, 0.5, 1.0, 2.0), min_length=1)


class MMD(Alignment):
    """Squared maximum mean discrepancy between each pair of groups, with kernels of several widths.

    The unbiased estimate of Gretton et al., JMLR 13 (2012), which is 0 on average where groups do not differ and may
    be below; several widths as in Li et al., arXiv:1502.02761. Weights within groups, and that all pairs share one
    matrix of kernels, are our own.
    """

    Options: ClassVar[type[AlignmentOptions]] = MMDOptions
    options: MMDOptions

    def penalty(self, view: View) -> Tensor:
        """Mean over attributes and pairs of groups."""
        kernel = gaussians(squared_distances(view.latents), self.options.scales)
        found = [
            discrepancies(kernel, at := cells(view, self.known, i, self.options.given)) @ at.share
            for i in range(len(self.known.levels))
        ]
        return torch.stack(found).mean()


def discrepancies(kernel: Tensor, at: Cells) -> Tensor:
    """(pair,) unbiased squared discrepancies under a kernel (face, face)."""
    between = at.rows @ kernel @ at.rows.T
    squares = at.rows.square()
    # A face is not compared with itself; the weights of the other pairs sum to 1 - sum of squares.
    within = (between.diagonal() - squares @ kernel.diagonal()) / (1 - squares.sum(1)).clamp_min(1e-6)
    return within[at.first] + within[at.second] - 2 * between[at.first, at.second]
