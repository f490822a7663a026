"""Camera: from the coordinates of a head to those of a camera before it, and of a picture.

Camera coordinates: x to the right of the picture, y up, z towards the camera, which stands at the origin and looks
along -z. The head's x (its own left) is the picture's right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.mesh import Columns, Heads

Floats = NDArray[np.float64]

_SPAN = 2.5  # widths of the picture at zoom 1, in heights from chin to eyes
_LOWER = 0.22  # how far under the eyes the middle of the picture lies, in the same measure
_PIVOT = np.array([0.0, -0.75, -0.75])  # where the neck turns, at the height from chin to eyes of the mean head
_DEEP = -0.35  # the middle of the head lies behind the eyes: it is this that stays in the middle of the picture


@dataclass(frozen=True, slots=True)
class View:
    """How each face is seen.

    Attributes:
        turn: (face, 3, 3) rotation from head to camera coordinates.
        centre: (face, 3) middle of the head in camera coordinates.
        distance: (face,) from the camera to the middle of the head.
        span: (face,) width of the picture at that distance.
        shift: (face, 2) right and down, in widths of the picture.
        pivot: (face, 3) in head coordinates.
        middle: (face, 3) middle of the head, in head coordinates.
    """

    turn: Floats
    distance: Floats
    span: Floats
    shift: Floats
    pivot: Floats
    middle: Floats


def look_at(values: Columns, heads: Heads) -> View:
    """Place the camera so that the middle of the head is where the parameters ask for it."""
    height = -heads.chin
    # A short broad face and a long narrow one are framed alike: by the mean of both measures.
    span = _SPAN * (0.5 * height + 0.5 * heads.width) / values["zoom"]
    distance = span / (2 * np.tan(np.radians(values["field_of_view"]) / 2))
    unit = height[:, None]
    middle = np.concatenate([np.zeros_like(unit), -_LOWER * unit, _DEEP * unit], 1)
    shift = np.stack([values["shift_x"], values["shift_y"]], 1)
    return View(_turn(values), distance, span, shift, _PIVOT * unit, middle)


def _turn(values: Columns) -> Floats:
    """Rotations: first tilt, then raise, then turn."""
    yaw, pitch, roll = (np.radians(values[name]) for name in ("yaw", "pitch", "roll"))
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.stack([cy, zero, sy, zero, one, zero, -sy, zero, cy], -1).reshape(-1, 3, 3)
    about_x = np.stack([one, zero, zero, zero, cp, sp, zero, -sp, cp], -1).reshape(-1, 3, 3)
    about_z = np.stack([cr, sr, zero, -sr, cr, zero, zero, zero, one], -1).reshape(-1, 3, 3)
    return np.asarray(about_y @ about_x @ about_z)


def to_camera(points: Floats, still: Floats, view: View) -> Floats:
    """Points (face, vertex, 3) in camera coordinates; `still` (face or 1, vertex) in [0, 1] says what does not turn."""
    from_pivot = points - view.pivot[:, None]
    turned = from_pivot @ np.swapaxes(view.turn, 1, 2)
    mixed = turned + (from_pivot - turned) * still[..., None]
    # The middle of the head stays before the camera, whichever way the head turns.
    middle = np.einsum("nij,nj->ni", view.turn, view.middle - view.pivot)
    out = mixed - middle[:, None]
    out[..., 2] -= view.distance[:, None]
    return np.asarray(out)


def to_picture(points: Floats, view: View, side: int) -> Floats:
    """Column and row (in samples of a picture of `side`) and nearness of points in camera coordinates.

    Nearness is 1 at the middle of the head, and falls with depth as one over it, so that it is linear over the picture.
    """
    depth = np.maximum(-points[..., 2], 0.15 * view.distance[:, None])
    scale = (side * view.distance / view.span)[:, None]
    x = points[..., 0] / depth * scale + side * (0.5 + view.shift[:, :1])
    y = side * (0.5 + view.shift[:, 1:]) - points[..., 1] / depth * scale
    return np.stack([x, y, view.distance[:, None] / depth], -1)
