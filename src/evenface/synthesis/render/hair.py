"""Hair: a sheet round the head, wound from the crown down, that each style lifts, lets fall and cuts.

A place on the sheet is an azimuth (0 in front, growing to the face's left) and a way down: 0 is the crown, 1 the middle
of the ears, and from there on hair may follow the neck or hang free.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.dice import uniform
from evenface.synthesis.head import load_head
from evenface.synthesis.identity import trait
from evenface.synthesis.mesh import Columns, Heads
from evenface.synthesis.render.worn import grid_triangles

Floats = NDArray[np.float64]

CENTRE = np.array([0.0, 0.25, -0.75])
"""Where the sheet is wound round, on the mean head."""
_AZIMUTHS = 56
_WAYS = np.r_[np.linspace(0.0, 1.2, 24), np.linspace(1.28, 2.3, 10)]
_FALLS_FROM = 0.80  # about where a head is widest: from here on free hair falls straight
_NEAR = 4


class Style(NamedTuple):
    """How far hair stands off the head (tenths of a metre): on top, at the sides, at the nape; and how it lies.

    `rough` is the height of its waves, `curls` that of its curls; `hangs`: whether it falls free from above the ears.
    """

    top: float
    side: float
    nape: float
    rough: float = 0.0
    curls: float = 0.0
    hangs: bool = False


STYLES: dict[str, Style] = {
    "none": Style(0.0, 0.0, 0.0),
    "buzz": Style(0.0, 0.0, 0.0),
    "short": Style(0.17, 0.065, 0.06, 0.025),
    "parted": Style(0.22, 0.08, 0.07, 0.025),
    "curly": Style(0.28, 0.17, 0.15, 0.03, 0.055),
    "afro": Style(0.46, 0.42, 0.36, 0.02, 0.045),
    "bob": Style(0.18, 0.20, 0.18, 0.03, hangs=True),
    "long": Style(0.16, 0.19, 0.18, 0.035, hangs=True),
    "bun": Style(0.09, 0.045, 0.06, 0.012),
    "receding": Style(0.06, 0.055, 0.05, 0.015),
}
"""Style -> its measures, in the order of `parameters.HAIR_STYLES`."""

_KNOT, _KNOT_SIZE, _KNOT_WAY = 0.34, 0.30, (0.34, 0.66)
"""A bun's knot: how far it stands off, its half width, and between which ways down it sits, by person."""
_PART_DEEP, _PART_WIDE = 0.75, 0.10


class Sheet(NamedTuple):
    """The sheet at rest on the mean head, and what it hangs on.

    Attributes:
        points: (vertex, 3) on the mean head's skin.
        where: (vertex, 3) sine of azimuth, way down, cosine of azimuth.
        triangles: (triangle, 3).
        near: (vertex, 4) vertices of the head that carry it, with `pull` (vertex, 4) their shares.
    """

    points: Floats
    where: Floats
    triangles: NDArray[np.int32]
    near: NDArray[np.int64]
    pull: Floats


def direction(azimuth: Floats, way: Floats) -> Floats:
    """Unit vectors (…, 3) from `CENTRE`."""
    elevation = np.radians(90 - 115 * way)
    return np.stack([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)], -1)


def place_on_scalp(points: Floats) -> Floats:
    """Sine of azimuth, way down and cosine of azimuth of points (…, 3) of the mean head."""
    d = points - CENTRE
    d = d / np.linalg.norm(d, axis=-1, keepdims=True)
    azimuth = np.arctan2(d[..., 0], d[..., 2])
    way = (90 - np.degrees(np.arcsin(np.clip(d[..., 1], -1, 1)))) / 115
    return np.stack([np.sin(azimuth), way, np.cos(azimuth)], -1)


@cache
def sheet() -> Sheet:
    """Wind the sheet round the mean head; its seam is at the back."""
    head = load_head()
    canon = head.canon.astype(np.float64)
    smooth = (head.masks["ears"][head.triangles].max(1) < 0.3) & (head.parts == 0)
    smooth &= canon[head.triangles][:, :, 1].min(1) > -1.9
    azimuth, way = np.meshgrid(np.linspace(-np.pi, np.pi, _AZIMUTHS + 1), np.minimum(_WAYS, 1.2))
    ways = np.broadcast_to(_WAYS[:, None], way.shape)
    rays = direction(azimuth, way).reshape(-1, 3)
    points = CENTRE + rays * _reach(rays, canon[head.triangles[smooth]]).reshape(-1, 1)
    skin = np.unique(head.triangles[smooth])
    squared = (points**2).sum(1)[:, None] + (canon[skin] ** 2).sum(1) - 2 * points @ canon[skin].T
    squared = np.maximum(squared.round(9), 0)
    nearest = np.sort(np.argpartition(squared, _NEAR, axis=1)[:, :_NEAR], axis=1)
    pull = 1 / (np.take_along_axis(squared, nearest, 1) + 1e-3)
    triangles = grid_triangles(len(_WAYS), _AZIMUTHS + 1)
    where = np.stack([np.sin(azimuth), ways, np.cos(azimuth)], -1).reshape(-1, 3)
    return Sheet(points, where, triangles, skin[nearest], pull / pull.sum(1, keepdims=True))


