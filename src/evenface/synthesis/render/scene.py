"""Scene: the whole mesh of a picture, head and all that is built around it, and what is fixed about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.head import PARTS, load_head
from evenface.synthesis.mesh import Columns, Heads
from evenface.synthesis.render import hair, worn

Floats = NDArray[np.float64]

SCENE_PARTS = (
    "skin",
    "tongue",
    "eye_left",
    "eye_right",
    "",
    "teeth_lower",
    "teeth_upper",
    "lashes",
    "hair",
    "glasses",
    "lens",
    "mask",
)
"""Parts of the scene, as the constants in `look.py` number them: the first seven as in `PARTS`, lashes moved behind."""
_LASHES, _HAIR, _GLASSES, _LENS, _MASK = range(7, 12)
_NECK_TURNS = (-1.15, -2.1)  # heights between which the neck passes from turning with the head to standing still


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same for every face.

    Attributes:
        triangles, parts: As in `Head`, with the parts of `look.py`.
        kept: Vertices of the head that are used.
        where: (vertex, 3) what the shader knows a place by.
        scalp: (vertex, 3) place in the measure of `hair.py`, for skin.
        masks: (vertex, 4) lips, inside of the mouth, lids, ears.
        open_air: (vertex,) share of the sky that a place sees at rest.
        still: (vertex,) share that does not turn with the head.
        first, around: Triangles around each vertex, in compressed rows.
        margins: (2, 2) vertices of the upper and lower lid of the left and right eye.
    """

    triangles: NDArray[np.int32]
    parts: NDArray[np.int32]
    where: NDArray[np.float32]
    scalp: NDArray[np.float32]
    masks: NDArray[np.float32]
    open_air: NDArray[np.float32]
    still: Floats
    first: NDArray[np.int32]
    around: NDArray[np.int32]
    margins: NDArray[np.int64]


@cache
def scene() -> Scene:
    """Put the parts together: head, eyeballs, hair, glasses, mask."""
    head = load_head()
    canon = head.canon.astype(np.float64)
    eyes = np.isin(head.parts, (PARTS.index("eye_left"), PARTS.index("eye_right")))
    ball, ball_triangles = worn.eyeball()
    sheet = hair.sheet()
    frame, frame_triangles, glass = worn.glasses()
    veil, veil_triangles = worn.mask()
    start = np.cumsum([0, len(canon), len(ball), len(ball), len(sheet.points), len(frame)])
    parts = np.where(head.parts[~eyes] == PARTS.index("lashes"), _LASHES, head.parts[~eyes])
    pieces = [
        (head.triangles[~eyes], parts),
        (ball_triangles + start[1], np.full(len(ball_triangles), PARTS.index("eye_left"))),
        (ball_triangles + start[2], np.full(len(ball_triangles), PARTS.index("eye_right"))),
        (sheet.triangles + start[3], np.full(len(sheet.triangles), _HAIR)),
        (frame_triangles + start[4], np.where(glass == 1, _LENS, _GLASSES)),
        (veil_triangles + start[5], np.full(len(veil_triangles), _MASK)),
    ]
    triangles = np.concatenate([t for t, _ in pieces]).astype(np.int32)
    where = np.concatenate([_places(canon), ball, ball, sheet.where, frame, np.c_[veil, np.zeros(len(veil))]])
    count = len(where)
    masks = np.zeros((count, 4), np.float32)
    for i, name in enumerate(("lips", "inside_mouth", "eyelids", "ears")):
        masks[: len(canon), i] = head.masks[name]
    scalp = np.zeros((count, 3))
    scalp[: len(canon)] = hair.place_on_scalp(canon)
    open_air = np.ones(count, np.float32)
    open_air[: len(canon)] = head.open_air
    still = np.zeros(count)
    high, low = _NECK_TURNS
    still[: len(canon)] = np.clip((high - canon[:, 1]) / (high - low), 0, 1)
    order = np.argsort(triangles.ravel(), kind="stable")
    first = np.searchsorted(triangles.ravel()[order], np.arange(count + 1))
    return Scene(
        triangles,
        np.concatenate([p for _, p in pieces]).astype(np.int32),
        where.astype(np.float32),
        scalp.astype(np.float32),
        masks,
        open_air,
        still,
        first.astype(np.int32),
        (order // 3).astype(np.int32),
        _margins(canon),
    )


def _places(canon: Floats) -> Floats:
    """What the shader knows a place by: where it lies on the mean head; for lashes, along, outwards, and which lid."""
    head = load_head()
    places = canon.copy()
    lashes = np.unique(head.triangles[head.parts == PARTS.index("lashes")])
    for eye in head.eyes:
        centre = canon[eye].mean(0)
        radius = np.linalg.norm(canon[eye] - centre, axis=1).mean()
        mine = lashes[np.sign(canon[lashes, 0]) == np.sign(centre[0])]
        out = np.linalg.norm(canon[mine] - centre, axis=1) / radius
        lid = np.sign(canon[mine, 1] - centre[1])
        places[mine] = np.stack([(canon[mine, 0] - centre[0]) / radius, np.clip((out - 1.03) / 0.27, 0, 1), lid], 1)
    return places


def _margins(canon: Floats) -> NDArray[np.int64]:
    """The vertex in the middle of each lid's edge."""
    head = load_head()
    lid = np.flatnonzero(head.masks["eyelids"] > 0.9)
    found = []
    for eye in head.eyes:
        centre = canon[eye].mean(0)
        radius = np.linalg.norm(canon[eye] - centre, axis=1).mean()
        out = np.linalg.norm(canon[lid] - centre, axis=1) / radius
        near = lid[(out > 1.0) & (out < 1.08) & (canon[lid, 2] > 0.148)]
        near = near[np.argsort(np.abs(canon[near, 0] - centre[0]))]
        found.append([near[canon[near, 1] > 0][0], near[canon[near, 1] < 0][0]])
    return np.array(found)


def scene_points(values: Columns, heads: Heads) -> Floats:
    """Where every vertex of the scene lies, (face, vertex, 3), in head coordinates."""
    return np.concatenate(
        [
            heads.posed,
            worn.eye_points(heads),
            hair.hair_points(values, heads),
            worn.glasses_points(heads),
            worn.mask_points(values, heads),
        ],
        axis=1,
    )
