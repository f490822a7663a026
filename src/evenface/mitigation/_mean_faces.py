"""Faces as another group without a decoder: changed by the quotient of the groups' mean faces."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenface.mitigation._mitigation import Batch, Task

_SIDE = 32  # rows and columns of a mean face: what goes with a group is smooth, details are each face's own
_FEWEST = 5  # faces of an expression in both groups, for it to count
_DARK, _MOST = 0.02, 5.0  # keeps quotients of near black, and of a background, within reason


class MeanFaces(nn.Module):
    """The mean face of each level of each attribute and expression, over the batches so far.

    Of two levels, the quotient is that of their mean faces, over the expressions that both show, each counting alike:
    else a level that shows one expression more would be told by it. The quotient image is that of Shashua &
    Riklin-Raviv, IEEE TPAMI 23 (2001), for light; that it stands between groups is our own use. Faces must be cut
    alike. What goes with an attribute in the data, as another attribute or the light does, is changed with it.
    """

    sums: Tensor
    counts: Tensor

    def __init__(self, task: Task) -> None:
        super().__init__()
        sizes = [len(levels) for levels in task.attributes.values()]
        self._spans = [slice(end - size, end) for size, end in zip(sizes, accumulate(sizes), strict=True)]
        # Kept in checkpoints, so that a run goes on exactly; of four axes, as all that is laid out by channel.
        self.register_buffer("sums", torch.zeros(sum(sizes) * len(task.classes), 3, _SIDE, _SIDE))
        self.register_buffer("counts", torch.zeros(sum(sizes), len(task.classes)))

    @torch.no_grad()
    def follow(self, batch: Batch) -> None:
        """Take the faces of a batch in."""
        small = functional.adaptive_avg_pool2d(batch.pixels.float(), _SIDE)
        for span, levels in zip(self._spans, batch.attributes.T, strict=True):
            known = levels >= 0
            place = ((span.start + levels) * self.counts.shape[1] + batch.labels)[known]
            self.sums.index_add_(0, place, small[known])
            self.counts.view(-1).index_add_(0, place, torch.ones_like(place, dtype=self.counts.dtype))

    @torch.no_grad()
    def changed(self, batch: Batch, other: Tensor) -> Tensor:
        """Give the faces of a batch as they would be with other attributes.

        Args:
            batch: What is changed.
            other: (face, attribute) the levels to be shown; -1: that attribute stays as it is.

        Returns:
            (face, 3, row, column) in [0, 1].
        """
        factor = batch.pixels.new_ones(())
        for span, levels, shown in zip(self._spans, batch.attributes.T, other.T, strict=True):
            quotients = self._quotients(span)[levels.clamp_min(0), shown.clamp_min(0)]
            factor = factor * torch.where(((levels >= 0) & (shown >= 0)).view(-1, 1, 1, 1), quotients, 1.0)
        wide = functional.interpolate(factor, batch.pixels.shape[2:], mode="bilinear", align_corners=False)
        return (batch.pixels * wide).clamp_(0, 1).contiguous(memory_format=torch.channels_last)

    def _quotients(self, span: slice) -> Tensor:
        """(level, other level, 3, row, column): the other's mean face over one's own; 1 where they share too little."""
        counts = self.counts[span]
        means = self.sums.view(*self.counts.shape, 3, _SIDE, _SIDE)[span] / counts[..., None, None, None].clamp_min(1)
        enough = counts >= _FEWEST
        shared = (enough[:, None] & enough).to(means.dtype)
        known = shared.sum(2)[..., None, None, None]
        own = torch.einsum("abe,aecxy->abcxy", shared, means) / known.clamp_min(1)
        found = ((own.transpose(0, 1) + _DARK) / (own + _DARK)).clamp(1 / _MOST, _MOST)
        return torch.where(known > 0, found, 1.0)
