"""Skin, lips, brows, beard and the inside of the mouth: their colour and their relief."""

from __future__ import annotations

import warp as wp

from evenface.synthesis.render.look import (
    BUZZ,
    RECEDING,
    Look,
    bearing,
    hair_reach,
    hashed,
    noise2,
    noise3,
    smooth,
)

FOLD_BOTTOM = wp.constant(-1.25)  # as in folds.py
FOLD_SCALE = wp.constant(102.4)


@wp.func
def fold_relief(where: wp.vec3, folds: wp.array4d(dtype=wp.vec3), n: int) -> wp.vec3:
    """Slope to the face's left, slope upwards, and depth of the folds that this expression and age make here."""
    if where[2] < -0.6:
        return wp.vec3(0.0, 0.0, 0.0)
    side = int(0)
    if where[0] < 0.0:
        side = 1
    x = wp.abs(where[0]) * FOLD_SCALE - 0.5
    y = (where[1] - FOLD_BOTTOM) * FOLD_SCALE - 0.5
    i = int(wp.floor(x))
    j = int(wp.floor(y))
    if i < -1 or j < 0 or i >= folds.shape[3] - 1 or j >= folds.shape[2] - 1:
        return wp.vec3(0.0, 0.0, 0.0)
    k = wp.max(i, 0)
    u = x - float(i)
    v = y - float(j)
    low = wp.lerp(folds[n, side, j, k], folds[n, side, j, i + 1], u)
    high = wp.lerp(folds[n, side, j + 1, k], folds[n, side, j + 1, i + 1], u)
    out = wp.lerp(low, high, v)
    if side == 1:
        out[0] = -out[0]
    return out


@wp.func
def brow_cover(where: wp.vec3, look: Look) -> float:
    """How much of the skin is hidden by the hairs of the brows, 0 to 1."""
    x = wp.abs(where[0])
    if x < 0.06 or x > 0.62 or where[1] < 0.0 or where[1] > 0.42:
        return 0.0
    t = (x - 0.105) / 0.44  # 0 at the inner, 1 at the outer end
    along = wp.clamp(t, 0.0, 1.0)
    rise = (0.032 + 0.042 * look.brow_arch) * wp.sin(along * 2.3)
    middle = 0.155 + look.brow_height + rise - 0.075 * smooth(0.50, 1.05, t)
    half = (0.029 + 0.030 * look.brows) * (1.0 - 0.70 * smooth(0.40, 1.05, t)) * (0.72 + 0.28 * smooth(0.0, 0.25, t))
    from_middle = (where[1] - middle) / half
    if wp.abs(from_middle) > 2.2:
        return 0.0
    side = int(where[0] > 0.0)
    # Hairs stand up at the inner end, lean outwards along the brow, and from above bend down towards its tail.
    lean = x - (where[1] - middle) * (0.15 + 1.5 * along) - 0.018 * along * from_middle * from_middle
    hairs = (
        noise2(lean * 150.0, where[1] * 22.0, look.seed + 40 + side) * 0.65
        + noise2(lean * 62.0, where[1] * 15.0, look.seed + 42 + side) * 0.5
    )
    edge = wp.abs(from_middle) + (hairs - 0.58) * 0.85
    body = 1.0 - smooth(0.25, 1.30, edge)
    ends = smooth(-0.13, 0.16, t + 0.10 * (hairs - 0.5)) * (1.0 - smooth(0.88, 1.08, t))
    return wp.clamp(body * ends * (0.68 + 0.52 * look.brows) * (0.66 + 0.55 * hairs), 0.0, 0.97)


