"""Many models at once: one kind of fusion, trained and read on the same faces for many subsets of the cues.

Axes: model (one for each subset of the cues), then those of `_fusion`. Models differ in nothing but the cues they see:
they start from the same weights and see the same faces in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from evenface.fusion.kinds._fusion import Fusion, State

Penalty = Callable[[State], Tensor]
_CHECKS = 20  # how often in a training the validation faces are looked at
_AT_ONCE = 2_000_000  # numbers of one tensor when faces are read
_TEMPERATURES = torch.logspace(-1.0, 1.0, 61)


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces as they enter a fusion.

    Attributes:
        entries: (face, cue, entry).
        confidence: (face, cue) in [0, 1].
        present: (face, cue) float, 1 where the cue could be read.
        labels: (face,) index of the class.
    """

    entries: Tensor
    confidence: Tensor
    present: Tensor
    labels: Tensor

    def take(self, places: Tensor) -> Faces:
        """Give the faces at some places."""
        return Faces(*(getattr(self, field.name)[places] for field in fields(self)))

    @staticmethod
    def join(parts: Sequence[Faces]) -> Faces:
        """Put sets of faces one after the other."""
        return Faces(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Faces)))

    def __len__(self) -> int:
        return len(self.labels)


class Many:
    """Models of one kind, one for each subset of the cues.

    Attributes:
        fusion: What the models are.
        subsets: (model, cue) float: 1 where the model sees the cue.
        state: Name -> (model, …) weights.
        temperature: (model,): scores are divided by it.
    """

    def __init__(self, fusion: Fusion, subsets: Tensor, seed: int) -> None:
        """Make models that start from the weights that the seed gives."""
        self.fusion, self.subsets, self.seed = fusion, subsets, seed
        first = fusion.start(torch.Generator().manual_seed(seed))
        self.state: State = {name: each.expand(len(subsets), *each.shape).clone() for name, each in first.items()}
        self.temperature = torch.ones(len(subsets))

    def one(self, model: int) -> Many:
        """Give one of the models alone."""
        alone = Many(self.fusion, self.subsets[model : model + 1], self.seed)
        alone.state = {name: each[model : model + 1].clone() for name, each in self.state.items()}
        alone.temperature = self.temperature[model : model + 1].clone()
        return alone

    def scores(self, state: State, faces: Faces, present: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give (model, face, class) scores and (model, face, cue) weights; `present` instead of that of the faces."""
        seen = (faces.present if present is None else present) * self.subsets.unsqueeze(1)
        return self.fusion.forward(state, faces.entries, faces.confidence, seen)

    def fit(
        self,
        train: Faces,
        validation: Faces,
        *,
        steps: int | None = None,
        penalty: Penalty | None = None,
        moving: Sequence[str] | None = None,
        again: int = 0,
    ) -> None:
        """Move the weights of all models; keep for each those with the lowest loss on the validation faces.

        The weights before the training are among those that may be kept.

        Args:
            train: Faces to learn from.
            validation: Faces that choose among moments of the training, and the temperature.
            steps: Instead of those of the options.
            penalty: Of weights, (model,), added to the loss of each model, and to what chooses the moment.
            moving: Names of the weights that move; all, if not given.
            again: Number of the training, where models are trained several times: other batches are drawn.
        """
        if self.fusion.learns:
            self._descend(
                train, validation, steps or self.fusion.options.steps, penalty, moving or [*self.state], again
            )
        elif "merit" in self.state:
            self.state["merit"] = self._merit(Faces.join([train, validation]))
        with torch.no_grad():  # the temperature of the lowest loss, as Guo et al., arXiv:1706.04599
            scores, _ = self.scores(self.state, validation)
            losses = torch.stack([self._losses(scores / t, validation) for t in _TEMPERATURES])
            self.temperature = _TEMPERATURES[losses.argmin(0)]

    def _descend(
        self, train: Faces, validation: Faces, steps: int, penalty: Penalty | None, moving: Sequence[str], again: int
    ) -> None:
        dice = torch.Generator().manual_seed(1_000 * self.seed + again)
        options = self.fusion.options
        moved = {name: self.state[name].clone().requires_grad_() for name in moving}
        state = self.state | moved
        optimiser = torch.optim.AdamW([*moved.values()], options.rate, weight_decay=options.weight_decay, fused=True)
        kept = {name: each.detach().clone() for name, each in moved.items()}
        lowest = self._held_against(state, validation, penalty)
        every = max(1, steps // _CHECKS)
        for step, places in enumerate(_order(len(train), min(options.batch, len(train)), steps, dice), start=1):
            part = train.take(places)
            scores, _ = self.scores(state, part, self._hide(part.present, dice))
            loss = self._losses(scores, part)
            loss = loss if penalty is None else loss + penalty(state)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss.sum())
            optimiser.step()
            if step % every == 0 or step == steps:
                found = self._held_against(state, validation, penalty)
                better = found < lowest
                lowest = torch.where(better, found, lowest)
                for name, each in moved.items():
                    kept[name] = torch.where(better.view(-1, *[1] * (each.ndim - 1)), each.detach(), kept[name])
        self.state = self.state | kept

    @torch.no_grad()
    def _held_against(self, state: State, validation: Faces, penalty: Penalty | None) -> Tensor:
        """Give the loss (model,) that chooses among moments of a training."""
        found = self._losses(self.scores(state, validation)[0], validation)
        return found if penalty is None else found + penalty(state)

    def _losses(self, scores: Tensor, faces: Faces) -> Tensor:
        """Mean cross entropy (model,) in nats over the faces that have a cue which the model sees."""
        labels = faces.labels.expand(scores.shape[:-1])
        losses = cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)
        counted = self.answerable(faces.present)
        return (losses * counted).sum(-1) / counted.sum(-1).clamp(min=1)

    def answerable(self, present: Tensor) -> Tensor:
        """Tell (model, face) which faces have a cue that the model sees."""
        return (self.subsets @ present.T) > 0

    def _hide(self, present: Tensor, dice: torch.Generator) -> Tensor:
        """Hide cues by lot; a face that would lose its last cue in some model keeps all in that model."""
        rate = self.fusion.options.cue_dropout
        if not rate:
            return present
        kept = present * (torch.rand(present.shape, generator=dice) >= rate)
        left = self.answerable(kept).unsqueeze(-1)
        return torch.where(left, kept, present)

    def _merit(self, faces: Faces) -> Tensor:
        """Give the accuracy (model, cue) of each cue's own answers."""
        right = faces.entries[..., : len(self.fusion.shape.classes)].argmax(-1) == faces.labels.unsqueeze(-1)
        share = (right * faces.present).sum(0) / faces.present.sum(0).clamp(min=1)
        return share.expand(len(self.subsets), -1).clone()

    @torch.no_grad()
    def read(self, faces: Faces, present: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give (model, face, class) probabilities and (model, face, cue) weights, a stretch of faces at a time.

        Both are NaN for a face with no cue that the model sees.
        """
        stretch = max(1, _AT_ONCE // (len(self.subsets) * faces.entries[0].numel()))
        chances, weights = [], []
        for places in torch.split(torch.arange(len(faces)), stretch):
            part = faces.take(places)
            there = part.present if present is None else present[places]
            scores, given = self.scores(self.state, part, there)
            none = ~self.answerable(there).unsqueeze(-1)
            found = torch.softmax(scores / self.temperature.view(-1, 1, 1), -1)
            chances.append(found.masked_fill(none, torch.nan))
            weights.append(given.masked_fill(none, torch.nan))
        return torch.cat(chances, 1), torch.cat(weights, 1)


def _order(faces: int, batch: int, steps: int, dice: torch.Generator) -> Sequence[Tensor]:
    """Deal faces to batches: all are gone through in an order by lot, then in another."""
    rounds = -(-steps * batch // faces)
    places = torch.cat([torch.randperm(faces, generator=dice) for _ in range(rounds)])
    return list(torch.split(places[: steps * batch], batch))
