"""Branches for expression and attributes; the branch of the expression is kept from telling attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast

from pydantic import Field
from torch import Tensor
from torch.optim import AdamW, Optimizer

from evenface.mitigation._mitigation import (
    Batch,
    Mitigation,
    MitigationOptions,
    Need,
    Reading,
    Task,
    TrainStep,
    frozen,
)
from evenface.mitigation._readers import Readers
from evenface.mitigation.alignment._checks import refuse
from evenface.models.nets._net import Net
from evenface.models.nets.branch import Branch


class DisentangledOptions(MitigationOptions):
    """Settings of `Disentangled`.

    Attributes:
        kind: `disentangled`.
        attributes: Weight of the attribute branches.
        confusion: Weight of the uniform confusion.
        hidden: Width of the attribute branches, and of those who read attributes from the expression's branch.
        rate: Learning rate of the latter.
    """

    kind: Literal["disentangled"] = "disentangled"
    attributes: float = Field(default=0.3, ge=0)
    confusion: float = Field(default=1.0, ge=0)
    hidden: int = Field(default=64, ge=1)
    rate: float = Field(default=2e-3, gt=0)


@dataclass(frozen=True, slots=True)
class _Reading(Reading):
    """`trunk`: (face, latent), before the branches."""

    trunk: Tensor = field(kw_only=True)


class Disentangled(Mitigation):
    """Split the net into branches: attributes are read in theirs, and cannot be told in that of the expression.

    Xu et al., arXiv:2007.10075, with the uniform confusion of Alvi et al., arXiv:1809.02169; layers, weights and
    schedule are our reconstruction. From the latent of the net grow a branch for the expression and one for each
    attribute, which is taught to tell it. Opponents are taught to tell each attribute from the expression's branch,
    which in turn is taught to leave them with equal probabilities. Attributes go one by one, not crossed. Differs from
    ERM in all that. Where an attribute is not known, it teaches neither branch nor opponent; confusion needs none.
    Numbers, such as an age, must be cut into levels.
    """

    Options: ClassVar[type[MitigationOptions]] = DisentangledOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: DisentangledOptions) -> None:
        super().__init__()
        refuse(task, crossed=False)
        self._attributes, self._confusion, self._rate = options.attributes, options.confusion, options.rate
        levels = [len(each) for each in task.attributes.values()]
        self.branches = Readers(task.width, levels, options.hidden)
        self.opponents = Readers(task.width, levels, options.hidden)

    def prepare(self, net: Net) -> Net:
        """Give the net a branch for the expression."""
        return Branch.around(net)

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch, and keep the trunk."""
        net = cast(Branch, net)
        trunk = net.inner.encode(batch.pixels)
        latents = net.branch(trunk)
        return _Reading(net.classify(latents), latents, trunk=trunk)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces, loss of the attribute branches, and confusion."""
        of_attributes = self.branches.losses(self.branches(cast(_Reading, step.reading).trunk), step.attributes)
        confusion = self.opponents.confusion(frozen(self.opponents)(step.latents))
        return step.losses.mean() + self._attributes * of_attributes.sum() + self._confusion * confusion.sum()

    def optimiser(self) -> Optimizer:
        """Make the opponents' optimiser."""
        return AdamW(self.opponents.parameters(), lr=self._rate)

    def opposing_objective(self, step: TrainStep) -> Tensor:
        """Give the opponents' loss."""
        return self.opponents.losses(self.opponents(step.latents.detach()), step.attributes).sum()
