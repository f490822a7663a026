"""Learner: a net and a mitigation as one module, so that one call gives the number to minimise on any device."""

from __future__ import annotations

import copy
from dataclasses import fields, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenface.mitigation._mitigation import Batch, Mitigation, TrainStep
from evenface.models.nets._net import Net


class Learner(nn.Module):
    """What is trained."""

    class_weights: Tensor

    def __init__(self, net: Net, mitigation: Mitigation, class_weights: Tensor, smoothing: float, steps: int) -> None:
        super().__init__()
        self.net, self.mitigation = net, mitigation
        self.opposed = mitigation.optimiser()
        self._smoothing, self._steps = smoothing, steps
        self.register_buffer("class_weights", class_weights, persistent=False)

    def forward(self, step: int, **batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read a batch and combine its losses.

        Args:
            step: Batches before this one.
            batch: The tensors of a `Batch`, by name.

        Returns:
            The number to minimise; the mean plain loss; how many faces are read as labelled.
        """
        given = Batch(**batch, step=step, steps=self._steps)
        reading = self.mitigation.read(self.net, given)
        reading = replace(reading, logits=reading.logits.float())
        targets = given.targets if reading.targets is None else reading.targets
        aims = torch.lerp(targets, torch.full_like(targets, 1 / targets.shape[1]), self._smoothing)
        losses = -(aims * functional.log_softmax(reading.logits, 1)).sum(1)
        # Not asdict, which copies; and losses are weighed here, so that no method can forget to.
        named = {each.name: getattr(given, each.name) for each in fields(given)}
        offered = TrainStep(**named, losses=losses * self.class_weights[given.labels], reading=reading)
        total = self.mitigation.objective(offered)
        if self.opposed is not None:
            # One sum, one way back: neither part sends gradients into the other's parameters.
            total = total + self.mitigation.opposing_objective(offered)
        return total, losses.detach().mean(), (reading.logits.detach().argmax(1) == given.labels).sum()

    def own_parameters(self) -> list[nn.Parameter]:
        """Parameters that the main optimiser moves: all but those that work against the net."""
        groups = self.opposed.param_groups if self.opposed is not None else []
        against = {id(parameter) for group in groups for parameter in group["params"]}
        return [p for p in self.parameters() if p.requires_grad and id(p) not in against]


class MovingAverage:
    """A copy of a net whose weights follow it slowly: weight averaging as in Polyak & Juditsky (1992), exponential.

    Attributes:
        net: The copy, ready to answer.
    """

    def __init__(self, net: Net, keep: float) -> None:
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self._keep = keep
        self._from: list[Tensor] = list(net.parameters())
        self._to: list[Tensor] = list(self.net.parameters())
        self._buffers = list(zip(self.net.buffers(), net.buffers(), strict=True))

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move towards the net; in the first steps faster, so that the start is soon forgotten."""
        keep = min(self._keep, (1 + step) / (10 + step)) if self._keep else 0.0
        torch._foreach_lerp_(self._to, self._from, 1 - keep)
        for mine, its in self._buffers:
            # Means and deviations of normalisations lag as the weights do that they belong to.
            mine.lerp_(its, 1 - keep) if mine.is_floating_point() else mine.copy_(its)
