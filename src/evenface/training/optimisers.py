"""Optimisers and schedules. A schedule is a function of the step alone, so it needs no state of its own."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from evenface.training.settings import OptimiserSettings


def make_optimiser(parameters: list[nn.Parameter], settings: OptimiserSettings) -> Optimizer:
    """Make the optimiser; only matrices and filters decay."""
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.kind == "sgd":
        return SGD(groups, lr=settings.rate, momentum=settings.momentum, nesterov=settings.momentum > 0)
    return AdamW(groups, lr=settings.rate, betas=(0.9, 0.98), fused=True)


def rate_at(step: int, steps: int, settings: OptimiserSettings) -> float:
    """Give the learning rate of a step.

    Args:
        step: From 0.
        steps: Of the whole run.
        settings: Which schedule.

    Example:
        >>> settings = OptimiserSettings(rate=1.0, warm_up=0.5, schedule="constant")
        >>> [rate_at(step, 8, settings) for step in (0, 1, 3, 4, 7)]
        [0.25, 0.5, 1.0, 1.0, 1.0]
    """
    if settings.schedule == "one_cycle":
        peak = max(1, round(max(settings.warm_up, 0.25) * steps))
        if step < peak:
            return settings.rate * (0.04 + 0.96 * (1 - math.cos(math.pi * step / peak)) / 2)
        return settings.rate * (1 + math.cos(math.pi * (step - peak) / max(steps - peak, 1))) / 2
    rise = round(settings.warm_up * steps)
    if step < rise:
        return settings.rate * (step + 1) / rise
    if settings.schedule == "constant":
        return settings.rate
    return settings.rate * (1 + math.cos(math.pi * (step - rise) / max(steps - rise, 1))) / 2


def state_tensors(optimiser: Optimizer) -> dict[str, torch.Tensor]:
    """Give the state of an optimiser as named tensors: `<number of the parameter>.<name>`."""
    state = optimiser.state_dict()["state"]
    return {
        f"{number}.{name}": value
        for number, entries in state.items()
        for name, value in entries.items()
        if isinstance(value, torch.Tensor)
    }


def load_state_tensors(optimiser: Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Put back what `state_tensors` gave, in the memory layout of the parameters, so that sums round alike."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        like = parameters[int(number)]
        kept = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
        state.setdefault(int(number), {})[name] = kept
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
