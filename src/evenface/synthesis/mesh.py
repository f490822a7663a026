"""Mesh: from parameters to the vertices of heads, at rest and with an expression.

A head at rest is a blend of corner heads plus what weight and the person's details change; an expression adds facial
actions. All of it is linear, so a batch of heads is two matrix products. They are done in double precision and rounded
to 2**-20 of a unit (a tenth of a micrometre): the order of summing, which changes with the size of a batch and the
number of threads, then never shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.head import AGES, GENDERS, PARTS, WEIGHTS, load_head
from evenface.synthesis.identity import local_changes
from evenface.synthesis.lips import closed
from evenface.synthesis.parameters import ACTIONS, ETHNICITIES

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[np.float64]]

_GRID = 2.0**20

REACH: dict[str, float] = {
    "browInnerUp": 2.2,
    "browDown": 1.6,
    "browOuterUp": 1.3,
    "eyeWide": 1.5,
    "jawOpen": 1.15,
    "cheekSquint": 1.3,
    "mouthFrown": 1.7,
    "mouthStretch": 1.5,
    "noseSneer": 1.3,
    "mouthPress": 0.3,
    "mouthUpperUp": 1.25,
    "mouthLowerDown": 1.25,
}
"""How far the mesh goes at a full action, by the action's name without its side, in the reach its modeller gave it.

1 where not named. Set so that action units at their maximum are as plain as on posed photographs; see docs/LOG.md.
"""
AT_REST: dict[str, dict[str, float]] = {
    "african": {"mouth-scale-vert-decr": 0.5},
    "asian": {"mouth-scale-vert-decr": 0.75, "mouth-scale-horiz-incr": 0.3},
}
"""Local changes that every head of a pole has: its modelled lips are higher than those of photographs, and were read as
pucker; with these a landmarker reads as much pucker on them as on photographs (docs/LOG.md)."""
INNER_DOWN = 0.9
"""How far a full `browDown` draws the inner end of a brow down, in full actions `browInnerUp`, upside down."""

TEETH_IN_SMILE = (0.0, 0.015, -0.055)
"""How far a full `mouthSmile` of one side moves the lower teeth, which the modeller's shape leaves in place."""


@dataclass(frozen=True, slots=True)
class Heads:
    """A batch of heads in their own coordinates (see `head.py`).

    Attributes:
        rest: (face, vertex, 3) without expression.
        posed: (face, vertex, 3) with it.
        eye_centres: (face, 2, 3) of the left and right eyeball.
        eye_radii: (face, 2).
        gaze: (face, 2, 2) radians each eye looks to the face's left, and up.
        chin: (face,) height of the chin, below 0.
        width: (face,) of the cheeks, scaled to be as large as the height from chin to eyes on the mean head.
    """

    rest: Floats
    posed: Floats
    eye_centres: Floats
    eye_radii: Floats
    gaze: Floats
    chin: Floats
    width: Floats


@cache
def _shapes() -> tuple[Floats, Floats]:
    """What heads are blended from, at rest and by actions, as two matrices (shape, vertex * 3)."""
    head = load_head()
    count = len(head.canon) * 3
    rest = [closed(head.corners.astype(np.float64), offsets=False).reshape(-1, count)]
    rest += [
        closed(shapes.astype(np.float64), offsets=True).reshape(-1, count) for shapes in (head.weights, head.local)
    ]
    return np.concatenate(rest), _action_shapes().reshape(-1, count)


def _action_shapes() -> Floats:
    """Offsets (shape, vertex, 3) of full actions, and of the two corrections that `_shares_of_shapes` adds."""
    head = load_head()
    stems = [name.removesuffix("Left").removesuffix("Right") for name in ACTIONS]
    shapes = head.actions.astype(np.float64) * np.array([REACH.get(stem, 1.0) for stem in stems])[:, None, None]
    # A smile stretches the skin over the lower teeth, which must not come through it.
    lower_teeth = np.unique(head.triangles[head.parts == PARTS.index("teeth_lower")])
    for side in ("Left", "Right"):
        shapes[ACTIONS.index(f"mouthSmile{side}"), lower_teeth] += TEETH_IN_SMILE
    # A frown draws the inner ends of the brows down, which the modeller's shape leaves level.
    inner_down = -INNER_DOWN * head.actions[ACTIONS.index("browInnerUp")].astype(np.float64)
    left = np.clip(0.5 + head.canon[:, :1].astype(np.float64) / 0.08, 0, 1)
    return np.concatenate([shapes, [inner_down * left, inner_down * (1 - left)]])


