"""Mitigation: what training offers at each step, and what a method makes of it.

Axes: face, class, latent, group. A group is an index into `Task.groups`; -1 stands for a face whose group is not known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from evenface.core.config import Settings
from evenface.models.nets._net import Net

Need = Literal["group_in_training", "group_in_validation"]


class MitigationOptions(Settings):
    """What the section `[mitigation]` of a training configuration can say; each method adds fields of its own.

    Attributes:
        kind: Name in the table of mitigations.
    """

    kind: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is known before training starts.

    Attributes:
        classes: Names of the expressions.
        groups: Names of the groups, such as `"gender=female, age=70+"`; empty where no attributes were chosen.
        labels: (face,) index into `classes`, for each training face.
        face_groups: (face,) index into `groups`, -1 where not known, for each training face.
        size: Width and height of a face in pixels.
        width: Length of the latent.
    """

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    labels: NDArray[np.int64]
    face_groups: NDArray[np.int64]
    size: int
    width: int

    def counts(self) -> NDArray[np.int64]:
        """Count training faces: (group, class); faces of no known group are in none."""
        found = np.zeros((len(self.groups), len(self.classes)), np.int64)
        known = self.face_groups >= 0
        np.add.at(found, (self.face_groups[known], self.labels[known]), 1)
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What a net makes of a batch in training: `logits` (face, class) and `latents` (face, latent)."""

    logits: Tensor
    latents: Tensor


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One batch, as training offers it to a mitigation.

    Attributes:
        losses: (face,) soft cross entropy in nats, after label smoothing and class weights; not averaged.
        logits: (face, class) scores, not normalised.
        latents: (face, latent) between encoder and head.
        targets: (face, class) what the faces should be read as: shares that sum to one.
        labels: (face,) index into `Task.classes`.
        groups: (face,) index into `Task.groups`, -1 where not known.
        faces: (face,) place of each face among the training faces, as in `Task.labels`.
        pixels: (face, 3, row, column) in [0, 1], as the net saw them.
        step: Batches before this one.
        steps: Batches that are planned in all.
    """

    losses: Tensor
    logits: Tensor
    latents: Tensor
    targets: Tensor
    labels: Tensor
    groups: Tensor
    faces: Tensor
    pixels: Tensor
    step: int
    steps: int


class Mitigation(nn.Module, ABC):
    """What differs from plain training. Of the methods below, only `objective` must be written.

    A subclass is made by `Subclass(task, options)`. It is a module: parameters it has are trained with those of the
    net, buffers it has (as the weights of groups) are kept in checkpoints, so that a run goes on exactly.

    Attributes:
        Options: Class of the method's settings.
        needs: What must be known of the faces: `group_in_training`, `group_in_validation`.
    """

    Options: ClassVar[type[MitigationOptions]]
    needs: ClassVar[frozenset[Need]] = frozenset()

    @abstractmethod
    def objective(self, step: TrainStep) -> Tensor:
        """Combine one batch into the one number to minimise.

        It must not send gradients into parameters of `optimiser`: see `frozen`.
        """

    def sampling_weights(self, epoch: int) -> NDArray[np.float64] | None:
        """Say how often each training face is drawn in an epoch: (face,), in proportion; None: each exactly once."""
        del epoch
        return None

    def read(self, net: Net, pixels: Tensor) -> Reading:
        """Read a batch in training: where a method goes another way from pixels to scores than the net alone."""
        latents = net.encode(pixels)
        return Reading(net.classify(latents), latents)

    def optimiser(self) -> Optimizer | None:
        """Make the optimiser of the method's own parameters that work against the net; None: there are none."""
        return None

    def opposing_objective(self, step: TrainStep) -> Tensor:
        """Give the number that the parameters of `optimiser` minimise; `step.latents` are to be detached."""
        raise TypeError(f"{type(self).__name__} has an optimiser of its own, but no opposing_objective.")


def frozen(module: nn.Module) -> Callable[..., Tensor]:
    """Call a module so that gradients pass through it to its input, but not into its parameters."""
    held = {name: value.detach() for name, value in module.named_parameters()}

    def call(*inputs: Tensor) -> Tensor:
        out: Tensor = functional_call(module, held, inputs)
        return out

    return call
