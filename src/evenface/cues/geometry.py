"""Geometry: distances and angles between landmarks, each with a name that says what it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import CueReading
from evenface.cues._geometry import upright
from evenface.cues._landmarks import LandmarkCue, read_where_found
from evenface.faces.landmarks import Landmarks

_Points = tuple[int, ...]
_X, _Y, _Z = range(3)
SIDES = ("right", "left")
"""The person's own; in this order wherever points are given for both."""
# Of the 478 points: on the right, and the same on the left.
_EYE_OUTER, _EYE_INNER = (33, 263), (133, 362)
_LIDS_UPPER, _LIDS_LOWER = ((160, 159, 158), (387, 386, 385)), ((144, 145, 153), (373, 374, 380))
_BROW_INNER, _BROW_MIDDLE, _BROW_OUTER = ((55, 107), (285, 336)), ((52, 105), (282, 334)), ((46, 70), (276, 300))
_WING, _CHEEK = ((129,), (358,)), ((117, 118, 119), (346, 347, 348))
_LIP_SIDE, _CORNER = ((39, 40), (269, 270)), ((61,), (291,))
# In the middle.
_NOSE_MIDDLE, _NOSE_BASE, _LIP_TOP, _LIP_BOTTOM = (168, 6, 2), (2,), (0,), (17,)
_INNER_LIPS, _CHIN_FRONT, _CHIN = ((13,), (14,)), (199,), (152,)


def _gaps() -> dict[str, tuple[_Points, _Points]]:
    """Name -> two sets of points between whose means the distance is taken, seen from the front."""
    out: dict[str, tuple[_Points, _Points]] = {}
    for i, side in enumerate(SIDES):
        out[f"eye_width_{side}"] = (_EYE_OUTER[i],), (_EYE_INNER[i],)
        out[f"eye_open_{side}"] = _LIDS_UPPER[i], _LIDS_LOWER[i]
    return out | {
        "brows_apart": ((55,), (285,)),
        "nose_width": (_WING[0], _WING[1]),
        "mouth_width": (_CORNER[0], _CORNER[1]),
        "mouth_open": _INNER_LIPS,
        "lip_upper": (_LIP_TOP, _INNER_LIPS[0]),
        "lip_lower": (_INNER_LIPS[1], _LIP_BOTTOM),
        "nose_to_lip": (_NOSE_BASE, _LIP_TOP),
        "lip_to_chin": (_LIP_BOTTOM, _CHIN_FRONT),
        "nose_to_chin": (_NOSE_BASE, _CHIN),
    }


def _offsets() -> dict[str, tuple[int, int, _Points, _Points]]:
    """Name -> axis, its sign, and two sets of points: how far the mean of the first lies beyond that of the second."""
    out: dict[str, tuple[int, int, _Points, _Points]] = {}
    for i, side in enumerate(SIDES):
        eye = _EYE_OUTER[i], _EYE_INNER[i]
        out |= {
            f"brow_inner_{side}": (_Y, 1, _BROW_INNER[i], eye),
            f"brow_middle_{side}": (_Y, 1, _BROW_MIDDLE[i], eye),
            f"brow_outer_{side}": (_Y, 1, _BROW_OUTER[i], eye),
            f"wing_up_{side}": (_Y, 1, _WING[i], eye),
            f"cheek_up_{side}": (_Y, 1, _CHEEK[i], eye),
            f"lip_up_{side}": (_Y, 1, _LIP_SIDE[i], _NOSE_BASE),
            f"corner_up_{side}": (_Y, 1, _CORNER[i], _NOSE_BASE),
            f"corner_out_{side}": (_X, 2 * i - 1, _CORNER[i], _NOSE_MIDDLE),
        }
    return out | {"lips_forward": (_Z, 1, _LIP_TOP + _LIP_BOTTOM, _CORNER[0] + _CORNER[1])}


def _angles() -> dict[str, tuple[_Points, _Points]]:
    """Name -> two sets of points: how steeply the line from the second to the first rises, in degrees."""
    out: dict[str, tuple[_Points, _Points]] = {}
    for i, side in enumerate(SIDES):
        out[f"brow_angle_{side}"] = _BROW_INNER[i], _BROW_OUTER[i]
        out[f"corner_angle_{side}"] = _CORNER[i], _INNER_LIPS[0] + _INNER_LIPS[1]
    return out


_GAPS, _OFFSETS, _ANGLES = _gaps(), _offsets(), _angles()
_SIDED = ("eye_open", *(name.removesuffix("_left") for name in _OFFSETS if name.endswith("_left")))


class Geometry(LandmarkCue):
    """43 distances and angles between landmarks, with the head's turn and size taken out; our own choice.

    Lengths are in distances between the outer corners of the eyes. `brow_inner_left` is how high the inner end of the
    left brow is above the corners of its eye, and so are the wing of the nose and the cheek (below 0); lips and corners
    of the mouth are held against the base of the nose. `corner_out` is how far a corner is from the nose's middle line,
    `lips_forward` how far the lips are before the corners. Angles are in degrees: of a brow from its outer end to the
    inner one, of a corner from the middle of the lips. `uneven_…` is left less right. Sides are the person's own.
    """

    name = "geometry"
    channels = (*_GAPS, *_OFFSETS, *_ANGLES, *(f"uneven_{name}" for name in _SIDED))
    version = "1"

    def of(self, landmarks: Landmarks) -> CueReading:
        """Give each distance and angle."""
        return read_where_found(landmarks, measures(upright(landmarks)))


def measures(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the channels of `Geometry` (face, channel).

    Args:
        points: (face, landmark, 3) as `upright` gives them.
    """

    def apart(a: _Points, b: _Points) -> NDArray[np.float32]:
        return np.asarray(points[:, list(a)].mean(1) - points[:, list(b)].mean(1))

    out = {name: np.hypot(*apart(a, b)[:, :2].T) for name, (a, b) in _GAPS.items()}
    out |= {name: sign * apart(a, b)[:, axis] for name, (axis, sign, a, b) in _OFFSETS.items()}
    rises = {name: apart(a, b) for name, (a, b) in _ANGLES.items()}
    out |= {name: np.degrees(np.arctan2(rise[:, 1], np.abs(rise[:, 0]))) for name, rise in rises.items()}
    out |= {f"uneven_{name}": out[f"{name}_left"] - out[f"{name}_right"] for name in _SIDED}
    return np.stack(list(out.values()), 1).astype(np.float32)
