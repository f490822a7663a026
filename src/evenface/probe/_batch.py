"""One probe fitted to many columns of labels at once: the attribute as it is, and as it is dealt to other persons.

A probe gives **evidence**, (face, level, column): what the features add to the logarithm of each level's base rate. So
probabilities are softmax(evidence + offset), where the offset is the log base rate in the part that was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

_FAR = 10.0  # deviations
_PRIOR_FACES = 0.5  # added to each level's count (Jeffreys), so that no base rate is 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Faces to fit or to score a probe on.

    Attributes:
        features: (face, feature), standardised.
        codes: (face, column) index of the level; the first column is the attribute as it is.
        people: (face,) index of the person.
        strata: (face,) index of the stratum.
        base: (stratum, level, column) log base rates among the faces that are fitted.
    """

    features: Tensor
    codes: Tensor
    people: Tensor
    strata: Tensor
    base: Tensor

    @property
    def offset(self) -> Tensor:
        """(face, level, column) log base rate of each level in the face's stratum."""
        return self.base[self.strata]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Faces, levels, columns."""
        return len(self.codes), self.base.shape[1], self.base.shape[2]

    def at(self, rows: Tensor) -> Batch:
        """Give some of the faces."""
        return Batch(self.features[rows], self.codes[rows], self.people[rows], self.strata[rows], self.base)


def base_rates(codes: Tensor, strata: Tensor, levels: int, number: int) -> Tensor:
    """Log base rates (stratum, level, column) of codes (face, column)."""
    counts = torch.full((number, levels, codes.shape[1]), _PRIOR_FACES)
    columns = torch.arange(codes.shape[1]).expand_as(codes)
    counts.index_put_((strata[:, None].expand_as(codes), codes, columns), torch.ones(()), accumulate=True)
    return (counts / counts.sum(1, keepdim=True)).log()


def two_parts(
    features: Tensor, codes: Tensor, people: Tensor, strata: Tensor, fit: Tensor, levels: int
) -> tuple[Batch, Batch]:
    """Cut faces into those to fit (`fit`, a mask) and those to score.

    Each stratum's mean is taken off, and features are scaled to deviation 1; means, deviations and base rates are those
    of the faces to fit. A feature that does not vary there becomes 0.
    """
    number = int(strata.max()) + 1
    inside = functional.one_hot(strata, number).to(features.dtype)
    faces = inside[fit].sum(0).clamp(min=1)
    means = (inside[fit].T @ features[fit]) / faces[:, None]
    centred = features - means[strata]
    deviation = centred[fit].square().mean(0).sqrt()
    flat = deviation <= 1e-6 * features[fit].abs().amax(0).clamp(min=1e-30)
    scaled = torch.where(flat, 0.0, centred / deviation.masked_fill(flat, 1.0))
    base = base_rates(codes[fit], strata[fit], levels, number)
    whole = Batch(scaled, codes, people, strata, base)
    new = whole.at(torch.nonzero(~fit)[:, 0])
    # A face far outside what was fitted would rule all that is linear.
    return whole.at(torch.nonzero(fit)[:, 0]), replace(new, features=new.features.clamp(-_FAR, _FAR))


def surprise(evidence: Tensor, batch: Batch) -> Tensor:
    """Bits (face, column) that it takes to tell each face's level, given the evidence (face, level, column)."""
    logs = torch.log_softmax(evidence + batch.offset, 1)
    return -logs.gather(1, batch.codes[:, None])[:, 0] / 0.6931471805599453
