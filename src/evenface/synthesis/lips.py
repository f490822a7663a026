"""Lips: heads at rest keep their mouth closed, whatever they are blended from.

The corner heads were modelled apart, and the gap between their lips differs: some show teeth, in others the lips cross.
Shapes are linear, so a correction of each shape holds for every blend: in a corner head it leaves the lips just
touching, and in an offset it takes out what would part them again.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.head import PARTS, load_head
from evenface.synthesis.parameters import ACTIONS

Floats = NDArray[np.float64]

_KNOTS = (-0.15, -0.11, -0.055, 0.0, 0.055, 0.11, 0.15)
_WINDOW = 0.03
_CROSSED = 0.014  # how far the edges of pressed lips lie past each other: the rounded lips then just meet
_REACH = 0.085  # how far above and below the line between the lips a correction fades out
_LOWER, _SOFT = -0.12, 0.04  # what a full `jawOpen` draws down further belongs to the lower lip; width of the change


@cache
def _pairs() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest vertex of the upper lip and highest of the lower, at each knot across the mouth."""
    head = load_head()
    lips = np.flatnonzero(head.masks["lips"] > 0.5)
    drops = head.actions[ACTIONS.index("jawOpen")][lips, 1] < _LOWER
    upper, lower = lips[~drops], lips[drops]

    def extreme(of: NDArray[np.int64], sign: float, x: float) -> np.int64:
        near = of[np.abs(head.canon[of, 0] - x) < _WINDOW]
        return np.int64(near[np.argmax(sign * head.canon[near, 1])])

    found = [(extreme(upper, -1, x), extreme(lower, 1, x)) for x in _KNOTS]
    return np.array([u for u, _ in found]), np.array([v for _, v in found])


@cache
def _weights() -> Floats:
    """(knot, vertex) how far a vertex follows half the gap at a knot: up in the lower lip, down in the upper."""
    head = load_head()
    canon = head.canon.astype(np.float64)
    upper, lower = _pairs()
    x = canon[:, 0]
    line = np.interp(x, _KNOTS, (canon[upper, 1] + canon[lower, 1]) / 2)
    away = canon[:, 1] - line
    fade = np.exp(-((away / _REACH) ** 2)) * np.clip((0.30 - np.abs(x)) / 0.08, 0, 1) * (canon[:, 2] > 0.05)
    skin = np.zeros(len(canon), bool)
    skin[head.triangles[head.parts == PARTS.index("skin")]] = True
    hats = np.stack([np.interp(x, _KNOTS, row) for row in np.eye(len(_KNOTS))])
    drop = head.actions[ACTIONS.index("jawOpen")][:, 1].astype(np.float64)
    share = 0.5 * np.clip((_LOWER - drop) / _SOFT, -1, 1)
    return np.asarray(hats * (fade * skin * share))


def closed(shapes: Floats, *, offsets: bool) -> Floats:
    """Give shapes (…, vertex, 3) with the lips brought together.

    Args:
        shapes: Whole heads, or offsets that are added to heads.
        offsets: Which of the two: the gap of a whole head is closed, an offset is made not to change it.
    """
    upper, lower = _pairs()
    gap = shapes[..., upper, 1] - shapes[..., lower, 1] + (0.0 if offsets else _CROSSED)
    weights = _weights()
    # A pair follows its own knot not fully and its neighbours a little: ask of the knots what closes the gaps exactly.
    asked = gap @ np.linalg.inv(weights[:, lower] - weights[:, upper])
    out = shapes.copy()
    out[..., 1] += asked @ weights
    return out
