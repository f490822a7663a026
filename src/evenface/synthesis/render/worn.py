"""What is built around a head: eyeballs, glasses, and a mask over nose and mouth."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.head import load_head
from evenface.synthesis.mesh import Heads

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_RINGS, _SEGMENTS = 9, 28
_EYE_SPAN = np.radians(100.0)


def grid_triangles(rows: int, columns: int) -> Ints:
    """Triangles (triangle, 3) of a sheet of rows x columns vertices."""
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    both = [np.stack([a, a + columns, a + 1], 1), np.stack([a + 1, a + columns, a + columns + 1], 1)]
    return np.concatenate(both).astype(np.int32)


@cache
def eyeball() -> tuple[Floats, Ints]:
    """The front of a sphere: unit directions (vertex, 3), +z forwards, and triangles."""
    polar, round_ = np.meshgrid(np.linspace(0, _EYE_SPAN, _RINGS), np.linspace(0, 2 * np.pi, _SEGMENTS + 1), indexing="ij")
    d = np.stack([np.sin(polar) * np.cos(round_), np.sin(polar) * np.sin(round_), np.cos(polar)], -1)
    return d.reshape(-1, 3), grid_triangles(_RINGS, _SEGMENTS + 1)


def eye_points(heads: Heads) -> Floats:
    """Both eyeballs of each head, left first, (face, vertex, 3)."""
    directions, _ = eyeball()
    balls = heads.eye_centres[:, :, None] + directions * heads.eye_radii[:, :, None, None]
    return balls.reshape(len(balls), -1, 3)


_RIM, _TUBE = 40, 6


@cache
def glasses() -> tuple[Floats, Ints, Ints]:
    """Frames on the mean head, relative to the middle between the eyes: points, triangles, and 1 where glass is."""
    points, triangles, glass = [], [], []
    count = 0

    def add(p: Floats, t: Ints, is_glass: int) -> None:
        nonlocal count
        points.append(p)
        triangles.append(t + count)
        glass.append(np.full(len(t), is_glass, np.int32))
        count += len(p)

    t = np.linspace(0, 2 * np.pi, _RIM + 1)
    for side in (1, -1):
        # A rounded rectangle, bent round the face.
        c, s = np.cos(t), np.sin(t)
        x = 0.205 * np.sign(c) * np.abs(c) ** 0.62
        y = 0.155 * np.sign(s) * np.abs(s) ** 0.62
        rim = np.stack([side * (0.295 + x), y - 0.045, 0.30 - 0.28 * np.clip(x, -1, 1) ** 2 - 0.16 * np.clip(x, 0, 1)], -1)
        add(*_tube(rim, 0.0155), 0)
        centre = rim[:-1].mean(0)[None]
        fan = np.stack([np.zeros(_RIM, int), 1 + np.arange(_RIM), 2 + np.arange(_RIM)], 1).astype(np.int32)
        add(np.concatenate([centre, rim]), fan, 1)
        temple = np.array([[side * 0.50, 0.03, 0.26], [side * 0.66, 0.03, 0.12], [side * 0.79, 0.02, -0.45], [side * 0.81, -0.02, -0.75]])
        add(*_tube(temple, 0.016), 0)
    bridge = np.array([[0.095, -0.01, 0.30], [0.04, 0.025, 0.345], [-0.04, 0.025, 0.345], [-0.095, -0.01, 0.30]])
    add(*_tube(bridge, 0.014), 0)
    return np.concatenate(points), np.concatenate(triangles), np.concatenate(glass)


def _tube(line: Floats, radius: float) -> tuple[Floats, Ints]:
    """A tube round a line (point, 3)."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, [0.0, 0.31, 0.95])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(along, across)
    t = np.linspace(0, 2 * np.pi, _TUBE + 1)
    ring = np.cos(t)[:, None, None] * across + np.sin(t)[:, None, None] * up
    points = line + radius * ring
    return points.reshape(-1, 3), grid_triangles(_TUBE + 1, len(line))


def glasses_points(heads: Heads) -> Floats:
    """Frames set on the nose and before the eyes of each head, (face, vertex, 3)."""
    points, _, _ = glasses()
    half = np.abs(heads.eye_centres[:, :, 0]).mean(1)
    scale = (half / 0.2886)[:, None, None]
    middle = heads.eye_centres.mean(1)[:, None]
    ahead = _ahead(heads)[:, None]
    out = points * scale + middle
    out[..., 2] += ahead * np.clip((points[:, 2] + 0.75) / 1.05, 0, 1)
    return np.asarray(out)


def _ahead(heads: Heads) -> Floats:
    """How much further forward the bridge of the nose and the brows lie than on the mean head."""
    canon = load_head().canon
    near = np.flatnonzero((np.abs(canon[:, 0]) < 0.5) & (np.abs(canon[:, 1] - 0.06) < 0.14) & (canon[:, 2] > 0.12))
    return np.asarray((heads.rest[:, near, 2] - canon[near, 2]).max(1).clip(0, 0.12))


_MASK_ROWS, _MASK_COLUMNS = 15, 25


@cache
def mask() -> tuple[Floats, Ints]:
    """A sheet over nose and mouth: (vertex, 2) across and down, both -1 to 1, and triangles."""
    down, across = np.meshgrid(np.linspace(-1, 1, _MASK_ROWS), np.linspace(-1, 1, _MASK_COLUMNS), indexing="ij")
    return np.stack([across.ravel(), down.ravel()], 1), grid_triangles(_MASK_ROWS, _MASK_COLUMNS)


def mask_points(heads: Heads) -> Floats:
    """The mask on each head, (face, vertex, 3): over the bridge of the nose, under the chin, back to the jaw."""
    place, _ = mask()
    a, d = place[:, 0], place[:, 1]
    chin = heads.chin[:, None]
    top = -0.14
    y = top + (d + 1) / 2 * (chin * 1.06 - top) + 0.02 * a**2
    half = 0.66 - 0.10 * np.clip(d, 0, 1)
    x = half * np.sin(a * 1.35) / np.sin(1.35)
    front = 0.40 - 0.10 * np.clip(-d - 0.2, 0, 1) - 0.20 * np.clip(d, 0, 1) ** 2
    nose = (heads.rest[:, :, 2].max(1) - 0.42)[:, None]
    z = front + nose - 0.72 * (1 - np.cos(a * 1.35))
    shape = np.broadcast_shapes(x.shape, y.shape, z.shape)
    return np.stack([np.broadcast_to(v, shape) for v in (x, y, z)], -1)