def _reach(rays: Floats, triangles: Floats) -> Floats:
    """How far rays (ray, 3) from `CENTRE` go until they leave the last of the triangles (triangle, 3, 3)."""
    a, b, c = (triangles[:, i] - CENTRE for i in range(3))
    normal = np.cross(b - a, c - a)
    # A ray meets a triangle where it lies on the inner side of the three planes through the centre and an edge.
    inside = np.ones((len(rays), len(triangles)), bool)
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= rays @ np.cross(p, q).T >= -1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (a * normal).sum(1) / (rays @ normal.T)
    out = np.where(inside & (far > 0), far, 0).max(1)
    missed = out == 0
    return np.where(missed, np.median(out[~missed]), out)


_REACH_STEPS = 73


def azimuth_of(bearing: Floats) -> Floats:
    """Azimuths of bearings: a bearing is x / (|x| + |z|), unrolled and scaled to run from -pi to pi as azimuths do."""
    x = np.abs(bearing) / (np.pi / 2)
    ahead = np.arctan2(np.minimum(x, 2 - x), 1 - x)
    return np.asarray(np.sign(bearing) * ahead)


def reach_of(values: Columns, *, falling: bool) -> Floats:
    """How far down hair grows, or with `falling` falls: (face, bearing) from -pi to pi; see `azimuth_of`."""
    style = values["hair_style"].astype(int)[:, None]
    names = list(STYLES)
    person = values["person"]
    azimuth = np.degrees(azimuth_of(np.linspace(-np.pi, np.pi, _REACH_STEPS)))
    a = np.abs(azimuth)

    def ramp(low: float, high: float, x: Floats) -> Floats:
        t = np.clip((x - low) / (high - low), 0, 1)
        return np.asarray(t * t * (3 - 2 * t))

    def worn(*which: str) -> NDArray[np.bool_]:
        return np.isin(style, [names.index(name) for name in which])

    bald = 0.5 * values["gender"] * np.clip((values["age"] - 35) / 40, 0, 1)
    line = (trait("hair line", person) - 0.5 + bald)[:, None]
    side = _parting_side(person)
    front = np.where(worn("receding"), 0.49, 0.58) - 0.06 * line
    temple = np.where(worn("receding"), 0.44, 0.66) - 0.06 * line
    if falling:  # a fringe falls over the hair line
        swept = azimuth * side
        front = front + worn("parted") * (0.12 * ramp(-25, 35, swept) - 0.02)
        temple = temple + worn("parted") * 0.06 * ramp(0, 45, swept)
        fringe = _fringe(person)
        front = front + worn("short", "bob") * 0.13 * fringe * np.where(worn("short"), 0.6, 1 - 0.5 * ramp(0, 30, a))
        # Without a fringe long hair falls to both sides like a curtain.
        open_ = worn("long") + worn("bob") * (1 - fringe)
        front = front + open_ * (0.14 * ramp(4, 50, a) - 0.005)
        temple = temple + open_ * 0.09
    else:  # roots begin before the sheet of hair does, and thin out
        front, temple = front + 0.01, temple + 0.01
    # A widow's peak, or the start of the bays beside it.
    peak = (trait("peak of the hair line", person)[:, None] - 0.3) * (1 - worn("bob") * 0.5)
    front = (
        front + 0.035 * np.clip(peak, 0, 1) * np.exp(-((azimuth / 9) ** 2)) - 0.018 * np.exp(-(((a - 26) / 10) ** 2))
    )
    out = front + (temple - front) * ramp(28, 56, a)
    hanging = np.where(worn("long"), 2.05, 1.52) if falling else np.full_like(front, 1.0)
    burn = np.where(worn("curly", "afro"), 0.99, 0.95) + (0.0 if falling else 0.03)
    short = out + (burn - out) * ramp(60, 71, a)
    short = short + (0.82 - short) * ramp(75, 85, a)  # round the ear
    nape = np.where(worn("bun", "receding"), 1.10, 1.15) + (0.0 if falling else 0.06)
    short = short + (nape - short) * ramp(97, 125, a)
    hung = out + (hanging - out) * ramp(54, 66, a)
    return np.where(worn("bob", "long") & falling, hung, short)


def _fringe(person: Floats) -> Floats:
    """Whether hair that may fall over the forehead does, from 0 to 1, (face, 1)."""
    return np.asarray(np.clip((trait("fringe", person)[:, None] - 0.55) / 0.1, 0, 1))


def _parting_side(person: Floats) -> Floats:
    return np.where(trait("side of the parting", person) < 0.5, -1.0, 1.0)[:, None]


