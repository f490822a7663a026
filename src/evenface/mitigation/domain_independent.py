"""A head for each group."""

from __future__ import annotations

from typing import ClassVar, Literal, cast

import torch
from torch import Tensor

from evenface.mitigation._mitigation import Batch, Mitigation, MitigationOptions, Need, Reading, Task, TrainStep
from evenface.models.nets._net import Net
from evenface.models.nets.group_heads import GroupHeads, GroupHeadsOptions


class DomainIndependentOptions(MitigationOptions):
    """Settings of `DomainIndependent`: none."""

    kind: Literal["domain_independent"] = "domain_independent"


class DomainIndependent(Mitigation):
    """Teach each group's faces to a head of its own, on one encoder; answer with all heads together.

    Wang et al., arXiv:1911.11834, section 4.4. Differs from ERM in the heads; who is shown is not asked when the net
    answers. Faces of no known group (ours) teach the combined answer, and so all heads alike.
    """

    Options: ClassVar[type[MitigationOptions]] = DomainIndependentOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: DomainIndependentOptions) -> None:
        del options
        super().__init__()
        self._groups = len(task.groups)

    def prepare(self, net: Net) -> Net:
        """Give the net a head for each group."""
        return GroupHeads(net.classes, GroupHeadsOptions(of=net.options, groups=self._groups))

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read each face with the head of its group."""
        net, latents = cast(GroupHeads, net), net.encode(batch.pixels)
        scores = net.scores(latents)
        own = scores[torch.arange(len(scores), device=scores.device), batch.groups.clamp_min(0)]
        return Reading(torch.where(batch.groups[:, None] >= 0, own, net.combined(scores)), latents)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()
