"""From a task and its batches to what alignments see: codes of attributes, numbers, weights."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evenface.mitigation._mitigation import Batch, Task
from evenface.mitigation.alignment._alignment import Known, View
from evenface.mitigation.alignment._checks import tabled


class Base(nn.Module):
    """Attributes one by one, or all crossed into one, with their counts over the training faces."""

    def __init__(self, task: Task, over: str) -> None:
        super().__init__()
        self.crossed = over == "crossed"
        codes = task.face_groups[:, None] if self.crossed else task.face_attributes
        sizes = [len(task.groups)] if self.crossed else [len(levels) for levels in task.attributes.values()]
        self.levels = tuple(sizes) if task.groups else ()
        counts = [tabled(task.labels, codes[:, i], len(task.classes), size) for i, size in enumerate(self.levels)]
        self.base_rates = tuple(torch.from_numpy(_rates(each)) for each in counts)
        for i, each in enumerate(counts):
            self.register_buffer(f"weights{i}", torch.from_numpy(_weights(each)), persistent=False)
        self._numbers = task.numbers
        values = task.face_values[:, self._numbers]
        there = ~np.isnan(values)
        n = np.maximum(there.sum(0), 1)
        mean = np.where(there, values, 0).sum(0) / n
        deviation = np.sqrt(np.where(there, (values - mean) ** 2, 0).sum(0) / n)
        self.register_buffer("mean", torch.from_numpy(mean.astype(np.float32)), persistent=False)
        self.register_buffer("deviation", torch.from_numpy(deviation.astype(np.float32)), persistent=False)

    def view(self, batch: Batch, latents: Tensor) -> View:
        """Give a batch as an alignment sees it."""
        codes = batch.groups[:, None] if self.crossed else batch.attributes
        codes = codes[:, : len(self.levels)]
        weights = [self.get_buffer(f"weights{i}")[batch.labels, codes[:, i]] for i in range(len(self.levels))]
        values = (batch.values[:, self._numbers] - self.mean) / self.deviation.clamp_min(1e-9)  # type: ignore[operator]
        stacked = torch.stack(weights, 1) if weights else latents.new_zeros(len(latents), 0)
        return View(latents, batch.labels, codes, values, stacked, batch.step / max(batch.steps, 1))


def known_of(task: Task, base: nn.Module) -> Known:
    """Give what an alignment knows before training."""
    if not isinstance(base, Base):
        raise TypeError(f"{base!r} is no Base.")
    numbers = 0 if base.crossed else len(task.numbers)
    return Known(len(task.classes), base.levels, numbers, task.width, base.base_rates)


def _rates(counts: NDArray[np.float64]) -> NDArray[np.float32]:
    """(class, level) shares of the levels in each class, and below them in all."""
    table = np.vstack([counts, counts.sum(0)])
    total = table.sum(1, keepdims=True)
    return np.asarray(np.where(total > 0, table / np.maximum(total, 1), 1 / counts.shape[1]), np.float32)


def _weights(counts: NDArray[np.float64]) -> NDArray[np.float32]:
    """(class, level) weights that make expressions as frequent in each level; 0 for those that a level lacks."""
    there = counts.sum(0) > 0
    shared = (counts[:, there] > 0).all(1)
    aim = np.where(shared, counts.sum(1), 0.0)
    rate = counts / np.maximum(counts.sum(0), 1)
    weights = (aim / max(aim.sum(), 1))[:, None] / np.where(rate > 0, rate, np.inf)
    return np.asarray(weights, np.float32)
