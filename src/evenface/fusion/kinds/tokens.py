"""Tokens: each cue is a token, and a small transformer reads them. Ours, after Vaswani et al., arXiv:1706.03762.

One token more stands for the answer; its attention in the last layer, among the cues, is the weight of each cue.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import layer_norm

from evenface.fusion.kinds._fusion import Fusion, FusionOptions, State, each_cue, masked_softmax, normal


class TokensOptions(FusionOptions):
    """Settings of `tokens`; `width` of each token, and `layers`."""

    cue_dropout: float = Field(default=0.2, ge=0, lt=1)
    width: int = Field(default=16, ge=2)
    layers: int = Field(default=2, ge=1)


class Tokens(Fusion):
    """A transformer of one head over one token per cue; our own definition, after arXiv:1706.03762."""

    Options: ClassVar[type[FusionOptions]] = TokensOptions
    own: ClassVar[tuple[str, ...]] = ("out", "out_bias")
    by_cue: ClassVar[tuple[str, ...]] = ("embed", "name", "trust")
    options: TokensOptions

    def start(self, dice: torch.Generator) -> State:
        """See `Fusion.start`."""
        cues, entry, width = len(self.shape.cues), self.shape.entry, self.options.width
        classes, sd = len(self.shape.classes), width**-0.5
        state = {
            "embed": normal(dice, cues, entry, width, sd=entry**-0.5),
            "name": normal(dice, cues + 1, width, sd=0.1),
            "trust": torch.zeros(cues, width),
            "out": normal(dice, width, classes, sd=sd),
            "out_bias": torch.zeros(classes),
        }
        for i in range(self.options.layers):
            state[f"ask{i}"] = normal(dice, width, 3 * width, sd=sd)
            state[f"mix{i}"] = normal(dice, width, width, sd=0.5 * sd)
            state[f"up{i}"] = normal(dice, width, 2 * width, sd=sd)
            state[f"down{i}"] = normal(dice, 2 * width, width, sd=0.3 * sd)
        return state

    def forward(self, state: State, entries: Tensor, confidence: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `Fusion.forward`."""
        name = state["name"].unsqueeze(1)
        cues = each_cue(entries, state["embed"]) + name[..., :-1, :]
        cues = cues + confidence.unsqueeze(-1) * state["trust"].unsqueeze(1)
        tokens = torch.cat([cues, name[..., -1:, :].expand(-1, len(entries), -1, -1)], -2)
        there = torch.cat([present, torch.ones_like(present[..., :1])], -1)
        attention = there
        for i in range(self.options.layers):
            asked = _times(_normed(tokens), state[f"ask{i}"])
            query, key, value = asked.chunk(3, -1)
            scores = query @ key.transpose(-1, -2) / self.options.width**0.5
            attention = masked_softmax(scores, there.unsqueeze(-2))
            tokens = tokens + _times(attention @ value, state[f"mix{i}"])
            tokens = tokens + _times(torch.relu(_times(_normed(tokens), state[f"up{i}"])), state[f"down{i}"])
        weights = attention[..., -1, :-1]  # what the answer gives itself says nothing of a cue
        answer = torch.baddbmm(state["out_bias"].unsqueeze(1), _normed(tokens[..., -1, :]), state["out"])
        return answer, weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)


def _times(tokens: Tensor, weights: Tensor) -> Tensor:
    """Multiply every token by its model's matrix: (model, face, token, a), (model, a, b) -> (model, face, token, b)."""
    return (tokens.flatten(1, 2) @ weights).view(*tokens.shape[:3], -1)


def _normed(tokens: Tensor) -> Tensor:
    return layer_norm(tokens, tokens.shape[-1:])
