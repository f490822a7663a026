"""Light: how much of the main light reaches a place, and what matt and mirroring surfaces send back."""

from __future__ import annotations

import warp as wp

from evenface.synthesis.render.look import Look, across_light, hashed
from evenface.synthesis.render.raster import EMPTY, nearness_of

TAPS = wp.constant(8)
UNLIT = wp.constant(-0.5)  # a surface turned this far away gets no light through skin either


@wp.func
def lit(
    point: wp.vec3,
    normal: wp.vec3,
    distance: float,
    look: Look,
    n: int,
    row: int,
    column: int,
    shadows: wp.array3d(dtype=wp.uint64),
    taps: wp.array2d(dtype=wp.vec2),
) -> float:
    """Share of the main light that reaches a point, by the map of shadows; its edge is as soft as the light is wide."""
    if wp.dot(normal, look.light) < UNLIT:
        return 0.0
    side = shadows.shape[1]
    right, above = across_light(look.light)
    p = point + normal * (look.texel * 1.6) + wp.vec3(0.0, 0.0, distance)
    x = wp.dot(p, right) / look.texel + 0.5 * float(side)
    y = 0.5 * float(side) - wp.dot(p, above) / look.texel
    near = 4.0 + wp.dot(p, look.light) + look.texel * 2.2
    spread = (0.017 + 0.090 * look.softness) / look.texel
    turn = int(hashed(row, column, 77) * float(taps.shape[0]))
    free = float(0.0)
    for k in range(TAPS):
        tap = taps[turn, k] * spread
        i = wp.clamp(int(x + tap[0]), 0, side - 1)
        j = wp.clamp(int(y + tap[1]), 0, side - 1)
        key = shadows[n, j, i]
        if key == EMPTY or nearness_of(key) < near + look.texel * look.softness * wp.length(tap):
            free += 1.0
    return free / float(TAPS)


@wp.func
def matt(albedo: wp.vec3, facing: float, up: float, open: float, soft: wp.vec3, look: Look) -> wp.vec3:
    """Light sent back by a surface without shine: `facing` is the cosine to the light, `open` what reaches it."""
    key = wp.vec3(0.0, 0.0, 0.0)
    for c in range(3):
        w = soft[c]
        t = wp.max(0.0, (facing + w) / (1.0 + w))
        key[c] = wp.lerp(t, t * t, w) * look.light_colour[c] * open
    sky = look.ambient * (0.80 + 0.35 * up)
    return wp.cw_mul(albedo, key + sky)


@wp.func
def mirrored(normal: wp.vec3, view: wp.vec3, light: wp.vec3, power: float) -> float:
    """Blinn's lobe of a perfect mirror, as a multiple of what a white matt surface sends back."""
    half = wp.normalize(view + light)
    return wp.pow(wp.max(0.0, wp.dot(normal, half)), power) * (power + 8.0) * 0.125
