"""After training, what a linear reader could find of groups is taken out of the latent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from evenface.mitigation._logistic import with_fitted_head
from evenface.mitigation._mitigation import Answers, Mitigation, MitigationOptions, Need, Task, TrainStep
from evenface.mitigation.alignment._checks import refuse
from evenface.models.nets._net import Net
from evenface.models.nets.erased import Erased

Floats = NDArray[np.float64]


class LEACEOptions(MitigationOptions):
    """Settings of `LEACE`.

    Attributes:
        kind: `leace`.
        within_expression: Take out only what goes with groups among faces of one expression; where expressions are not
            as frequent in each group, all that goes with groups takes some of the expression along.
        refit: Whether the head is replaced by a linear one, fitted to the training faces' latents as they then are.
        strength: One over the weight of that head's penalty.
    """

    kind: Literal["leace"] = "leace"
    within_expression: bool = False
    refit: bool = False
    strength: float = Field(default=0.1, gt=0)


class LEACE(Mitigation):
    """Train plainly, then change the latent by as little as it takes that no linear reader finds groups in it.

    Least-squares concept erasure: Belrose et al., arXiv:2306.03819, theorem 4.3. With W the inverse root of the
    latents' covariance, and U an orthonormal base of W times their covariance with the concept, z becomes
    z - W^-1 U U' W (z - mean). The concept is every level of every attribute, every group, and every number of
    `data.continuous` but action units, not binned; it is fitted to the training faces without augmentation. Differs
    from ERM in the latent that the head reads. Ours: `within_expression` and `refit`. A covariance with an attribute is
    that of the faces where it is known. Other readers than linear ones may still find groups.
    """

    Options: ClassVar[type[MitigationOptions]] = LEACEOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: LEACEOptions) -> None:
        super().__init__()
        refuse(task, crossed=True)
        self._within, self._refit, self._strength = options.within_expression, options.refit, options.strength
        self._levels = [*(len(each) for each in task.attributes.values()), len(task.groups)]
        self._numbers = task.numbers

    def objective(self, step: TrainStep) -> Tensor:
        """Mean loss of the faces."""
        return step.losses.mean()

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Put the eraser between encoder and head, and fit the head anew where that is asked for."""
        found = answers("train")
        labels = found.labels if self._within else np.zeros_like(found.labels)
        taken, centre = eraser(found.latents.astype(np.float64), concepts(found, self._levels, self._numbers), labels)
        made = erasing(net, taken, centre)
        if not self._refit:
            return made
        latents = found.latents - (found.latents - centre) @ taken.T
        return with_fitted_head(made, latents.astype(np.float32), found.labels, np.ones(len(latents)), self._strength)


def erasing(net: Net, taken: Floats, centre: Floats) -> Erased:
    """Put an eraser, as `eraser` gives it, between encoder and head."""
    made = Erased.around(net)
    made.taken.copy_(torch.from_numpy(taken))
    made.centre.copy_(torch.from_numpy(centre))
    return made.to(next(net.parameters()).device)


def readable(head: nn.Linear) -> Floats:
    """Give the projection (latent, latent) on what a linear head reads, but for what raises all scores alike."""
    rows = head.weight.detach().double().cpu().numpy()
    rows = rows - rows.mean(0)
    return np.asarray(np.linalg.pinv(rows) @ rows)


def concepts(found: Answers, levels: Sequence[int], numbers: Sequence[int]) -> Floats:
    """Columns to be erased, (face, column), NaN where not known: levels of attributes and groups, and some numbers."""
    codes = np.column_stack([found.attributes, found.groups])
    shown = [np.where(at[:, None] >= 0, np.eye(max(n, 1))[at], np.nan) for at, n in zip(codes.T, levels, strict=True)]
    return np.column_stack([*shown, found.values[:, list(numbers)].astype(np.float64)])


def eraser(latents: Floats, concepts: Floats, within: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Find what is taken from latents z, as P (z - m).

    Args:
        latents: (face, latent).
        concepts: (face, column), NaN where not known.
        within: (face,) a code; covariances are of the faces with the same code.

    Returns:
        P (latent, latent) and m (latent,).
    """
    known = ~np.isnan(concepts)
    codes = np.eye(within.max() + 1)[within]
    total = codes.T @ known  # (code, column)
    means = codes.T @ np.where(known, concepts, 0) / np.maximum(total, 1)
    rest = np.where(known, concepts - codes @ means, 0)
    rest /= np.maximum(np.sqrt((rest**2).mean(0)), 1e-12)
    # Deviations of concepts have mean 0 among the known faces of each code, so those of latents need no centre.
    cross = latents.T @ rest / len(latents)
    centre = latents.mean(0)
    roots, axes = np.linalg.eigh(np.cov(latents.T, bias=True))
    there = roots > roots.max() * 1e-7  # along the others, latents do not differ
    axes, roots = axes[:, there], np.sqrt(roots[there])
    base, sizes, _ = np.linalg.svd((axes / roots).T @ cross, full_matrices=False)
    base = base[:, sizes > max(sizes.max(initial=0), 1e-12) * 1e-7]
    return (axes * roots) @ base @ base.T @ (axes / roots).T, centre
