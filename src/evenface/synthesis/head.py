"""Head: the mesh that every generated face is a blend of, as data: vertices, triangles, parts and what changes them.

The data (`data/head.npz`) is made by `tools/bake_head.py` from CC0 sources named there. Units are tenths of a metre;
x points to the face's own left, y up, z out of the face; the middle between the eyes lies at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.parameters import ACTIONS, ETHNICITIES

Floats = NDArray[np.float32]

GENDERS = ("female", "male")
AGES = (1, 11, 25, 90)
"""Years of the corner heads; between them shapes are blended."""
WEIGHTS = ("min", "max")
PARTS = ("skin", "tongue", "eye_left", "eye_right", "lashes", "teeth_lower", "teeth_upper")
"""What a triangle is part of: `Head.parts` indexes these."""


@dataclass(frozen=True, slots=True)
class Head:
    """The mesh and its shapes.

    Attributes:
        triangles: (triangle, 3) vertices, anticlockwise seen from outside.
        parts: (triangle,) index into `PARTS`.
        canon: (vertex, 3) the mean adult head, on which features are laid out.
        masks: `lips`, `inside_mouth`, `eyelids`, `ears` -> (vertex,) in [0, 1].
        corners: (ethnicity, gender, age, vertex, 3) heads.
        weights: (gender, age, lean or heavy, vertex, 3) offsets.
        local: (change, vertex, 3) offsets, named by `local_names`.
        actions: (action, vertex, 3) offsets, in the order of `ACTIONS`.
        open_air: (vertex,) share of the sky that the vertex sees on the mean head.
        eyes: (2, 72) vertices of the left and right eyeball.
    """

    triangles: NDArray[np.int32]
    parts: NDArray[np.int32]
    canon: Floats
    masks: dict[str, Floats]
    corners: Floats
    weights: Floats
    local: Floats
    local_names: tuple[str, ...]
    actions: Floats
    open_air: Floats
    eyes: NDArray[np.int32]


@cache
def load_head() -> Head:
    """Read the head that lies inside this package; about a tenth of a second, once."""
    packed = files("evenface.synthesis").joinpath("data/head.npz").read_bytes()
    with np.load(BytesIO(packed), allow_pickle=False) as data:
        count = len(data["canon"])

        def shapes(name: str, *axes: int) -> Floats:
            scaled = data[name].astype(np.float32) * np.float32(data[f"{name}_step"])
            return np.asarray(scaled.reshape(*axes, count, 3), np.float32)

        return Head(
            triangles=data["triangles"].astype(np.int32),
            parts=data["parts"].astype(np.int32),
            canon=data["canon"],
            masks={name: data[name] / np.float32(255) for name in ("lips", "inside_mouth", "eyelids", "ears")},
            corners=shapes("corners", len(ETHNICITIES), len(GENDERS), len(AGES)),
            weights=shapes("weights", len(GENDERS), len(AGES), len(WEIGHTS)),
            local=shapes("local", -1),
            local_names=tuple(str(name) for name in data["local_names"]),
            actions=shapes("actions", len(ACTIONS)),
            open_air=data["open_air"] / np.float32(255),
            eyes=np.stack([data["eye_left"], data["eye_right"]]).astype(np.int32),
        )