@wp.func
def beard_cover(where: wp.vec3, lips: float, look: Look) -> float:
    """How much of the skin is darkened by a beard, 0 to 1."""
    if look.beard < 0.005 or where[1] > 0.0 or where[1] < -1.5 or where[2] < -0.78:
        return 0.0
    x = wp.abs(where[0])
    y = where[1]
    ragged = noise2(where[0] * 26.0, y * 20.0 + where[2] * 20.0, look.seed + 62)
    # Upper edge: under the nose, round the corner of the mouth, over the cheek, up to the side-burns.
    over_lip = -0.455 - 0.55 * x * x - 0.012 * wp.exp(-x * x * 900.0)
    cheek = -0.60 + 0.16 * smooth(0.30, 0.62, x) + 0.36 * smooth(0.56, 0.80, x)
    out = smooth(0.24, 0.36, x)
    soft = wp.lerp(0.028, 0.075, out)
    under = wp.lerp(over_lip, cheek, out) - y + (ragged - 0.5) * soft
    area = smooth(-soft * 0.5, soft, under)
    # Bare: the lips, the hollows on both sides under the lower one, and the neck.
    area *= 1.0 - smooth(0.02, 0.35, lips)
    hollow = wp.exp(-((x - 0.15) * (x - 0.15) * 160.0 + (y + 0.815) * (y + 0.815) * 900.0))
    area *= 1.0 - 0.55 * hollow
    area *= smooth(-1.38, -1.04, y + 0.10 * (ragged - 0.5)) * (1.0 - smooth(-0.56, -0.74, where[2]))
    grain = (
        noise3(where * 80.0, look.seed + 60) * 0.5
        + noise2(where[0] * 130.0 + where[2] * 90.0, y * 40.0, look.seed + 61) * 0.5
    )
    amount = smooth(0.0, 0.9, look.beard)
    stubble = 0.50 * amount * (0.75 + 0.5 * grain)
    full = amount * amount * (0.44 + 0.12 * smooth(0.2, 0.7, grain))
    return wp.clamp(area * (stubble + full), 0.0, 0.97)


@wp.func
def worn_by_age(where: wp.vec3, front: float, look: Look) -> float:
    """How far age spots darken the skin here, 0 to 1."""
    if look.old < 0.25 or where[1] < -0.2:
        return 0.0
    spots = noise3(where * 9.0, look.seed + 17) + 0.25 * noise3(where * 31.0, look.seed + 18)
    return smooth(0.86, 1.0, spots) * smooth(0.25, 1.0, look.old) * (0.3 + 0.7 * (1.0 - front * 0.5))


@wp.func
def mole(where: wp.vec3, look: Look) -> float:
    """How much of a mole lies here, 0 to 1: in a few cells of a lattice."""
    cell = where * 3.2
    i = int(wp.floor(cell[0]))
    j = int(wp.floor(cell[1]))
    k = int(wp.floor(cell[2]))
    seed = look.seed + 13 + k * 7919
    wanted = smooth(0.02, 0.9, look.blemishes) * 0.16 - hashed(i, j, seed)
    if wanted < 0.0:
        return 0.0
    middle = wp.vec3(
        float(i) + 0.3 + 0.4 * hashed(i, j, seed + 1), float(j) + 0.3 + 0.4 * hashed(i, j, seed + 2), cell[2]
    )
    size = 0.016 + 0.024 * hashed(i, j, seed + 3)
    return (1.0 - smooth(size, size + 0.035, wp.length(cell - middle))) * smooth(0.0, 0.02, wanted) * 0.8


