"""Draw: the whole route from a table of faces to pixels, a fixed number of faces at a time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.mesh import Columns, Heads, make_heads
from evenface.synthesis.parameters import HAIR_STYLES, columns
from evenface.synthesis.render.camera import View, look_at, to_camera, to_picture
from evenface.synthesis.render.folds import face_relief
from evenface.synthesis.render.hair import reach_of
from evenface.synthesis.render.looks import exposure_gain, make_looks
from evenface.synthesis.render.photo import develop
from evenface.synthesis.render.scene import SCENE_PARTS, scene, scene_points

if TYPE_CHECKING:
    import polars as pl

_BATCH = 16
_SHADOW_SIDE = 160
_TAPS, _TURNS = 8, 32  # as many taps as in shade.py
_SHADOW_SPAN = 3.4  # width of the map of shadows, in units of the head


def render(faces: pl.DataFrame, size: int = 224, *, device: str = "cpu") -> NDArray[np.uint8]:
    """Draw faces.

    Args:
        faces: One row per face, a column per parameter of `parameters.PARAMETERS`; a parameter that has no column is at
            its default, other columns are ignored.
        size: Pixels across and down, 16 to 1024.
        device: Where to draw: `"cpu"`, or a CUDA device such as `"cuda:0"`; the pictures are the same to within rounding.

    Returns:
        (face, row, column, 3) sRGB; a row's picture does not depend on the other rows.
    """
    values = columns(faces)
    out = np.empty((faces.height, size, size, 3), np.uint8)
    for start in range(0, faces.height, _BATCH):
        batch = {name: column[start : start + _BATCH] for name, column in values.items()}
        out[start : start + _BATCH] = _render_batch(batch, size, device)
    return out


def samples_of(size: int) -> int:
    """Samples across a picture: two a pixel in small pictures, three for two pixels in larger ones."""
    return size * 2 if size <= 128 else (size * 3 + 1) // 2


@cache
def _fixed(device: str) -> dict[str, Any]:
    """Arrays that are the same for every face, on the device."""
    import warp as wp

    fixed = scene()
    return {
        "triangles": wp.array(fixed.triangles, dtype=wp.vec3i, device=device),
        "parts": wp.array(fixed.parts, dtype=wp.int32, device=device),
        "where": wp.array(fixed.where, dtype=wp.vec3, device=device),
        "scalp": wp.array(fixed.scalp, dtype=wp.vec3, device=device),
        "masks": wp.array(fixed.masks, dtype=wp.vec4, device=device),
        "first": wp.array(fixed.first, dtype=wp.int32, device=device),
        "around": wp.array(fixed.around, dtype=wp.int32, device=device),
        "open_air": wp.array(fixed.open_air, dtype=wp.float32, device=device),
        "taps": wp.array(_taps(), dtype=wp.vec2, device=device),
    }


def _render_batch(values: Columns, size: int, device: str) -> NDArray[np.uint8]:
    heads = make_heads(values)
    view = look_at(values, heads)
    camera = to_camera(scene_points(values, heads), scene().still[None], view)
    light = _lit_and_shaded(values, heads, view, camera, size, device)
    return develop(light, values)


def _lit_and_shaded(values: Columns, heads: Heads, view: View, camera: NDArray[np.float64], size: int, device: str) -> NDArray[np.float32]:
    import warp as wp

    from evenface.synthesis.render.look import Look
    from evenface.synthesis.render.raster import normals, visible
    from evenface.synthesis.render.shade import resolve, shade

    fixed, count, side = _fixed(device), len(camera), samples_of(size)
    looks = make_looks(values, heads, Look.numpy_dtype())
    looks["texel"] = _SHADOW_SPAN / _SHADOW_SIDE
    centres = np.zeros((count, 3))
    centres[:, 2] = -view.distance

    def put(array: NDArray[Any], dtype: Any) -> Any:
        return wp.array(np.ascontiguousarray(array), dtype=dtype, device=device)

    points = put(camera.astype(np.float32), wp.vec3)
    screen = put(to_picture(camera, view, side).astype(np.float32), wp.vec3)
    from_light = put(_seen_by_light(camera, centres, looks).astype(np.float32), wp.vec3)
    looks_there = put(looks, Look)
    bent = wp.empty(points.shape, dtype=wp.vec3, device=device)
    wp.launch(normals, points.shape, [points, fixed["triangles"], fixed["first"], fixed["around"], bent], device=device)
    all_triangles = (count, len(scene().triangles))
    falls, grows = (put(reach_of(values, falling=falling).astype(np.float32), wp.float32) for falling in (True, False))
    shared = [fixed["triangles"], fixed["parts"]]
    details = [fixed["where"], looks_there, falls]
    worn, casting = (put(_worn(values, casting=casting), wp.int32) for casting in (False, True))
    seen = wp.full((count, side, side), wp.uint64(0xFFFFFFFFFFFFFFFF), dtype=wp.uint64, device=device)
    wp.launch(visible, all_triangles, [screen, *shared, worn, *details, side, 0, seen], device=device)
    shadows = wp.full((count, _SHADOW_SIDE, _SHADOW_SIDE), wp.uint64(0xFFFFFFFFFFFFFFFF), dtype=wp.uint64, device=device)
    wp.launch(visible, all_triangles, [from_light, *shared, casting, *details, _SHADOW_SIDE, 1, shadows], device=device)
    samples = wp.empty((count, side, side), dtype=wp.vec3, device=device)
    wp.launch(
        shade,
        (count, side, side),
        [seen, shadows, screen, points, bent, *(fixed[k] for k in ("triangles", "parts", "where", "scalp", "masks", "open_air")),
         put(face_relief(values), wp.vec3), fixed["taps"], put(view.turn.astype(np.float32), wp.mat33), put(centres.astype(np.float32), wp.vec3),
         put(_lids(heads), wp.vec4), grows, looks_there, samples],
        device=device,
    )  # fmt: skip
    out = wp.empty((count, size, size), dtype=wp.vec3, device=device)
    gains = put(exposure_gain(values).astype(np.float32), wp.float32)
    wp.launch(resolve, (count, size, size), [samples, gains, size, out], device=device)
    return np.asarray(out.numpy())


def _worn(values: Columns, *, casting: bool) -> NDArray[np.int32]:
    """Which parts each face has, (face, part); with `casting`, which of them throw a shadow."""
    out = np.ones((len(values["glasses"]), len(SCENE_PARTS)), np.int32)
    for part, there in {
        "hair": values["hair_style"] > HAIR_STYLES.index("buzz"),
        "glasses": values["glasses"] > 0,
        "lens": (values["glasses"] > 1) & (not casting),
        "mask": values["mask"] > 0,
        "lashes": not casting,
    }.items():
        out[:, SCENE_PARTS.index(part)] = there
    return out


def _taps() -> NDArray[np.float32]:
    """Where a shadow is looked up around a point: (turn, tap, 2) in a disc of radius 1, turned by steps."""
    k = np.arange(_TAPS)
    turns = np.arange(_TURNS)[:, None] * 2 * np.pi / _TURNS
    angle, radius = turns + 2.3999632 * k, np.sqrt((k + 0.5) / _TAPS)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).astype(np.float32)


def _seen_by_light(camera: NDArray[np.float64], centres: NDArray[np.float64], looks: NDArray[Any]) -> NDArray[np.float64]:
    """Column, row and nearness of every vertex in the map of shadows, seen from far away along the light."""
    light = looks["light"].astype(np.float64)
    right = np.cross([0.0, 1.0, 0.0], light + [0.0, 0.0, 1e-3])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    above = np.cross(light, right)
    p = camera - centres[:, None]
    texel = _SHADOW_SPAN / _SHADOW_SIDE
    x = np.einsum("nvi,ni->nv", p, right) / texel + _SHADOW_SIDE / 2
    y = _SHADOW_SIDE / 2 - np.einsum("nvi,ni->nv", p, above) / texel
    return np.stack([x, y, 4.0 + np.einsum("nvi,ni->nv", p, light)], -1)


def _lids(heads: Heads) -> NDArray[np.float32]:
    """Heights (face, eye) of the upper and lower lid over the eye's centre, in radii of the eye."""
    margins = scene().margins
    heights = heads.posed[:, margins, 1] - heads.eye_centres[:, :, None, 1]
    heights = heights / heads.eye_radii[:, :, None]
    return np.concatenate([heights, np.zeros_like(heights)], -1).astype(np.float32)
