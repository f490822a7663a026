"""What is built around a head: eyeballs, glasses, and a mask over nose and mouth."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.head import PARTS, load_head
from evenface.synthesis.mesh import Columns, Heads

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
    polar, round_ = np.meshgrid(
        np.linspace(0, _EYE_SPAN, _RINGS), np.linspace(0, 2 * np.pi, _SEGMENTS + 1), indexing="ij"
    )
    d = np.stack([np.sin(polar) * np.cos(round_), np.sin(polar) * np.sin(round_), np.cos(polar)], -1)
    return d.reshape(-1, 3), grid_triangles(_RINGS, _SEGMENTS + 1)


def eye_points(heads: Heads) -> Floats:
    """Both eyeballs of each head, left first, (face, vertex, 3)."""
    directions, _ = eyeball()
    balls = heads.eye_centres[:, :, None] + directions * heads.eye_radii[:, :, None, None]
    return balls.reshape(len(balls), -1, 3)


_RIM, _TUBE = 40, 6
_HINGE = (0.525, 0.055, 0.105)
_EAR_TOP = (0.70, 0.035, -0.60)  # where a temple comes to lie on the ear of the mean head
_FROM_EYES = 0.255  # how far before the middle of the eyes the lenses stand, if nothing is in their way
_CLEAR = 0.022


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
        # A rounded rectangle, a little narrower below, bent round the face.
        c, s = np.cos(t), np.sin(t)
        x = 0.208 * np.sign(c) * np.abs(c) ** 0.62
        y = 0.152 * np.sign(s) * np.abs(s) ** 0.66
        x = x * (1 + 0.35 * y)
        rim = np.stack([side * (0.298 + x), y - 0.035, _rim_depth(0.298 + x)], -1)
        add(*_tube(rim, 0.0125), 0)
        centre = rim[:-1].mean(0)[None]
        fan = np.stack([np.zeros(_RIM, int), 1 + np.arange(_RIM), 2 + np.arange(_RIM)], 1).astype(np.int32)
        add(np.concatenate([centre, rim]), fan, 1)
        along = np.array(
            [(0.490, 0.055, 0.135), _HINGE, (0.58, 0.050, -0.10), _EAR_TOP, (0.745, 0.01, -0.78), (0.75, -0.12, -0.86)]
        )
        add(*_tube(along * (side, 1, 1), 0.0135), 0)
    bridge = np.array([[0.092, 0.005], [0.05, 0.028], [0.0, 0.036], [-0.05, 0.028], [-0.092, 0.005]])
    add(*_tube(np.c_[bridge, _FROM_EYES + 0.015 - 0.6 * bridge[:, 0] ** 2], 0.0125), 0)
    return np.concatenate(points), np.concatenate(triangles), np.concatenate(glass)


def _rim_depth(across: Floats) -> Floats:
    """How far forward the rims stand at a distance from the middle."""
    return np.asarray(
        _FROM_EYES + 0.012 - 0.30 * np.clip(across - 0.10, 0, None) ** 2 - 0.55 * np.clip(across - 0.38, 0, None) ** 2
    )


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
    """Frames before the eyes, clear of nose, brows and cheeks, hung on the ears of each head, (face, vertex, 3)."""
    points, _, _ = glasses()
    canon = load_head().canon.astype(np.float64)
    half = np.abs(heads.eye_centres[:, :, 0]).mean(1)
    out = points * (half / 0.2886)[:, None, None] + heads.eye_centres.mean(1)[:, None]
    # Forward, until nothing pokes through.
    near = np.flatnonzero((np.abs(canon[:, 0]) < 0.47) & (np.abs(canon[:, 1] + 0.03) < 0.17) & (canon[:, 2] > 0.10))
    face = heads.posed[:, near]
    middle = heads.eye_centres.mean(1)
    in_the_way = face[..., 2] - middle[:, 2:] - _rim_depth(np.abs(face[..., 0]) * 0.2886 / half[:, None])
    ahead = np.maximum(in_the_way.max(1) + _CLEAR, 0)
    # Temples reach from the rims, which move ahead, to the ears, wherever those are.
    back = np.clip((_HINGE[2] - points[:, 2]) / (_HINGE[2] - _EAR_TOP[2]), 0, 1)
    out[..., 2] += ahead[:, None] * (1 - back)
    for side in (1, -1):
        ear = np.array(_EAR_TOP) * (side, 1, 1)
        root = np.argmin(((canon - ear) ** 2).sum(1))
        off = (heads.posed[:, root] - canon[root]) + ear - (ear * (half / 0.2886)[:, None] + middle)
        out += (back * (points[:, 0] * side > 0.3))[None, :, None] * off[:, None]
    return np.asarray(out)


_ROWS, _COLUMNS = 17, 29
_AXIS = -0.35  # depth of the upright axis that the mask is wound round
_TURN = np.radians(70.0)
_GAP = 0.022
_LOOP, _LOOP_RING = 7, 4
_LOOPS = (
    (0, (0.715, -0.02, -0.60)),
    (-1, (0.685, -0.46, -0.60)),
)  # row of the mask, and where its loop goes at the ear
_SMOOTHINGS = 14


@cache
def mask() -> tuple[Floats, Ints]:
    """A sheet over nose and mouth, with loops to the ears: (vertex, 2) across and down, -1 to 1, and triangles."""
    down, across = np.meshgrid(np.linspace(-1, 1, _ROWS), np.linspace(-1, 1, _COLUMNS), indexing="ij")
    places, triangles = [np.stack([across.ravel(), down.ravel()], 1)], [grid_triangles(_ROWS, _COLUMNS)]
    count = _ROWS * _COLUMNS
    for _ in range(2 * len(_LOOPS)):
        places.append(np.tile([0.0, 0.98], (_LOOP * (_LOOP_RING + 1), 1)))
        triangles.append(grid_triangles(_LOOP_RING + 1, _LOOP) + count)
        count += _LOOP * (_LOOP_RING + 1)
    return np.concatenate(places), np.concatenate(triangles)


def mask_points(values: Columns, heads: Heads) -> Floats:
    """The mask on each head, (face, vertex, 3): from the nose to under the chin; at 0 where none is worn."""
    places, _ = mask()
    out = np.zeros((len(heads.posed), len(places), 3))
    wearing = np.flatnonzero(values["mask"] > 0)
    if len(wearing):
        posed = heads.posed[wearing]
        sheet = _veil(posed, heads.chin[wearing])
        out[wearing] = np.concatenate([sheet.reshape(len(wearing), -1, 3), *_loops(posed, sheet)], 1)
    return out


@cache
def _covered() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices that a mask lies over, and those of the chin's front."""
    head = load_head()
    x, y, z = head.canon.T
    skin = np.zeros(len(x), bool)
    skin[head.triangles[head.parts == PARTS.index("skin")]] = True
    under = skin & (head.masks["inside_mouth"] < 0.5) & (z > -0.45) & (y < -0.02) & (y > -1.15)
    return np.flatnonzero(under), np.flatnonzero((np.abs(x) < 0.15) & (z > 0) & (y < -0.85))


