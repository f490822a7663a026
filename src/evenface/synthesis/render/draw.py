"""Draw: the whole route from a table of faces to pixels, a fixed number of faces at a time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evenface.core.errors import SettingsError, needs
from evenface.synthesis.mesh import Columns, Heads, make_heads
from evenface.synthesis.parameters import HAIR_STYLES, columns
from evenface.synthesis.render.camera import look_at
from evenface.synthesis.render.folds import face_relief
from evenface.synthesis.render.hair import reach_of
from evenface.synthesis.render.looks import exposure_gain, make_looks
from evenface.synthesis.render.photo import develop
from evenface.synthesis.render.scene import SCENE_PARTS, scene, scene_points

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_BATCH = 16
_SHADOW_SIDE = 176  # of the largest map of shadows
_NOTHING = 2**64 - 1  # the key of a sample that sees nothing
_TAPS, _TURNS = 8, 32  # as many taps as in shade.py
_SHADOW_SPAN = 3.4  # width of the map of shadows, in units of the head


def render(faces: pl.DataFrame, size: int = 224, *, device: str = "cpu") -> NDArray[np.uint8]:
    """Draw faces.

    Args:
        faces: One row per face, a column per parameter of `parameters.PARAMETERS`; a parameter that has no column is at
            its default, other columns are ignored.
        size: Pixels across and down, 16 to 1024.
        device: Where to draw: `"cpu"`, or a CUDA device such as `"cuda:0"`; pictures agree to within rounding.

    Returns:
        (face, row, column, 3) sRGB; a row's picture does not depend on the other rows.

    Raises:
        InputError: A parameter is out of range.
        SettingsError: Warp is not installed.
        UnknownNameError: A column names an action that there is not.
        SettingsError: `size` is out of range.
    """
    if not 16 <= size <= 1024:
        raise SettingsError(f"size is {size}, but a picture has 16 to 1024 pixels across.")
    values = columns(faces)
    out = np.empty((faces.height, size, size, 3), np.uint8)
    # The matrices are small: more threads would wait for each other, and take the processors of other workers.
    with threadpool_limits(1, user_api="blas"):
        for start in range(0, faces.height, _BATCH):
            batch = {name: column[start : start + _BATCH] for name, column in values.items()}
            out[start : start + _BATCH] = _render_batch(batch, size, device)
    return out


def samples_of(size: int) -> int:
    """Samples across a picture: three for two pixels, and five for four in larger pictures."""
    return (size * 3 + 1) // 2 if size <= 128 else (size * 5 + 3) // 4


@cache
def _warp() -> Any:
    """Warp, told to keep what it does to itself.

    Raises:
        SettingsError: Warp is not installed.
    """
    with needs("Drawing faces", "evenface[synthesis]"):
        import warp as wp
    wp.config.log_level = max(wp.config.log_level, wp.LOG_WARNING)
    return wp


@cache
def _fixed(device: str) -> dict[str, Any]:
    """Arrays that are the same for every face, on the device."""
    wp = _warp()
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
        "still": wp.array(fixed.still.astype(np.float32), dtype=wp.float32, device=device),
        "taps": wp.array(_taps(), dtype=wp.vec2, device=device),
    }


def _render_batch(values: Columns, size: int, device: str) -> NDArray[np.uint8]:
    heads = make_heads(values)
    return develop(_light(values, heads, scene_points(values, heads), size, device), values)


def _light(values: Columns, heads: Heads, points: Floats, size: int, device: str) -> NDArray[np.float32]:
    """Light (face, row, column, 3) of each pixel, of the exposure that is set."""
    wp = _warp()
    from evenface.synthesis.render.look import Look, View
    from evenface.synthesis.render.raster import normals, project, visible
    from evenface.synthesis.render.shade import resolve, shade

    fixed, count, side = _fixed(device), len(points), samples_of(size)
    shadow_side = min(max(side * 3 // 4, 64), _SHADOW_SIDE)

    def put(array: NDArray[Any], dtype: Any) -> Any:
        return wp.array(np.ascontiguousarray(array), dtype=dtype, device=device)

    def run(kernel: Any, dim: tuple[int, ...], *inputs: Any) -> None:
        wp.launch(kernel, dim, list(inputs), device=device)

    def empty(*shape: int, dtype: Any = wp.vec3) -> Any:
        return wp.empty(shape, dtype=dtype, device=device)

    def keys(side: int) -> Any:
        return wp.full((count, side, side), wp.uint64(_NOTHING), dtype=wp.uint64, device=device)

    structs: Any = (Look, View)  # Warp's decorator adds to these what their annotations do not say
    look_type, view_type = (struct.numpy_dtype() for struct in structs)
    looks = make_looks(values, heads, look_type)
    looks["texel"] = _SHADOW_SPAN / shadow_side
    look, view = put(looks, Look), put(look_at(values, heads, view_type), View)
    corners, (vertices, triangles) = put(points.astype(np.float32), wp.vec3), (points.shape[1], len(scene().triangles))
    camera, screen, from_light, bent = (empty(count, vertices) for _ in range(4))
    run(
        project,
        (count, vertices),
        corners,
        fixed["still"],
        view,
        look,
        float(side),
        float(shadow_side),
        camera,
        screen,
        from_light,
    )
    run(normals, (count, vertices), camera, fixed["triangles"], fixed["first"], fixed["around"], bent)
    falls, grows = (put(reach_of(values, falling=falling).astype(np.float32), wp.float32) for falling in (True, False))
    seen, shadows = keys(side), keys(shadow_side)
    for places, casting, out in ((screen, False, seen), (from_light, True, shadows)):
        worn = put(_worn(values, casting=casting), wp.int32)
        mesh = fixed["triangles"], fixed["parts"], worn, fixed["where"]
        run(visible, (count, triangles), places, *mesh, look, falls, out.shape[1], int(casting), out)
    samples, light = empty(count, side, side), empty(count, size, size)
    mesh = tuple(fixed[name] for name in ("triangles", "parts", "where", "scalp", "masks", "open_air"))
    folds, lids = put(face_relief(values), wp.vec3), put(_lids(heads), wp.vec4)
    run(
        shade,
        (count, side, side),
        seen,
        shadows,
        screen,
        camera,
        bent,
        *mesh,
        folds,
        fixed["taps"],
        view,
        lids,
        grows,
        look,
        samples,
    )
    run(resolve, (count, size, size), samples, put(exposure_gain(values).astype(np.float32), wp.float32), size, light)
    return np.asarray(light.numpy())


def _worn(values: Columns, *, casting: bool) -> NDArray[np.int32]:
    """Which parts each face has, (face, part); with `casting`, which of them throw a shadow."""
    out = np.ones((len(values["glasses"]), len(SCENE_PARTS)), np.int32)
    there: Any
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


def _lids(heads: Heads) -> NDArray[np.float32]:
    """Heights (face, eye) of the upper and lower lid over the eye's centre, in radii of the eye."""
    margins = scene().margins
    heights = heads.posed[:, margins, 1] - heads.eye_centres[:, :, None, 1]
    heights = heights / heads.eye_radii[:, :, None]
    return np.concatenate([heights, np.zeros_like(heights)], -1).astype(np.float32)
