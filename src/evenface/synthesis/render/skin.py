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
    if x < 0.06 or x > 0.62 or where[1] < 0.0 or where[1] > 0.5:
        return 0.0
    t = (x - 0.10) / 0.44  # 0 at the inner, 1 at the outer end
    middle = 0.150 + look.brow_height + (0.05 + 0.05 * look.brow_arch) * wp.sin(wp.clamp(t, 0.0, 1.0) * 2.2) - 0.075 * smooth(0.55, 1.05, t)
    half = (0.026 + 0.030 * look.brows) * (1.0 - 0.75 * smooth(0.45, 1.05, t)) * smooth(-0.12, 0.12, t)
    side = int(where[0] > 0.0)
    # Hairs lean outwards, more so towards the outer end.
    lean = x - (where[1] - middle) * (0.35 + 0.9 * t)
    hairs = noise2(lean * 190.0, where[1] * 26.0, look.seed + 40 + side) * 0.7 + noise2(lean * 75.0, where[1] * 18.0, look.seed + 42 + side) * 0.5
    across = wp.abs(where[1] - middle) / wp.max(half, 0.004)
    body = 1.0 - smooth(0.35, 1.30, across + (hairs - 0.6) * 0.50)
    ends = smooth(-0.10, 0.05, t) * (1.0 - smooth(0.92, 1.08, t))
    return wp.clamp(body * ends * (0.42 + 0.60 * look.brows) * (0.72 + 0.45 * hairs), 0.0, 1.0)


@wp.func
def beard_cover(where: wp.vec3, lips: float, look: Look) -> float:
    """How much of the skin is darkened by a beard, 0 to 1."""
    if look.beard < 0.01:
        return 0.0
    x = wp.abs(where[0])
    y = where[1]
    # Upper edge: from the side-burns down over the cheek to above the corner of the mouth.
    edge = -0.56 + 0.42 * smooth(0.30, 0.78, x)
    cheek = 1.0 - smooth(edge - 0.10, edge + 0.06, y)
    lip = (1.0 - smooth(0.26, 0.34, x)) * smooth(-0.66, -0.55, y) * (1.0 - smooth(-0.50, -0.43, y))
    area = wp.max(cheek * (1.0 - smooth(-0.62, -0.56, y) * (1.0 - smooth(0.26, 0.34, x))), lip)
    area *= smooth(-1.75, -1.25, y) * (1.0 - smooth(-0.55, -0.75, where[2]))
    area *= 1.0 - smooth(0.05, 0.5, lips)
    grain = noise3(where * 95.0, look.seed + 60) * 0.6 + noise2(where[0] * 160.0, where[1] * 48.0, look.seed + 61) * 0.6
    amount = smooth(0.0, 0.9, look.beard)
    return wp.clamp(area * (0.42 * amount + amount * amount * 0.62 * smooth(0.25, 0.8, grain + 0.35 * amount)), 0.0, 0.96)


@wp.func
def skin_colour(where: wp.vec3, masks: wp.vec4, fold: float, look: Look) -> wp.vec3:
    """Albedo of skin and lips, linear RGB. `masks` holds lips, inside of the mouth, lids and ears."""
    x = wp.abs(where[0])
    y = where[1]
    front = smooth(-0.75, -0.2, where[2])
    blotch = noise3(where * 4.5, look.seed + 10)
    pores = noise3(where * 60.0, look.seed + 11)
    albedo = look.skin * (1.0 + (blotch - 0.5) * (0.10 + 0.16 * look.blemishes) + (pores - 0.5) * 0.07)
    # Blood shows in cheeks, nose tip, ears and chin; under the eyes skin is thin and dark.
    cheek = wp.exp(-((x - 0.48) * (x - 0.48) * 14.0 + (y + 0.36) * (y + 0.36) * 12.0))
    nose = wp.exp(-(x * x * 40.0 + (y + 0.36) * (y + 0.36) * 22.0))
    blood = (cheek * 0.9 + nose * 0.8) * front + masks[3] * 0.8 + 0.35 * masks[2] + 0.25 * (blotch - 0.5)
    blood = wp.clamp(blood, 0.0, 1.0) * (0.25 + 0.75 * look.redness)
    albedo = wp.cw_mul(albedo, wp.vec3(1.0 + 0.06 * blood, 1.0 - 0.24 * blood, 1.0 - 0.22 * blood))
    under = wp.exp(-((x - 0.27) * (x - 0.27) * 26.0 + (y + 0.15) * (y + 0.15) * 90.0)) * front
    albedo *= 1.0 - under * (0.10 + 0.10 * look.blemishes)
    if look.freckles > 0.01:
        spots = smooth(0.78 - 0.16 * look.freckles, 0.90, noise3(where * 30.0, look.seed + 12))
        area = wp.exp(-((y + 0.25) * (y + 0.25) * 5.0)) * front
        albedo = wp.cw_mul(albedo, wp.vec3(1.0, 1.0, 1.0) - wp.vec3(0.28, 0.42, 0.50) * (spots * area * look.freckles))
    if look.blemishes > 0.05:
        cell = where * 3.2
        i = int(wp.floor(cell[0]))
        j = int(wp.floor(cell[1]))
        if hashed(i, j, look.seed + 13) < 0.20 * look.blemishes:
            cx = 0.3 + 0.4 * hashed(i, j, look.seed + 14)
            cy = 0.3 + 0.4 * hashed(i, j, look.seed + 15)
            d = wp.length(wp.vec2(cell[0] - float(i) - cx, cell[1] - float(j) - cy))
            mole = 1.0 - smooth(0.02, 0.07, d)
            albedo = wp.cw_mul(albedo, wp.vec3(1.0, 1.0, 1.0) - wp.vec3(0.55, 0.68, 0.72) * mole)
    # Lips, with a darker line where they meet and fine upright lines.
    if masks[0] > 0.01:
        lines = noise2(where[0] * 90.0, where[1] * 12.0, look.seed + 16)
        lips = look.lips * (0.88 + 0.22 * lines)
        albedo = wp.lerp(albedo, lips, smooth(0.15, 0.75, masks[0]))
    # Folds are darker than the skin around: less light gets in, and what comes out is redder.
    shade = wp.clamp(fold, 0.0, 1.0)
    return wp.cw_mul(albedo, wp.vec3(1.0 - 0.42 * shade, 1.0 - 0.52 * shade, 1.0 - 0.55 * shade))


@wp.func
def scalp_cover(where: wp.vec3, place: wp.vec3, ears: float, look: Look, grows: wp.array2d(dtype=wp.float32), n: int) -> float:
    """How much of the scalp is hidden by the roots of hair, 0 to 1: all of the hair where it is cut to the skin."""
    if look.hair_style < BUZZ or (where[2] > 0.0 and where[1] < 0.35) or place[1] > 1.4:
        return 0.0
    grain = noise3(where * 90.0, look.seed + 20)
    under = smooth(-0.03, 0.05, hair_reach(bearing(place), grows, n) - place[1] + (grain - 0.5) * 0.06)
    amount = 0.85
    if look.hair_style == RECEDING:
        amount = 0.55
    return under * wp.min(1.0, amount * (0.80 + 0.4 * grain)) * (1.0 - smooth(0.1, 0.4, ears))