def _upper_edge(across: Floats) -> Floats:
    """Height of the mask's upper edge on the mean head: over the bridge of the nose, falling towards the cheeks."""
    return np.asarray(-0.130 - 0.15 * across**2 + 0.02 * across**4)


def _veil(posed: Floats, chin_at_rest: Floats) -> Floats:
    """The sheet (face, row, column, 3): stretched over what lies under it, in distances from an upright axis."""
    under, chin = _covered()
    p = posed[:, under]
    low = posed[:, chin, 1].min(1)[:, None, None]
    d, a = np.linspace(-1, 1, _ROWS)[:, None], np.linspace(-1, 1, _COLUMNS)
    height = (chin_at_rest / load_head().canon[chin, 1].min())[:, None, None]  # a child's nose sits higher
    high = _upper_edge(a) * height
    y = high + (d + 1) / 2 * (low * 1.035 + 0.34 * a**2 - high)
    angle = np.arctan2(p[..., 0], p[..., 2] - _AXIS)
    far = np.hypot(p[..., 0], p[..., 2] - _AXIS)
    column = (angle / _TURN + 1) / 2 * (_COLUMNS - 1)
    across = np.clip(angle / _TURN, -1, 1)
    high_there = _upper_edge(across) * height[:, 0]
    row = (p[..., 1] - high_there) / (low[:, 0] * 1.035 + 0.34 * across**2 - high_there) * (_ROWS - 1)
    tight = _highest(row, column, far)
    wide = _shifted(tight, 1, 1).max(0)
    snug = _blurred(wide)
    for _ in range(_SMOOTHINGS):
        wide = np.maximum(_blurred(wide), tight)
    edge = np.minimum(np.clip((1 - np.abs(d)) / 0.22, 0, 1), np.clip((1 - np.abs(a)) / 0.22, 0, 1))
    far = snug + (wide - snug) * edge + _GAP + 0.020 * a**4
    turn = np.broadcast_to(a * _TURN, far.shape)
    return np.stack([far * np.sin(turn), np.broadcast_to(y, far.shape), far * np.cos(turn) + _AXIS], -1)