def hair_points(values: Columns, heads: Heads) -> Floats:
    """Where the sheet lies on each head, (face, vertex, 3); on the skin where hair is cut to it."""
    at = sheet()
    canon = load_head().canon.astype(np.float64)
    moved = ((heads.rest[:, at.near] - canon[at.near]) * at.pull[..., None]).sum(2)
    way, azimuth = at.where[:, 1], np.arctan2(at.where[:, 0], at.where[:, 2])
    measures = np.array([[s.top, s.side, s.nape, s.rough, s.curls, s.hangs] for s in STYLES.values()])
    hangs = measures[values["hair_style"].astype(int), 5]
    lift = _lift(values, way, azimuth, measures)
    outwards = direction(azimuth, np.minimum(way, 0.95))
    points = at.points + moved + outwards * lift[..., None]
    knot, share = _knot(values, way, azimuth)
    points = points + knot * share[..., None]
    return np.where((hangs > 0)[:, None, None], _hung(points, way, azimuth), points)


def _lift(values: Columns, way: Floats, azimuth: Floats, measures: Floats) -> Floats:
    """How far hair stands off the head, (face, vertex)."""
    person, style = values["person"], values["hair_style"].astype(int)
    top, side, nape, rough, curls, _ = measures[style].T[..., None]
    back = np.clip((np.abs(azimuth) - 1.6) / 0.9, 0, 1)
    low = np.clip((way - 0.30) / 0.45, 0, 1)
    low = low * low * (3 - 2 * low)
    lift = top * (1 - low) + low * (side * (1 - back) + nape * back)
    lift = lift * (0.75 + 0.5 * trait("volume of hair", person)[:, None])
    if style.max() <= list(STYLES).index("buzz"):
        return np.asarray(lift)
    waves = sum(
        np.sin(k * azimuth + 6.3 * trait(f"wave {k}", person)[:, None]) * np.sin(0.6 * k * way * 5 + k) / k
        for k in (3, 5, 9, 14)
    )
    tousled = uniform("curl", np.arange(len(way), dtype=np.uint64)) - 0.5
    names = list(STYLES)
    free = (style == names.index("long"))[:, None] + (style == names.index("bob"))[:, None] * (1 - _fringe(person))
    parting = np.where(style[:, None] == names.index("parted"), _PART_DEEP, 0.7 * _PART_DEEP * free)
    off_middle = np.where(style[:, None] == names.index("parted"), 0.42, 0.08)
    groove = np.exp(-(((azimuth + off_middle * _parting_side(person)) / _PART_WIDE) ** 2)) * np.clip(
        (0.9 - way) / 0.3, 0, 1
    )
    lift = (lift + rough * waves + curls * tousled) * (1 - parting * groove)
    # Towards its edge hair lies on the skin, less abruptly at the nape.
    edge = reach_of(values, falling=True)
    within = np.minimum(edge, np.minimum(np.roll(edge, 2, 1), np.roll(edge, -2, 1)))
    steps = np.degrees(azimuth_of(np.linspace(-np.pi, np.pi, _REACH_STEPS)))
    columns = np.abs(steps[:, None] - np.linspace(-180, 180, _AZIMUTHS + 1)).argmin(0)
    from_edge = np.tile(within[:, columns], (1, len(_WAYS))) - way
    taper = np.clip(from_edge / (0.15 + 0.25 * back), 0, 1)
    return np.asarray(np.maximum(lift, 0) * (0.07 + 0.93 * np.sin(taper * np.pi / 2) ** 0.8))


def _knot(values: Columns, way: Floats, azimuth: Floats) -> tuple[Floats, Floats]:
    """Where a bun's knot draws the sheet (face, 1, 3), and how far each vertex follows (face, vertex)."""
    low, high = _KNOT_WAY
    middle = low + (high - low) * trait("place of the knot", values["person"])[:, None]
    towards = direction(np.full_like(middle, np.pi), middle)
    off = 1 - np.einsum("vi,nji->nv", direction(azimuth, way), towards)
    wears = (values["hair_style"].astype(int) == list(STYLES).index("bun"))[:, None]
    share = np.sqrt(np.clip(1 - 2 * off / _KNOT_SIZE**2, 0, 1)) * wears
    return towards * _KNOT, share


def _hung(points: Floats, way: Floats, azimuth: Floats) -> Floats:
    """Let hair fall straight from where the head is widest, over the ears, drawing in a little on its way down."""
    columns = _AZIMUTHS + 1
    line = int(np.searchsorted(_WAYS, _FALLS_FROM)) - 1
    start = points[:, line * columns : (line + 1) * columns]
    start = np.tile(start, (1, len(_WAYS), 1))
    fall = np.clip(way - _WAYS[line], 0, None)
    hung = start.copy()
    hung[..., 1] -= fall * 1.30
    over_ear = 0.03 * np.exp(-(((np.abs(azimuth) - 1.60) / 0.40) ** 2)) * np.sin(np.clip(fall / 0.50, 0, 1) * np.pi)
    hung[..., 0] = hung[..., 0] * (1 + 0.03 * np.sin(fall * 3.0) - 0.05 * fall) + np.sign(azimuth) * over_ear
    # Behind the head it must clear the nape, at the sides it lies before the shoulder.
    hung[..., 2] += 0.12 * fall * np.cos(azimuth)
    below = np.clip(fall / 0.07, 0, 1)[..., None]
    below = below * below * (3 - 2 * below)
    return np.asarray(points * (1 - below) + hung * below)