@cache
def _marks() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices of the chin's front, and of the cheeks before the ears."""
    canon = load_head().canon
    x, y, z = canon.T
    chin = np.flatnonzero((np.abs(x) < 0.15) & (z > 0) & (y < -0.85))
    return chin, np.flatnonzero((np.abs(y + 0.35) < 0.2) & (z > -0.45) & (z < 0))


def action_table(values: Columns) -> Floats:
    """Facial actions (face, action), in the order of `ACTIONS`."""
    return np.stack([values[f"action:{name}"] for name in ACTIONS], 1)


def make_heads(values: Columns) -> Heads:
    """Blend a batch of heads from the parameters that `parameters.columns` gives."""
    (rest_shapes, action_shapes), (chin, cheeks) = _shapes(), _marks()
    head = load_head()
    faces = len(values["age"])
    local = local_changes(values["person"], values["distinctness"]) + _at_rest(values)
    parts = [*_corner_shares(values), local]
    rest = _rounded(np.concatenate(parts, 1) @ rest_shapes).reshape(faces, -1, 3)
    actions = action_table(values)
    change = _rounded(_shares_of_shapes(actions) @ action_shapes).reshape(rest.shape)
    eyes = rest[:, head.eyes]
    centres = eyes.mean(2)
    radii = np.sqrt(((eyes - centres[:, :, None]) ** 2).sum(-1)).mean(2)
    return Heads(
        rest, rest + change, centres, radii, _gaze(actions), rest[:, chin, 1].min(1), _width(rest[:, cheeks, 0])
    )


def _at_rest(values: Columns) -> Floats:
    """Local changes (face, change) of `AT_REST`, by the share of each pole."""
    names = load_head().local_names
    out = np.zeros((len(values["age"]), len(names)))
    shares = _poles(values)
    for pole, changes in AT_REST.items():
        for name, amount in changes.items():
            out[:, names.index(name)] += amount * shares[:, ETHNICITIES.index(pole)]
    return out


def _poles(values: Columns) -> Floats:
    """Shares (face, pole) of the poles of shape, which sum to 1; even where none is given."""
    given = np.stack([values[name] for name in ETHNICITIES], 1)
    total = given.sum(1, keepdims=True)
    return np.where(total > 0, given / np.where(total > 0, total, 1), 1 / len(ETHNICITIES))


def _shares_of_shapes(actions: Floats) -> Floats:
    """Share of each of `_action_shapes`: actions, and how far each brow's inner end is drawn down and not up."""
    down = actions[:, [ACTIONS.index("browDownLeft"), ACTIONS.index("browDownRight")]]
    up = actions[:, [ACTIONS.index("browInnerUp")]]
    return np.concatenate([actions, np.maximum(0, down - up)], 1)


def _width(across: Floats) -> Floats:
    chin, cheeks = _marks()
    canon = load_head().canon.astype(np.float64)
    usual = -canon[chin, 1].min() / np.ptp(canon[cheeks, 0])
    return np.asarray(np.ptp(across, axis=1) * usual)


def _rounded(shapes: Floats) -> Floats:
    return np.asarray(np.round(shapes * _GRID) / _GRID)


def _corner_shares(values: Columns) -> tuple[Floats, Floats]:
    """Shares of the corner heads (face, corner), and of what weight changes (face, change)."""
    faces = len(values["age"])
    ethnicity = _poles(values)
    gender = np.stack([1 - values["gender"], values["gender"]], 1)
    age = np.stack([np.interp(values["age"], AGES, np.eye(len(AGES))[i]) for i in range(len(AGES))], 1)
    corners = ethnicity[:, :, None, None] * gender[:, None, :, None] * age[:, None, None, :]
    off_middle = 2 * values["weight"] - 1
    weight = np.stack([np.maximum(0, -off_middle), np.maximum(0, off_middle)], 1)
    changes = gender[:, :, None, None] * age[:, None, :, None] * weight[:, None, None, :]
    sizes = len(ETHNICITIES) * len(GENDERS) * len(AGES), len(GENDERS) * len(AGES) * len(WEIGHTS)
    return corners.reshape(faces, sizes[0]), changes.reshape(faces, sizes[1])


_LARGEST_GAZE = np.radians(32.0)


def _gaze(actions: Floats) -> Floats:
    """Where the eyes look: full actions turn an eye by 32 degrees."""
    at = {name: i for i, name in enumerate(ACTIONS)}
    out = np.zeros((len(actions), 2, 2))
    for eye, (side, outwards) in enumerate((("Left", 1), ("Right", -1))):
        out[:, eye, 0] = (actions[:, at[f"eyeLookOut{side}"]] - actions[:, at[f"eyeLookIn{side}"]]) * outwards
        out[:, eye, 1] = actions[:, at[f"eyeLookUp{side}"]] - actions[:, at[f"eyeLookDown{side}"]]
    return out * _LARGEST_GAZE
