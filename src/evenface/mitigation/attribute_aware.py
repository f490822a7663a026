"""The net is told who is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, cast

from torch import Tensor

from evenface.mitigation._mitigation import Batch, Mitigation, MitigationOptions, Need, Reading, Task, TrainStep
from evenface.models.nets._net import Net
from evenface.models.nets.group_shift import GroupShift


class AttributeAwareOptions(MitigationOptions):
    """Settings of `AttributeAware`: none."""

    kind: Literal["attribute_aware"] = "attribute_aware"


class AttributeAware(Mitigation):
    """Tell the head which group is shown, in training and in prediction.

    Xu et al., arXiv:2007.10075, join a vector learnt for the attributes to the latent before a linear head. That is to
    add a number to each score by group, which is what our reconstruction learns: it suits every head, and groups
    are crossings, not sums of attributes. Differs from ERM in these numbers. A face of no known group gets none of
    them, in training and in prediction, and so does every face where the net is asked by its pixels alone.
    """

    Options: ClassVar[type[MitigationOptions]] = AttributeAwareOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training", "group_in_prediction"})

    def __init__(self, task: Task, options: AttributeAwareOptions) -> None:
        del options
        super().__init__()
        self._groups = len(task.groups)

    def prepare(self, net: Net) -> Net:
        """Give the net a number for each group and expression."""
        return GroupShift.around(net, groups=self._groups)

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch, and add what is learnt for each face's group."""
        reading = super().read(net, batch)
        return replace(reading, logits=reading.logits + cast(GroupShift, net).shifts(batch.groups))

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()
