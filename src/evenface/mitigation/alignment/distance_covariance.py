"""Distance covariance."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from evenface.mitigation.alignment._alignment import AlignmentOptions
from evenface.mitigation.alignment._dependence import Dependence
from evenface.mitigation.alignment._kernels import squared_distances, typical


class DistanceCovarianceOptions(AlignmentOptions):
    """Settings of `DistanceCovariance`.

    Attributes:
        kind: `distance_covariance`.
    """

    kind: Literal["distance_covariance"] = "distance_covariance"
    given: Literal["none", "expression"] = "expression"


class DistanceCovariance(Dependence):
    """Dependence of latent and attribute, by distances of both; numbers are taken as they are, without bins.

    Székely, Rizzo & Bakirov, arXiv:0803.4101, in the unbiased form of Székely & Rizzo (Annals of Statistics, 2014);
    against bias as in Liu et al. (Fair representation learning: an alternative to mutual information, 2022).
    Distances of latents are divided by their median, so that they cannot escape by growing
    small: our own.
    """

    Options: ClassVar[type[AlignmentOptions]] = DistanceCovarianceOptions
    options: DistanceCovarianceOptions

    def of_latents(self, latents: Tensor) -> Tensor:
        """Distances of latents by their median."""
        # The root has no slope at 0, where faces are compared with themselves.
        distances = (squared_distances(latents) + 1e-8).sqrt()
        return distances / typical(distances)

    def of_attribute(self, values: Tensor) -> Tensor:
        """Distances of numbers; for levels, 0 alike and 1 unlike."""
        return 1 - values @ values.T if values.shape[1] > 1 else (values - values.T).abs()
