"""Weights against uneven numbers of groups."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenface.mitigation._mitigation import Mitigation, MitigationOptions, Need, Task, TrainStep


class ReweightOptions(MitigationOptions):
    """Settings of `Reweight`.

    Attributes:
        kind: `reweight`.
        over: What is made to weigh alike: `group`, or each `group_and_class`; or `independence`: each expression gets
            in each group the weight that it would have if expression and group had nothing to do with each other.
        by: `sampling`: rare faces are drawn more often; `loss`: each face's loss is weighted, which learns little where
            few faces weigh much, as of batches of 64 with three faces of a group.
    """

    kind: Literal["reweight"] = "reweight"
    over: Literal["group", "group_and_class", "independence"] = "group_and_class"
    by: Literal["loss", "sampling"] = "sampling"


class Reweight(Mitigation):
    """Weigh faces so that groups count alike, however many faces they have.

    `independence` is the reweighing of Kamiran & Calders, Data preprocessing techniques for classification without
    discrimination (2012); weighting and resampling groups are compared in Idrissi et al., arXiv:2110.14503 (2021).
    Faces of no known group keep weight 1. Differs from ERM only in the weights.
    """

    Options: ClassVar[type[MitigationOptions]] = ReweightOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})
    weights: Tensor

    def __init__(self, task: Task, options: ReweightOptions) -> None:
        super().__init__()
        self._by_loss = options.by == "loss"
        self._faces = weights_of(task, options.over)
        self.register_buffer("weights", torch.from_numpy(self._faces.astype(np.float32)), persistent=False)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean of the weighted losses, or of the losses as they are where sampling does the work."""
        return (step.losses * self.weights[step.faces]).mean() if self._by_loss else step.losses.mean()

    def sampling_weights(self, epoch: int) -> NDArray[np.float64] | None:
        """Weights of the faces, where sampling does the work."""
        del epoch
        return None if self._by_loss else self._faces


def weights_of(task: Task, over: str) -> NDArray[np.float64]:
    """(face,) weights with mean 1 over the faces whose group is known."""
    known = task.face_groups >= 0
    if over != "independence":
        cells = task.face_groups * len(task.classes) + task.labels
        return alike(np.where(known, cells, -1) if over == "group_and_class" else task.face_groups)
    counts = task.counts().astype(np.float64)
    n, of_group, of_class = counts.sum(), counts.sum(1, keepdims=True), counts.sum(0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):  # cells without faces: their weight is never looked up
        table = of_group * of_class / (n * counts)
    out = np.ones(len(task.labels))
    out[known] = table[task.face_groups[known], task.labels[known]]
    return out


def alike(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """(face,) weights with which each code counts alike, however many faces have it, with mean 1; 1 where it is -1."""
    known = codes >= 0
    counts = np.bincount(codes[known])
    out = np.ones(len(codes))
    out[known] = known.sum() / (np.count_nonzero(counts) * counts[codes[known]])
    return out
