"""Mitigation: what training offers at each step, and what a method makes of it.

Axes: face, class, latent, group, attribute, value. A group is an index into `Task.groups`, one per crossing of the
chosen attributes; -1 stands for a face whose group is not known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from evenface.core.config import Settings
from evenface.core.tables import Notice
from evenface.models.nets._net import Net

Need = Literal["group_in_training", "group_in_validation", "group_in_prediction"]


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
        attributes: The chosen attributes, each with its levels.
        face_attributes: (face, attribute) index into the attribute's levels, -1 where not known.
        continuous: Names of the chosen columns of numbers: attributes, such as an age in years, and action units.
        face_values: (face, value) those numbers, as they are in the manifest; NaN where not known.
        epochs: Times that the faces are gone through.
    """

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    labels: NDArray[np.int64]
    face_groups: NDArray[np.int64]
    size: int
    width: int
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    face_attributes: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    continuous: tuple[str, ...] = ()
    face_values: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    epochs: int = 1

    @property
    def units(self) -> list[int]:
        """Places in `continuous` of action units, columns `unit:…`: what a face does, and no attribute of who it is."""
        return [i for i, name in enumerate(self.continuous) if is_unit(name)]

    @property
    def numbers(self) -> list[int]:
        """Places in `continuous` of attributes."""
        return sorted(set(range(len(self.continuous))) - set(self.units))

    def counts(self) -> NDArray[np.int64]:
        """Count training faces: (group, class); faces of no known group are in none."""
        found = np.zeros((len(self.groups), len(self.classes)), np.int64)
        known = self.face_groups >= 0
        np.add.at(found, (self.face_groups[known], self.labels[known]), 1)
        return found


def is_unit(column: str) -> bool:
    """Whether a column of numbers is of an action unit, and so no attribute."""
    return column.startswith("unit:")


@dataclass(frozen=True, slots=True)
class Batch:
    """Faces of one step, before anything has read them.

    Attributes:
        pixels: (face, 3, row, column) in [0, 1], augmented.
        targets: (face, class) what the faces should be read as: shares that sum to one.
        labels: (face,) index into `Task.classes`.
        groups: (face,) index into `Task.groups`, -1 where not known.
        attributes: (face, attribute) index into the attribute's levels, -1 where not known.
        values: (face, value) attributes that are numbers; NaN where not known.
        faces: (face,) place of each face among the training faces, as in `Task.labels`.
        step: Batches before this one.
        steps: Batches that are planned in all.
    """

    pixels: Tensor
    targets: Tensor
    labels: Tensor
    groups: Tensor
    attributes: Tensor
    values: Tensor
    faces: Tensor
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a net makes of a batch in training. A method may extend it by what its objective needs.

    Attributes:
        logits: (face, class) scores, not normalised.
        latents: (face, latent) between encoder and head.
        targets: (face, class) shares, where the method changed what the faces should be read as; None: as they were.
    """

    logits: Tensor
    latents: Tensor
    targets: Tensor | None = None


@dataclass(frozen=True, slots=True)
class TrainStep(Batch):
    """One batch, as training offers it to a mitigation.

    Attributes:
        losses: (face,) soft cross entropy in nats, after label smoothing and class weights; not averaged.
        reading: What `Mitigation.read` gave.
    """

    losses: Tensor
    reading: Reading

    @property
    def logits(self) -> Tensor:
        """(face, class) scores, not normalised."""
        return self.reading.logits

    @property
    def latents(self) -> Tensor:
        """(face, latent) between encoder and head."""
        return self.reading.latents


@dataclass(frozen=True, slots=True)
class Answers:
    """What a trained net makes of a split, in evaluation: for what is fitted after training.

    Attributes:
        latents: (face, latent).
        logits: (face, class).
        labels: (face,) index into `Task.classes`.
        groups: (face,) index into `Task.groups`, -1 where not known.
        attributes: (face, attribute) index into the attribute's levels, -1 where not known.
        values: (face, value) attributes that are numbers; NaN where not known.
    """

    latents: NDArray[np.float32]
    logits: NDArray[np.float64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    attributes: NDArray[np.int64]
    values: NDArray[np.float32]


class Mitigation(nn.Module, ABC):
    """What differs from plain training. Of the methods below, only `objective` must be written.

    A subclass is made by `Subclass(task, options)`. It is a module: parameters it has are trained with those of the
    net, buffers it has (as the weights of groups) are kept in checkpoints, so that a run goes on exactly.

    Attributes:
        Options: Class of the method's settings.
        needs: What must be known of the faces: `group_in_training`, `group_in_validation`, or, to answer at all,
            `group_in_prediction`: the net's `adjust` asks for it.
        reads_numbers: Whether `data.continuous` alone will do where groups are needed.
        keeps_epoch: Whether weights are those of the epoch that was chosen, but for what `finish` changes.
    """

    Options: ClassVar[type[MitigationOptions]]
    needs: ClassVar[frozenset[Need]] = frozenset()
    reads_numbers: ClassVar[bool] = False
    keeps_epoch: ClassVar[bool] = True

    def uses(self) -> frozenset[Need]:
        """Say what is looked at of what is known of the faces, needed or not: results tell it."""
        return self.needs

    @abstractmethod
    def objective(self, step: TrainStep) -> Tensor:
        """Combine one batch into the one number to minimise.

        It must not send gradients into parameters of `optimiser`: see `frozen`.
        """

    def sampling_weights(self, epoch: int) -> NDArray[np.float64] | None:
        """Say how often each training face is drawn in an epoch: (face,), in proportion; None: each exactly once."""
        del epoch
        return None

    def prepare(self, net: Net) -> Net:
        """Give the net that is trained, averaged and saved: another one where a method needs other heads."""
        return net

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch in training: where a method goes another way from pixels to scores than the net alone."""
        latents = net.encode(batch.pixels)
        return Reading(net.classify(latents), latents)

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Change the chosen net after training; `answers` gives what it makes of the split `train` or `validation`."""
        del answers
        return net

    def begins_anew(self, epoch: int) -> bool:
        """Say whether the net, its average and the schedule start afresh with an epoch, counted from 0.

        What the method itself keeps stays. Only an epoch after the last start can be chosen.
        """
        del epoch
        return False

    def after_epoch(self, epoch: int, answers: Callable[[str], Answers]) -> None:
        """Look back on an epoch; `answers` gives what the averaged net makes of the split `train` or `validation`."""
        del epoch, answers

    def figures(self) -> dict[str, float]:
        """Tell, by name, means over the batches since this was last asked: for the history of the run."""
        return {}

    def notices(self) -> tuple[Notice, ...]:
        """Tell what the reader of the result must know, once training has ended."""
        return ()

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
