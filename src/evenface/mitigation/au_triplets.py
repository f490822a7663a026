"""Faces that move alike are brought near each other, whatever they are labelled."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from evenface.core.errors import SettingsError
from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Task, TrainStep


class AUTripletsOptions(MitigationOptions):
    """Settings of `AUTriplets`.

    Attributes:
        kind: `au_triplets`.
        strength: Weight of the triplets.
        margin: By how much unlike faces must be farther apart than like ones: squared distance of latents of length 1.
        alike: Faces are alike whose units differ by less than this: root mean square, in standard deviations.
        unlike: Faces are unlike whose units differ by more.
    """

    kind: Literal["au_triplets"] = "au_triplets"
    strength: float = Field(default=1.0, ge=0)
    margin: float = Field(default=0.2, gt=0)
    alike: float = Field(default=0.5, gt=0)
    unlike: float = Field(default=1.0, gt=0)


class AUTriplets(Mitigation):
    """Draw together the latents of faces with the same action units, and apart those of others.

    Chen & Joo, arXiv:2108.08504: labels of annotators depend on who is shown even where faces move alike, so movements
    say which faces belong together. Action units are the columns `unit:…` of `data.continuous`. What is alike, the
    hardest pairs of a batch (Hermans et al., arXiv:1703.07737) and the weights are our reconstruction. Differs
    from ERM in the triplets. It asks for no groups; faces of which a unit is not known are in no triplet.
    """

    Options: ClassVar[type[MitigationOptions]] = AUTripletsOptions
    deviations: Tensor

    def __init__(self, task: Task, options: AUTripletsOptions) -> None:
        super().__init__()
        self.options = options
        self._units = task.units
        if not self._units:
            raise SettingsError(
                "mitigation 'au_triplets' needs action units: name columns unit:… of the manifest in data.continuous, "
                f"as 'unit:AU12L'. Named are: {', '.join(task.continuous) or 'none'}."
            )
        known = task.face_values[:, self._units].astype(np.float64)
        known = known[~np.isnan(known).any(1)]
        if not len(known):
            raise SettingsError("mitigation 'au_triplets': no training face has all action units that are named.")
        deviations = torch.from_numpy(np.maximum(known.std(0), 1e-6).astype(np.float32))
        self.register_buffer("deviations", deviations, persistent=False)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces, and of the triplets."""
        return step.losses.mean() + self.options.strength * self.triplets(step.latents, step.values)

    def triplets(self, latents: Tensor, values: Tensor) -> Tensor:
        """Mean of max(0, margin + farthest alike - nearest unlike), over faces that have both in the batch; else 0."""
        units = values[:, self._units] / self.deviations
        apart = ((units[:, None] - units) ** 2).mean(2).sqrt()  # NaN where not known: neither alike nor unlike
        alike, unlike = apart < self.options.alike, apart > self.options.unlike
        alike = alike.fill_diagonal_(False)
        unit = functional.normalize(latents.float(), dim=1)
        far = 2 - 2 * unit @ unit.T
        worst_alike = torch.where(alike, far, -torch.inf).amax(1)
        worst_unlike = torch.where(unlike, far, torch.inf).amin(1)
        both = alike.any(1) & unlike.any(1)
        misses = functional.relu(self.options.margin + worst_alike[both] - worst_unlike[both])
        return misses.sum() / both.sum().clamp_min(1)