@wp.func
def skin_colour(where: wp.vec3, masks: wp.vec4, fold: float, pores: float, look: Look) -> wp.vec3:
    """Albedo of skin and lips, linear RGB. `masks` holds lips, inside of the mouth, lids and ears; `pores` is noise."""
    x = wp.abs(where[0])
    y = where[1]
    front = smooth(-0.75, -0.2, where[2])
    blotch = noise3(where * 5.0, look.seed + 10)
    uneven = 0.09 + 0.16 * look.blemishes + 0.10 * look.old
    albedo = look.skin * (
        1.0 + (blotch - 0.5) * uneven + (pores - 0.5) * (0.07 + 0.06 * look.blemishes + 0.05 * look.old)
    )
    # Blood shows in cheeks, nose tip, ears and chin; under the eyes skin is thin and dark.
    cheek = wp.exp(-((x - 0.46) * (x - 0.46) * 14.0 + (y + 0.36) * (y + 0.36) * 12.0))
    nose = wp.exp(-(x * x * 40.0 + (y + 0.36) * (y + 0.36) * 22.0))
    chin = wp.exp(-(x * x * 20.0 + (y + 0.92) * (y + 0.92) * 30.0))
    blood = (cheek * 0.95 + nose * 0.8 + 0.4 * chin) * front + masks[3] * 0.8 + 0.35 * masks[2] + 0.5 * (blotch - 0.5)
    blood = wp.clamp(blood, 0.0, 1.0) * (0.25 + 0.75 * look.redness)
    albedo = wp.cw_mul(albedo, wp.vec3(1.0 + 0.05 * blood, 1.0 - 0.27 * blood, 1.0 - 0.25 * blood))
    under = wp.exp(-((x - 0.27) * (x - 0.27) * 26.0 + (y + 0.15) * (y + 0.15) * 90.0)) * front
    under *= 0.08 + 0.10 * look.blemishes + 0.14 * look.old
    albedo = wp.cw_mul(albedo, wp.vec3(1.0 - 0.9 * under, 1.0 - under, 1.0 - 0.8 * under))
    if look.freckles > 0.005:
        spots = smooth(0.80 - 0.20 * look.freckles, 0.92, noise3(where * 26.0, look.seed + 12))
        area = wp.exp(-((y + 0.22) * (y + 0.22) * 5.0)) * front
        albedo = wp.cw_mul(
            albedo,
            wp.vec3(1.0, 1.0, 1.0) - wp.vec3(0.30, 0.46, 0.54) * (spots * area * wp.min(1.0, 1.6 * look.freckles)),
        )
    dark = mole(where, look)
    dark = wp.max(dark, 0.55 * worn_by_age(where, front, look))
    albedo = wp.cw_mul(albedo, wp.vec3(1.0, 1.0, 1.0) - wp.vec3(0.45, 0.60, 0.66) * dark)
    # Lips, with fine upright lines.
    if masks[0] > 0.01:
        lines = noise2(where[0] * 80.0, where[1] * 10.0, look.seed + 16)
        lips = look.lips * (0.86 + 0.26 * lines)
        albedo = wp.lerp(albedo, lips, smooth(0.15, 0.75, masks[0]))
    # Folds are darker than the skin around: less light gets in, and what comes out is redder.
    shade = wp.clamp(fold, 0.0, 1.2)
    return wp.cw_mul(albedo, wp.vec3(1.0 - 0.36 * shade, 1.0 - 0.46 * shade, 1.0 - 0.48 * shade))


@wp.func
def cloth_height(where: wp.vec3, look: Look) -> float:
    """How far above the edge of the cloth a place lies; below 0 it is covered."""
    x = wp.min(wp.abs(where[0]), 0.8)
    dip = look.neckline * wp.max(0.0, 1.0 - 1.6 * x) * smooth(-0.5, 0.0, where[2])
    return where[1] + 1.56 + dip - 0.24 * x * x + 0.16 * where[2]


@wp.func
def scalp_cover(
    where: wp.vec3, place: wp.vec3, ears: float, look: Look, grows: wp.array2d(dtype=wp.float32), n: int
) -> float:
    """How much of the scalp is hidden by the roots of hair, 0 to 1: all of the hair where it is cut to the skin."""
    if look.hair_style < BUZZ or (where[2] > 0.0 and where[1] < 0.35) or place[1] > 1.4:
        return 0.0
    grain = noise3(where * 70.0, look.seed + 20)
    under = smooth(-0.035, 0.04, hair_reach(bearing(place), grows, n) - place[1] + (grain - 0.5) * 0.045)
    amount = 0.90
    if look.hair_style == RECEDING:
        amount = 0.50
    return under * wp.min(0.96, amount * (0.85 + 0.3 * grain)) * (1.0 - smooth(0.1, 0.4, ears))