def _highest(row: Floats, column: Floats, far: Floats) -> Floats:
    """The farthest vertex at each place of the sheet, (face, row, column); those further off count less."""
    faces = len(row)
    out = np.full((faces, _ROWS, _COLUMNS), 0.2)
    index = np.broadcast_to(np.arange(faces)[:, None], row.shape)
    for j in range(-1, 3):
        for i in range(-1, 3):
            r, c = np.floor(row).astype(int) + j, np.floor(column).astype(int) + i
            off = np.clip(np.abs(row - r) - 0.8, 0, None) + np.clip(np.abs(column - c) - 0.8, 0, None)
            here = (r >= 0) & (r < _ROWS) & (c >= 0) & (c < _COLUMNS)
            np.maximum.at(out, (index[here], r[here], c[here]), (far - 0.6 * off)[here])
    return out


def _shifted(sheet: Floats, rows: int, columns: int) -> Floats:
    """The sheet moved by up to so many rows and columns each way, edges repeated: (move, face, row, column)."""
    padded = np.pad(sheet, ((0, 0), (rows, rows), (columns, columns)), mode="edge")
    moves = [(j, i) for j in range(2 * rows + 1) for i in range(2 * columns + 1)]
    return np.stack([padded[:, j : j + _ROWS, i : i + _COLUMNS] for j, i in moves])


def _blurred(sheet: Floats) -> Floats:
    return np.asarray(_shifted(sheet, 1, 1).mean(0))


def _loops(posed: Floats, sheet: Floats) -> list[Floats]:
    """Loops (face, vertex, 3) from each corner of the mask to the ear on its side."""
    canon = load_head().canon.astype(np.float64)
    t = np.linspace(0, 1, _LOOP)[:, None]
    turn = np.linspace(0, 2 * np.pi, _LOOP_RING + 1)[:, None, None]
    ring = 0.008 * np.concatenate([np.sin(turn), np.cos(turn), 0 * turn], -1)
    out = []
    for side, column in ((1, -1), (-1, 0)):
        for row, place in _LOOPS:
            ear = np.array(place) * (side, 1, 1)
            root = np.argmin(((canon - ear) ** 2).sum(1))
            start, end = sheet[:, row, column, None], (posed[:, root] + ear - canon[root])[:, None]
            line = start + (end - start) * t + np.array([side * 0.10, 0, 0]) * (t * (1 - t))
            out.append((line[:, None] + ring).reshape(len(posed), -1, 3))
    return out
