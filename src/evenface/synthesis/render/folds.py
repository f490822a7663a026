"""Folds: the lines that an expression or age presses into skin, as relief maps on the mean head, and how deep each is.

A fold is a smooth curve with a width. Curves are given for the face's left half, on the mean adult head as seen from
the front (tenths of a metre from the middle between the eyes); the right half mirrors them. Which lines belong to which
action unit follows the FACS manual's descriptions of wrinkles and furrows; where each runs was set by eye.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.mesh import Columns

Floats = NDArray[np.float64]

SIDE = 256
LOW, SIZE = -1.25, 2.5


class Fold(NamedTuple):
    """One line: points (x, y) along it, half width, depth relative to the others, and where skin bulges beside it."""

    points: tuple[tuple[float, float], ...]
    width: float
    depth: float = 1.0
    bulge: tuple[float, float] = (0.0, 0.0)


GROUPS: dict[str, tuple[Fold, ...]] = {
    "forehead": tuple(
        Fold(((0.0, y), (0.2, y + 0.012), (0.46, y - 0.05)), 0.022, depth, (0.0, 0.045))
        for y, depth in ((0.36, 0.8), (0.46, 1.0), (0.56, 0.9), (0.65, 0.5))
    ),
    "glabella": (
        Fold(((0.048, 0.075), (0.046, 0.14), (0.060, 0.215)), 0.024, 0.9, (0.045, 0.0)),
        Fold(((0.0, 0.035), (0.05, 0.05)), 0.022, 0.4, (0.0, 0.05)),
    ),
    "crows_feet": (
        Fold(((0.475, 0.045), (0.53, 0.085), (0.585, 0.105)), 0.013, 0.7, (0.0, 0.02)),
        Fold(((0.48, 0.005), (0.545, 0.018), (0.61, 0.020)), 0.013, 1.0, (0.0, 0.02)),
        Fold(((0.48, -0.03), (0.545, -0.055), (0.60, -0.085)), 0.013, 0.9, (0.0, 0.02)),
        Fold(((0.46, -0.06), (0.51, -0.11), (0.555, -0.16)), 0.014, 0.6, (0.01, 0.02)),
    ),
    "nasolabial": (Fold(((0.150, -0.36), (0.235, -0.50), (0.300, -0.66), (0.315, -0.76)), 0.030, 1.0, (0.065, 0.02)),),
    "nose": (
        Fold(((0.0, -0.02), (0.06, -0.01), (0.10, 0.03)), 0.014, 0.8),
        Fold(((0.03, -0.09), (0.09, -0.05), (0.13, 0.0)), 0.014, 0.8, (-0.015, 0.02)),
        Fold(((0.06, -0.16), (0.11, -0.11)), 0.016, 0.6, (-0.015, 0.02)),
    ),
    "chin": (
        Fold(((0.0, -0.860), (0.09, -0.870), (0.17, -0.90)), 0.028, 1.0, (0.0, -0.06)),
        Fold(((0.025, -0.925), (0.03, -0.955)), 0.022, 0.32),
        Fold(((0.085, -0.93), (0.09, -0.965)), 0.022, 0.32),
        Fold(((0.055, -0.985), (0.06, -1.01)), 0.022, 0.25),
    ),
    "under_eye": (
        Fold(((0.13, -0.09), (0.24, -0.165), (0.36, -0.15), (0.44, -0.09)), 0.022, 0.9, (0.0, 0.045)),
        Fold(((0.15, -0.15), (0.26, -0.24), (0.38, -0.24)), 0.030, 0.5, (0.0, -0.05)),
    ),
    "mouth_corner": (Fold(((0.255, -0.66), (0.285, -0.75), (0.280, -0.86)), 0.026, 1.0, (0.055, 0.0)),),
    "dimple": (Fold(((0.325, -0.62), (0.345, -0.68), (0.330, -0.74)), 0.028, 0.8, (0.03, 0.0)),),
    "lid": (Fold(((0.145, 0.045), (0.22, 0.105), (0.33, 0.115), (0.44, 0.055)), 0.014),),
    "jowl": (
        Fold(((0.30, -0.84), (0.35, -0.94), (0.37, -1.03)), 0.040, 0.45, (0.07, 0.02)),
        Fold(((0.40, -0.36), (0.44, -0.50), (0.46, -0.66)), 0.060, 0.5, (0.05, 0.10)),
    ),
}
"""Group -> its lines. The shader sees them added up."""

_STEEP = 0.026
_BULGE, _BULGE_WIDTH = 0.42, 2.1  # height against the depth of the trough, and width against its width
_LINE_WIDTH = 0.75  # of the dark line at the bottom, against the trough


@cache
def relief_maps() -> NDArray[np.float32]:
    """Maps (row, column, group, 3) of slope to the left, slope upwards and depth; rows run upwards from `LOW`."""
    at = LOW + (np.arange(SIDE) + 0.5) * SIZE / SIDE
    x, y = np.meshgrid(at, at)
    out = np.zeros((SIDE, SIDE, len(GROUPS), 3), np.float32)
    for number, lines in enumerate(GROUPS.values()):
        height, dark = np.zeros_like(x), np.zeros_like(x)
        for line in lines:
            near, fade = _distance(x, y, line, (0.0, 0.0))
            beside, along = _distance(x, y, line, line.bulge)
            has_bulge = float(any(line.bulge))
            bulge = has_bulge * _BULGE * np.exp(-beside / (_BULGE_WIDTH * line.width) ** 2) * along
            height += line.depth * (bulge - np.exp(-near / line.width**2) * fade)
            dark = np.maximum(dark, line.depth * np.exp(-near / (_LINE_WIDTH * line.width) ** 2) * fade)
        down, across = np.gradient(height, SIZE / SIDE)
        out[:, :, number] = np.stack([across * _STEEP, down * _STEEP, dark], -1)
    return out


_ACROSS = slice(SIDE // 2, SIDE * 7 // 8)  # x from 0 to 0.94: the map's left half mirrors it, no fold lies further out


@cache
def _flat_maps() -> Floats:
    """Relief maps of the face's left half as a matrix (group, row * column * 3)."""
    return np.ascontiguousarray(np.moveaxis(relief_maps()[:, _ACROSS], 2, 0).reshape(len(GROUPS), -1), np.float64)


