"""Look: what shading needs to know of one face, as numbers; and what hair and lashes cover.

Colours are linear RGB; directions and positions are as in `head.py` unless a camera is named.
"""

from __future__ import annotations

import warp as wp

# Parts of the whole mesh: those of `head.PARTS` first, then what is built around a head.
PART_SKIN = wp.constant(0)
PART_TONGUE = wp.constant(1)
PART_EYE_LEFT = wp.constant(2)
PART_EYE_RIGHT = wp.constant(3)
PART_TEETH_LOWER = wp.constant(5)
PART_TEETH_UPPER = wp.constant(6)
CUT_OUT = wp.constant(7)  # parts from here on are seen from both sides
PART_LASHES = wp.constant(7)
PART_HAIR = wp.constant(8)
PART_GLASSES = wp.constant(9)
PART_LENS = wp.constant(10)
PART_MASK = wp.constant(11)

BUZZ = wp.constant(1)
CURLY = wp.constant(4)
AFRO = wp.constant(5)
RECEDING = wp.constant(9)

PI = wp.constant(3.14159265)


@wp.struct
class Look:
    """One face for the shader; see `looks.py` for where each number comes from."""

    seed: wp.int32
    old: wp.float32  # how far age shows in the skin, 0 to 1
    skin: wp.vec3
    lips: wp.vec3
    redness: wp.float32
    freckles: wp.float32
    blemishes: wp.float32
    shine: wp.float32
    beard: wp.float32
    brows: wp.float32
    brow: wp.vec3
    brow_arch: wp.float32
    brow_height: wp.float32
    stubble: wp.vec3
    hair: wp.vec3
    hair_style: wp.int32
    iris: wp.vec3
    gaze_left: wp.vec3
    gaze_right: wp.vec3
    pupil: wp.float32
    glasses: wp.int32
    mask: wp.int32
    cloth: wp.vec3
    neckline: wp.float32
    light: wp.vec3  # towards the light, in camera coordinates
    light_colour: wp.vec3
    ambient: wp.vec3
    softness: wp.float32
    texel: wp.float32  # size of a sample of the map of shadows, in units of the head
    background: wp.int32
    back_near: wp.vec3
    back_far: wp.vec3


@wp.struct
class View:
    """How one face is seen; `camera.py` says what each number is."""

    turn: wp.mat33
    pivot: wp.vec3
    middle: wp.vec3
    distance: wp.float32
    span: wp.float32
    right: wp.float32
    down: wp.float32


@wp.func
def across_light(light: wp.vec3):
    """Directions to the right and upwards in a picture taken along the light."""
    right = wp.normalize(wp.cross(wp.vec3(0.0, 1.0, 0.0), light + wp.vec3(0.0, 0.0, 1e-3)))
    return right, wp.cross(light, right)


@wp.func
def hashed(x: int, y: int, z: int) -> float:
    """A number in [0, 1) for a place on a lattice."""
    h = wp.uint32(x) * wp.uint32(374761393) + wp.uint32(y) * wp.uint32(668265263) + wp.uint32(z) * wp.uint32(224682251)
    h = (h ^ (h >> wp.uint32(13))) * wp.uint32(1274126177)
    h = (h ^ (h >> wp.uint32(16))) * wp.uint32(1654435769)
    return float((h ^ (h >> wp.uint32(15))) >> wp.uint32(8)) * (1.0 / 16777216.0)


@wp.func
def smooth(low: float, high: float, x: float) -> float:
    """0 below `low`, 1 above `high`, and a smooth step between."""
    t = wp.clamp((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@wp.func
def noise2(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0, 1] on a lattice of step 1."""
    i = int(wp.floor(x))
    j = int(wp.floor(y))
    u = x - float(i)
    v = y - float(j)
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    low = wp.lerp(hashed(i, j, seed), hashed(i + 1, j, seed), u)
    high = wp.lerp(hashed(i, j + 1, seed), hashed(i + 1, j + 1, seed), u)
    return wp.lerp(low, high, v)


@wp.func
def noise3(p: wp.vec3, seed: int) -> float:
    """Smooth noise in [0, 1] on a lattice of step 1."""
    k = int(wp.floor(p[2]))
    w = p[2] - float(k)
    w = w * w * (3.0 - 2.0 * w)
    return wp.lerp(noise2(p[0], p[1], seed + k * 7919), noise2(p[0], p[1], seed + (k + 1) * 7919), w)


@wp.func
def bearing(place: wp.vec3) -> float:
    """A stand-in for the azimuth of a place on the scalp, from -pi to pi like it, for the cost of a division."""
    x = place[0] / (wp.abs(place[0]) + wp.abs(place[2]))
    if place[2] < 0.0:
        x = wp.where(x < 0.0, -2.0 - x, 2.0 - x)
    return x * (0.5 * PI)


@wp.func
def hair_reach(turn: float, reach: wp.array2d(dtype=wp.float32), n: int) -> float:
    """How far down hair covers at a bearing, read from the table of `hair.reach_of`."""
    last = reach.shape[1] - 1
    at = wp.clamp((turn / (2.0 * PI) + 0.5) * float(last), 0.0, float(last) - 1e-3)
    i = int(at)
    return wp.lerp(reach[n, i], reach[n, i + 1], at - float(i))


@wp.func
def hair_covers(place: wp.vec3, style: int, seed: int, falls: wp.array2d(dtype=wp.float32), n: int, plain: int) -> bool:
    """Whether hair covers a place of its sheet. Its edge is frayed into strands, unless `plain` is set."""
    turn = bearing(place)
    inside = hair_reach(turn, falls, n) - place[1]
    a = turn * 40.0
    fray = 0.075
    if style == CURLY or style == AFRO:
        a = turn * 18.0
        fray = 0.10
    if plain == 1 or inside > 0.6 * fray or inside < -0.4 * fray:
        return inside > 0.0
    strand = noise2(a, place[1] * 6.0, seed) * 0.6 + noise2(a * 3.1, place[1] * 5.0, seed + 1) * 0.4
    return inside + (strand - 0.6) * fray > 0.0


@wp.func
def lash_cover(place: wp.vec3) -> float:
    """Whether a lash lies here: strands from the lid (0) to the tips (1), few and short on the lower lid."""
    strand = wp.abs(2.0 * (place[0] * 11.0 - wp.floor(place[0] * 11.0)) - 1.0)
    if place[2] < 0.0:
        return 0.5 + (0.45 * strand - 0.08 - place[1] * 1.5)
    return 0.5 + (0.55 + 0.35 * strand * strand - place[1] * 1.5)
