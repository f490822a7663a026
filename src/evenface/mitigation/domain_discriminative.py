"""Expression and group read as one, and the group summed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from evenface.mitigation._mitigation import Batch, Mitigation, MitigationOptions, Need, Reading, Task, TrainStep
from evenface.models.nets._net import Net
from evenface.models.nets.group_heads import GroupHeads, GroupHeadsOptions


class DomainDiscriminativeOptions(MitigationOptions):
    """Settings of `DomainDiscriminative`.

    Attributes:
        kind: `domain_discriminative`.
        prior_shift: Whether answers are for faces among whom each expression is as frequent in each group, whatever
            went together in training.
    """

    kind: Literal["domain_discriminative"] = "domain_discriminative"
    prior_shift: bool = True


@dataclass(frozen=True, slots=True)
class _Reading(Reading):
    """`scores`: (face, group, class)."""

    scores: Tensor = field(kw_only=True)


class DomainDiscriminative(Mitigation):
    """Tell every pair of group and expression apart, then sum over groups, for a world where all pairs are as frequent.

    Wang et al., arXiv:1911.11834, section 4.3: "fairness through awareness" with a prior shift. Differs from ERM in
    the classes. Ours: frequencies are counted with one face more in each pair, so that pairs without faces have one;
    and faces of no known group teach the expression alone, with the group summed out.
    """

    Options: ClassVar[type[MitigationOptions]] = DomainDiscriminativeOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: DomainDiscriminativeOptions) -> None:
        super().__init__()
        counts = task.counts() + 1.0
        self._log_prior = np.log(counts / counts.sum()) if options.prior_shift else np.zeros(counts.shape)

    def prepare(self, net: Net) -> Net:
        """Give the net a score for each pair, and an answer that sums groups out."""
        made = GroupHeads(net.classes, GroupHeadsOptions(of=net.options, groups=len(self._log_prior), answer="sum_out"))
        made.log_prior.copy_(torch.from_numpy(self._log_prior))
        return made

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read pairs; the scores of expressions are as in training, before any prior shift."""
        latents = net.encode(batch.pixels)
        scores = cast(GroupHeads, net).scores(latents).float()
        return _Reading(scores.logsumexp(1), latents, scores=scores)

    def objective(self, step: TrainStep) -> Tensor:
        """Mean of -log P(group, expression): the loss of the expression, and that of the group given it."""
        scores = cast(_Reading, step.reading).scores
        given = scores[torch.arange(len(scores), device=scores.device), :, step.labels]
        of_group = functional.cross_entropy(given, step.groups, ignore_index=-1, reduction="none")
        return (step.losses + of_group).mean()
