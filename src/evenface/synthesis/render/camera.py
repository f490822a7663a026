"""Camera: from the coordinates of a head to those of a camera before it, and of a picture.

Camera coordinates: x to the right of the picture, y up, z towards the camera, which stands at the origin and looks
along -z. The head's x (its own left) is the picture's right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.mesh import Columns, Heads

Floats = NDArray[np.float64]

_SPAN = 2.5  # widths of the picture at zoom 1, in heights from chin to eyes
_LOWER = 0.22  # how far under the eyes the middle of the picture lies, in the same measure
_PIVOT = np.array([0.0, -0.75, -0.75])  # where the neck turns, at the height from chin to eyes of the mean head
_DEEP = -0.35  # the middle of the head lies behind the eyes: it is this that stays in the middle of the picture


def look_at(values: Columns, heads: Heads, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Place the camera so that the middle of the head is where the parameters ask for it.

    Returns:
        One `View` a face, a structured array of `dtype`: `turn`, the rotation from head to camera; `pivot`, where the
        neck turns, in head coordinates; `middle`, the middle of the head once turned about it; `distance` from the
        camera to that; `span`, the width of the picture there; `right` and `down`, the shift in widths of the picture.
    """
    height = -heads.chin
    # A short broad face and a long narrow one are framed alike: by the mean of both measures.
    span = _SPAN * (0.5 * height + 0.5 * heads.width) / values["zoom"]
    pivot = _PIVOT * height[:, None]
    middle = np.array([0.0, -_LOWER, _DEEP]) * height[:, None]
    turn = _turn(values)
    out = np.zeros(len(span), dtype)
    out["turn"], out["pivot"] = turn, pivot
    out["middle"] = np.einsum("nij,nj->ni", turn, middle - pivot)
    out["span"], out["distance"] = span, span / (2 * np.tan(np.radians(values["field_of_view"]) / 2))
    out["right"], out["down"] = values["shift_x"], values["shift_y"]
    return out


def _turn(values: Columns) -> Floats:
    """Rotations: first tilt, then raise, then turn."""
    yaw, pitch, roll = (np.radians(values[name]) for name in ("yaw", "pitch", "roll"))
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.stack([cy, zero, sy, zero, one, zero, -sy, zero, cy], -1).reshape(-1, 3, 3)
    about_x = np.stack([one, zero, zero, zero, cp, sp, zero, -sp, cp], -1).reshape(-1, 3, 3)
    about_z = np.stack([cr, sr, zero, -sr, cr, zero, zero, zero, one], -1).reshape(-1, 3, 3)
    return np.asarray(about_y @ about_x @ about_z)
