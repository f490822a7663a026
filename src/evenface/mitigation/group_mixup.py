"""Faces blended between groups."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from evenface.mitigation._mitigation import Batch, MitigationOptions, Need
from evenface.mitigation.mixup import Mixup, MixupOptions


class GroupMixupOptions(MixupOptions):
    """Settings of `GroupMixup`.

    Attributes:
        kind: `group_mixup`.
        alpha: Shares are drawn from Beta(alpha, alpha): low, and one of both faces prevails.
    """

    kind: Literal["group_mixup"] = "group_mixup"  # type: ignore[assignment]
    alpha: float = Field(default=1.0, gt=0)


class GroupMixup(Mixup):
    """Teach blends of two groups with one expression, so that what lies between the groups is read alike.

    Our own form, in the spirit of Chuang & Mroueh, arXiv:2103.06503, who bound how much scores change along such
    blends. Differs from `Mixup` in the partners. Faces of no known group, and those without a partner in their batch,
    stay as they are.
    """

    Options: ClassVar[type[MitigationOptions]] = GroupMixupOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def partners(self, batch: Batch) -> Tensor:
        """Draw a face of another group with the same expression; a face itself, where there is none."""
        faces, known = len(batch.labels), batch.groups >= 0
        fits = (batch.labels[:, None] == batch.labels) & (batch.groups[:, None] != batch.groups)
        draw = torch.rand(faces, faces, device=batch.labels.device)
        draw = torch.where(fits & known & known[:, None], draw, -2.0)
        return draw.fill_diagonal_(-1.0).argmax(1)
