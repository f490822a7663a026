"""Hilbert-Schmidt independence criterion."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from evenface.mitigation.alignment._alignment import AlignmentOptions
from evenface.mitigation.alignment._dependence import Dependence
from evenface.mitigation.alignment._kernels import gaussians, squared_distances


class HSICOptions(AlignmentOptions):
    """Settings of `HSIC`.

    Attributes:
        kind: `hsic`.
        scales: Squared widths of the Gaussian kernels that are averaged, as multiples of the median squared distance.
    """

    kind: Literal["hsic"] = "hsic"
    given: Literal["none", "expression"] = "expression"
    scales: tuple[float, ...] = Field(default=(0.25, 0.5, 1.0), min_length=1)


class HSIC(Dependence):
    """Dependence of latent and attribute, by kernels of both; numbers are taken as they are, without bins.

    Gretton et al. (2005), in the unbiased form of Song et al., JMLR 13 (2012). Levels are 1 alike and 0 unlike;
    numbers have a Gaussian kernel of their mean squared distance, 2 deviations squared.
    """

    Options: ClassVar[type[AlignmentOptions]] = HSICOptions
    options: HSICOptions

    def of_latents(self, latents: Tensor) -> Tensor:
        """Gaussian kernels at the scale of the batch."""
        return gaussians(squared_distances(latents), self.options.scales)

    def of_attribute(self, values: Tensor) -> Tensor:
        """A Gaussian kernel of a number, which has deviation 1; for levels, whether they are alike."""
        return values @ values.T if values.shape[1] > 1 else (-(values - values.T).square() / 2).exp()