def face_relief(values: Columns) -> NDArray[np.float32]:
    """Relief of each half of each face, (face, side, row, column, 3): all its folds together; see `relief_maps`."""
    depths = fold_depths(values).astype(np.float64).reshape(-1, len(GROUPS), 2)
    both = np.moveaxis(depths, 2, 1).reshape(-1, len(GROUPS)) @ _flat_maps()
    return both.astype(np.float32).reshape(len(depths), 2, SIDE, -1, 3)


def _distance(x: Floats, y: Floats, line: Fold, aside: tuple[float, float]) -> tuple[Floats, Floats]:
    """Squared distance of each place to a line moved aside, and how strong the line is where it is nearest."""
    points = np.array(line.points)
    t = np.linspace(0, 1, 40)
    # A curve through the points: a polynomial in x and in y, no higher than the points allow.
    knots = np.linspace(0, 1, len(points))
    order = len(points) - 1
    curve = np.stack([np.polyval(np.polyfit(knots, points[:, axis], order), t) for axis in (0, 1)], 1) + aside
    squared = (x[..., None] - curve[:, 0]) ** 2 + (y[..., None] - curve[:, 1]) ** 2
    fade = np.sin(np.pi * np.clip(t, 0.04, 0.96)) ** 0.7
    if points[0, 0] == 0.0:  # lines that cross the middle do not fade there
        fade = np.cos(np.pi / 2 * np.clip(t, 0, 0.96)) ** 0.7
    return np.asarray(squared.min(-1)), np.asarray(fade[squared.argmin(-1)])


def fold_depths(values: Columns) -> NDArray[np.float32]:
    """How deep each group of folds is, (face, group * 2) with left and right in turn; 1 is a strong fold."""
    age = np.clip((values["age"] - 20) / 60, 0, 1)
    young = np.clip((values["age"] - 4) / 18, 0.35, 1)  # plump skin folds less
    columns = []
    for side in ("Left", "Right"):

        def action(name: str, side: str = side) -> Floats:
            own = f"action:{name}{side}"
            return values[own] if own in values else values[f"action:{name}"]

        raised = np.clip(0.65 * action("browInnerUp") + 0.65 * action("browOuterUp"), 0, 1)
        smile, sneer, upper = action("mouthSmile"), action("noseSneer"), action("mouthUpperUp")
        squint = np.clip(0.7 * action("cheekSquint") + 0.5 * action("eyeSquint"), 0, 1)
        moved = {
            "forehead": 0.8 * raised * (1 - 0.5 * action("browDown")),
            "glabella": np.clip(action("browDown") + 0.35 * sneer, 0, 1.2),
            "crows_feet": 0.6 * np.clip(squint + 0.35 * smile, 0, 1.1),
            "nasolabial": np.clip(0.95 * smile + 0.85 * sneer + 0.7 * upper + 0.2 * action("mouthStretch"), 0, 1.25),
            "nose": np.clip(1.2 * sneer, 0, 1.2),
            "chin": np.clip(action("mouthShrugLower") + 0.3 * action("mouthFrown"), 0, 1.1),
            "under_eye": np.clip(0.9 * squint + 0.3 * smile, 0, 1),
            "mouth_corner": np.clip(0.9 * action("mouthFrown") + 0.3 * action("mouthStretch"), 0, 1),
            "dimple": np.clip(action("mouthDimple") + 0.45 * smile, 0, 1),
            "lid": 0.55 * (1 - action("eyeBlink")),
            "jowl": 0.15 * smile,
        }
        rest = {
            "forehead": 0.5,
            "glabella": 0.35,
            "crows_feet": 0.5,
            "nasolabial": 0.65,
            "under_eye": 0.65,
            "mouth_corner": 0.5,
            "jowl": 0.8,
        }
        columns.append([moved[name] * young + rest.get(name, 0.0) * age**1.3 for name in GROUPS])
    return np.asarray(np.moveaxis(np.array(columns), (0, 1, 2), (2, 1, 0)).reshape(len(age), -1), np.float32)
