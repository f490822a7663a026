"""After training, scores are shifted by group until each expression is found as often in every group."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import least_squares
from scipy.special import softmax
from torch import Tensor

from evenface.mitigation._mitigation import Answers, Mitigation, MitigationOptions, Need, Task, TrainStep
from evenface.models.nets._net import Net
from evenface.models.nets.group_shift import GroupShift

Floats = NDArray[np.float64]


class GroupThresholdsOptions(MitigationOptions):
    """Settings of `GroupThresholds`.

    Attributes:
        kind: `group_thresholds`.
        faces: A group's expression with fewer validation faces than this makes no demand.
        hold: How strongly shifts are held at 0.
    """

    kind: Literal["group_thresholds"] = "group_thresholds"
    faces: int = Field(default=5, ge=1)
    hold: float = Field(default=0.01, gt=0)


class GroupThresholds(Mitigation):
    """Train plainly, then shift each group's scores until its faces of each expression are found as often as over all.

    Thresholds by group after Hardt et al., arXiv:1610.02413 (equal opportunity). Ours, for many classes: a number for
    each group and expression is added to scores, and shares found are mean probabilities of the label, which change
    smoothly. Fitted to the validation faces, by scipy's least squares, with shifts held near 0. Differs from ERM in the
    answers. Faces of no known group count towards the shares over all, and are answered as they are.
    """

    Options: ClassVar[type[MitigationOptions]] = GroupThresholdsOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_validation", "group_in_prediction"})

    def __init__(self, task: Task, options: GroupThresholdsOptions) -> None:
        super().__init__()
        self._groups, self._faces, self._hold = len(task.groups), options.faces, options.hold

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Fit the shifts and put them into the net."""
        found = answers("validation")
        made = GroupShift.around(net, groups=self._groups)
        wanted, _ = found_shares(found.logits, found.labels)
        for group in np.unique(found.groups[found.groups >= 0]):
            mine = found.groups == group
            shift = self.fit(found.logits[mine], found.labels[mine], wanted)
            made.shift.data[int(group)] = torch.from_numpy(shift).float()
        return made.to(next(net.parameters()).device)

    def fit(self, logits: Floats, labels: NDArray[np.int64], wanted: Floats) -> Floats:
        """Find the shifts (class,) of one group by which the shares found come near those that are wanted."""
        asked = np.bincount(labels, minlength=len(wanted)) >= self._faces

        def misses(shift: Floats) -> Floats:
            shares, _ = found_shares(logits + shift, labels)
            return np.concatenate([(shares - wanted)[asked], self._hold * shift])

        return np.asarray(least_squares(misses, np.zeros(len(wanted))).x)


def found_shares(logits: Floats, labels: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Give for each class the mean probability of the label among its faces, and how many there are; NaN without."""
    p = softmax(logits, 1)[np.arange(len(labels)), labels]
    faces = np.bincount(labels, minlength=logits.shape[1])
    with np.errstate(invalid="ignore"):
        return np.bincount(labels, p, logits.shape[1]) / faces, faces
