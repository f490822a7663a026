"""After training, a new head is fitted to faces among whom groups count alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from evenface.core.errors import SettingsError
from evenface.mitigation._logistic import with_fitted_head
from evenface.mitigation._mitigation import Answers, Mitigation, MitigationOptions, Need, Task, TrainStep
from evenface.mitigation.reweight import alike
from evenface.models.nets._net import Net


class DFROptions(MitigationOptions):
    """Settings of `DFR`.

    Attributes:
        kind: `dfr`.
        strength: One over the weight of the head's penalty.
    """

    kind: Literal["dfr"] = "dfr"
    strength: float = Field(default=0.1, gt=0)


class DFR(Mitigation):
    """Train plainly, then fit the last layer anew to validation faces, each group and expression counting alike.

    Deep feature reweighting: Kirichenko et al., arXiv:2204.02937. Differs from ERM in the head. Ours: weights where
    they average heads of balanced subsets, and a squared penalty where they take absolute values. Faces of no known
    group are left out of the fit. The same validation faces choose the epoch and fit the temperature, so
    what is measured on them is flattering.
    """

    Options: ClassVar[type[MitigationOptions]] = DFROptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_validation"})

    def __init__(self, task: Task, options: DFROptions) -> None:
        del task
        super().__init__()
        self._strength = options.strength

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Fit the new head.

        Raises:
            SettingsError: The validation faces whose group is known show one expression only.
        """
        found = answers("validation")
        known = found.groups >= 0
        latents, labels = found.latents[known], found.labels[known]
        if len(np.unique(labels)) < 2:
            raise SettingsError(
                f"mitigation 'dfr' fits a head to the {known.sum()} validation faces of a known group, and they show "
                "fewer than two expressions. Use another method, or a larger data.validation_share."
            )
        weights = alike(found.groups[known] * net.classes + labels)
        return with_fitted_head(net, latents, labels, weights, self._strength)
