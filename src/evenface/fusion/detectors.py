"""Detectors: from what a cue read to answers, by a model of its channels, or as the cue gives them.

A frozen network's features with a linear model, or a support vector machine, on top are what tables of cues allow of
"tuning a detector": LAM keeps the model of the source region, GAM fits it anew in the region. The cue itself, and so
its features, stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from evenface.core.labels import canonical_names
from evenface.cues._emotions import FEWEST, UnitsToEmotions

Floats = NDArray[np.float32]
_LEAST = 1e-3  # a class that a detector never names has this share
_DECAYS = (0.003, 0.03, 0.3)  # strengths of the penalty on weights, of which the best is taken
_STEPS, _RATE = 120, 0.1


@dataclass(frozen=True, slots=True)
class View:
    """Channels brought to few numbers of like size: standardised, and where there are many, principal components.

    Attributes:
        mean: (channel,).
        axes: (channel, component).
    """

    mean: Floats
    axes: Floats

    @staticmethod
    def of(values: Floats, components: int) -> View:
        """Fit to (face, channel) values; a channel that never changes is left out."""
        mean, sd = values.mean(0), values.std(0)
        scale = np.divide(1, sd, out=np.zeros_like(sd), where=sd > 1e-6)
        if values.shape[1] <= components:
            return View(mean, np.diag(scale).astype(np.float32))
        standard = (values - mean) * scale
        _, size, axes = np.linalg.svd(standard, full_matrices=False)
        kept = axes[:components] / np.maximum(size[:components, None] / len(values) ** 0.5, 1e-3)
        return View(mean, (kept * scale).T.astype(np.float32))

    def __call__(self, values: Floats) -> Floats:
        """Give (face, component)."""
        return np.asarray((values - self.mean) @ self.axes, np.float32)


def given_answers(channels: tuple[str, ...], classes: tuple[str, ...], values: Floats) -> Floats | None:
    """Give (face, class) log probabilities where the channels are probabilities of all classes but at most one.

    A class that the channels do not have gets a small share; channels that are no class are left out.
    """
    names = canonical_names(channels)
    if names is None or len(set(classes) - set(names)) > 1:
        return None
    found = np.full((len(values), len(classes)), _LEAST, np.float32)
    for i, name in enumerate(classes):
        if name in names:
            found[:, i] = np.maximum(values[:, names.index(name)], _LEAST)
    return centred(np.log(found))


def centred(logits: Floats) -> Floats:
    """Take from the scores of each face their mean."""
    return np.asarray(logits - logits.mean(-1, keepdims=True), np.float32)


def fit_answers(
    views: Floats, labels: NDArray[np.int64], folds: NDArray[np.int64], learn: NDArray[np.bool_], classes: int
) -> Floats:
    """Answer all faces by multinomial logistic models fitted on some.

    Args:
        views: (face, component).
        labels: (face,) index of the class.
        folds: (face,) part of the training faces: the answer to a face of a part comes from a model that was fitted
            without it.
        learn: (face,) which faces are learnt from.
        classes: How many there are.

    Returns:
        (face, class) centred log probabilities. Classes that were not among the faces get low ones.
    """
    parts = np.unique(folds[learn])
    use = np.stack([learn, *(learn & (folds != part) for part in parts)])
    place = np.zeros(len(labels), np.int64)  # which model answers each face
    for i, part in enumerate(parts, start=1):
        place[learn & (folds == part)] = i
    truth = torch.tensor(labels)
    states = _descend(torch.from_numpy(views[learn]), truth[torch.from_numpy(learn)], use[:, learn], classes)
    seen = torch.from_numpy(np.append(views, np.ones((len(views), 1), np.float32), 1))
    logits = torch.einsum("fe,dpec->dpfc", seen, states)
    own = logits[:, torch.from_numpy(place), torch.arange(len(labels))]
    apart = torch.from_numpy(learn)
    losses = [cross_entropy(each[apart], truth[apart]) for each in own]
    chosen = own[int(torch.stack(losses).argmin())]
    return centred(torch.log_softmax(chosen, -1).clamp(min=float(np.log(_LEAST))).numpy())


def fit_machines(
    views: Floats,
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    learn: NDArray[np.bool_],
    classes: tuple[str, ...],
    people: NDArray[np.int64],
) -> Floats:
    """Answer all faces by support vector machines fitted on some, with probabilities calibrated on other people.

    Args:
        views: As in `fit_answers`, as are `labels`, `folds` and `learn`.
        labels: (face,).
        folds: (face,).
        learn: (face,).
        classes: Their names.
        people: (face,) number of the person.

    Returns:
        (face, class) centred log probabilities. A class that fewer than `FEWEST` people show gets low ones; where no
        two classes are left, there is no answer (NaN).
    """
    names = np.array(classes)
    chances = np.full((len(labels), len(classes)), np.nan, np.float32)
    parts = [learn & (folds == part) for part in np.unique(folds[learn])]
    for answered in (~learn, *parts):
        fitted = learn & ~answered
        shown = [len(np.unique(people[fitted & (labels == place)])) >= FEWEST for place in range(len(classes))]
        if sum(shown) < 2:
            continue
        kept = fitted & np.array(shown)[labels]
        whose = people[kept].astype(str).tolist()
        machine = UnitsToEmotions.fit(views[kept], names[labels[kept]].tolist(), people=whose)
        places = [classes.index(name) for name in machine.classes]
        said = np.full((int(answered.sum()), len(classes)), _LEAST, np.float32)
        said[:, places] = np.maximum(machine.probabilities(views[answered]), _LEAST)
        chances[answered] = said
    return centred(np.log(chances))


def _descend(views: Tensor, labels: Tensor, use: NDArray[np.bool_], classes: int) -> Tensor:
    """Fit models of every decay and every choice of faces at once: (decay, choice, component + 1, class)."""
    seen = torch.cat([views, torch.ones(len(views), 1)], 1)
    weight = torch.from_numpy(use).float()
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1)
    decay = torch.tensor(_DECAYS).view(-1, 1)
    state = torch.zeros(len(_DECAYS), len(use), seen.shape[1], classes, requires_grad=True)
    optimiser = torch.optim.Adam([state], _RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    truth = labels.expand(*state.shape[:2], -1).flatten()
    for _ in range(_STEPS):
        logits = torch.einsum("fe,dpec->dpfc", seen, state)
        losses = cross_entropy(logits.flatten(0, 2), truth, reduction="none").view(logits.shape[:-1])
        loss = (losses * weight).sum(-1) + decay * state[:, :, :-1].square().sum((-1, -2))
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.sum())
        optimiser.step()
        schedule.step()
    return state.detach()
