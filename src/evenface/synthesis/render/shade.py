"""Shade: from the triangle that a sample sees to the light that it sends, in linear RGB.

Skin is lit with a softened terminator, wider in red than in blue, as light that enters skin comes out a little beside
where it went in; its surface mirrors with two lobes. No light is added for dark skin or taken from light skin: albedo
alone differs.
"""

from __future__ import annotations

import warp as wp

from evenface.synthesis.render.light import lit, matt, mirrored
from evenface.synthesis.render.look import (
    AFRO,
    CURLY,
    PART_EYE_LEFT,
    PART_EYE_RIGHT,
    PART_GLASSES,
    PART_HAIR,
    PART_LASHES,
    PART_LENS,
    PART_MASK,
    PART_SKIN,
    PART_TEETH_LOWER,
    PART_TEETH_UPPER,
    PART_TONGUE,
    Look,
    View,
    bearing,
    noise2,
    noise3,
    smooth,
)
from evenface.synthesis.render.raster import EMPTY, edge, triangle_of
from evenface.synthesis.render.skin import beard_cover, brow_cover, cloth_height, fold_relief, scalp_cover, skin_colour

UP = wp.constant(wp.vec3(0.0, 1.0, 0.0))
MIRROR = wp.constant(0.030)  # share of light that bare skin mirrors at a right angle: refractive index 1.42


@wp.func
def shade_eye(
    where: wp.vec3, normal: wp.vec3, view: wp.vec3, gaze: wp.vec3, open: float, lid: float, look: Look
) -> wp.vec3:
    """White, iris, pupil and the mirrored light of an eye; `where` is the direction from the eyeball's centre."""
    d = wp.normalize(where)
    cosine = wp.clamp(wp.dot(d, gaze), -1.0, 1.0)
    angle = wp.acos(cosine)
    iris = 0.50
    white = wp.vec3(0.72, 0.68, 0.65)
    veins = noise3(d * 14.0, look.seed + 30)
    white = wp.cw_mul(white, wp.vec3(1.0, 1.0, 1.0) - wp.vec3(0.02, 0.10, 0.10) * (veins * smooth(0.5, 1.1, angle)))
    across = wp.normalize(wp.cross(gaze, UP))
    round = wp.atan2(wp.dot(d, UP), wp.dot(d, across))
    fibres = noise2(round * 9.0, angle * 9.0, look.seed + 31)
    colour = look.iris * (0.55 + 0.75 * fibres) * (0.65 + 0.7 * smooth(0.2, 0.42, angle))
    colour *= 1.0 - 0.72 * smooth(0.40, iris, angle)
    pupil = look.pupil
    colour = wp.lerp(wp.vec3(0.004, 0.004, 0.004), colour, smooth(pupil - 0.03, pupil + 0.04, angle))
    albedo = wp.lerp(colour, white, smooth(iris - 0.05, iris + 0.04, angle))
    # The lids shade what lies under them, the upper one more.
    albedo *= lid
    facing = wp.dot(normal, look.light)
    out = matt(albedo, facing, normal[1], open, wp.vec3(0.35, 0.30, 0.28), look)
    # The cornea bulges, and mirrors the main light and a bright place above the camera.
    bulge = wp.normalize(normal + (normal - view * wp.dot(normal, view)) * (0.6 * (1.0 - smooth(0.35, 0.62, angle))))
    glint = mirrored(bulge, view, look.light, 260.0) * 0.016 * (0.3 + 0.7 * open)
    window = mirrored(bulge, view, wp.normalize(wp.vec3(-0.25, 0.45, 0.85)), 220.0) * 0.005
    return out + look.light_colour * glint + look.ambient * window


@wp.func
def shade_skin(
    normal: wp.vec3,
    view: wp.vec3,
    where: wp.vec3,
    scalp: wp.vec3,
    masks: wp.vec4,
    open: float,
    occluded: float,
    fold: wp.vec3,
    look: Look,
    grows: wp.array2d(dtype=wp.float32),
    n: int,
) -> wp.vec3:
    """Skin with all that grows on it, cloth below the neck, and the inside of the mouth."""
    # Below the neck there is cloth.
    collar = cloth_height(where, look)
    if collar < 0.0:
        seam = smooth(-0.075, -0.06, collar) * (1.0 - smooth(-0.06, -0.03, collar))
        weave = (0.92 + 0.16 * noise2(where[0] * 40.0, where[1] * 40.0, look.seed + 70)) * (1.0 - 0.35 * seam)
        return (
            matt(look.cloth * weave, wp.dot(normal, look.light), normal[1], open, wp.vec3(0.0, 0.0, 0.0), look)
            * occluded
        )
    pores = noise3(where * 60.0, look.seed + 11)
    albedo = skin_colour(where, masks, fold[2], pores, look)
    roots = scalp_cover(where, scalp, masks[3], look, grows, n)
    beard = beard_cover(where, masks[0], look)
    hair = wp.max(roots, beard)
    brow = brow_cover(where, look)
    facing = wp.dot(normal, look.light)
    soft = wp.vec3(0.36, 0.18, 0.12) * (0.5 + 0.5 * look.softness)
    albedo = wp.lerp(wp.lerp(albedo, look.stubble, beard), look.hair * 0.9, roots)
    albedo = wp.lerp(albedo, look.brow, brow)
    out = matt(albedo, facing, normal[1], open, soft, look)
    out *= occluded
    # Shine: oil on forehead, nose and cheekbones; wet lips.
    x = wp.abs(where[0])
    oily = 0.45 + 0.55 * wp.exp(-(x * x * 9.0)) * smooth(-0.75, -0.2, where[2])
    wet = smooth(0.3, 0.8, masks[0])
    bare = (1.0 - 0.85 * hair) * (1.0 - 0.8 * brow)
    facing_view = wp.max(0.0, wp.dot(normal, view))
    fresnel = (MIRROR + 0.16 * wp.pow(1.0 - facing_view, 5.0)) * (0.6 + 0.4 * normal[1])
    broad = mirrored(normal, view, look.light, 14.0)
    tight = mirrored(normal, view, look.light, wp.lerp(46.0, 90.0, wet))
    oil = (oily * (0.45 + 1.25 * look.shine) + 0.6 * wet) * (0.55 + 0.9 * pores)
    gloss = MIRROR * (0.65 * broad + 0.35 * tight) * oil * bare * open * smooth(-0.05, 0.25, facing)
    out += look.light_colour * gloss + look.ambient * (fresnel * (0.6 + 0.6 * look.shine) * occluded * bare)
    # Inside the mouth it is dark and red, darker the deeper.
    inside = smooth(0.4, 0.7, masks[1]) * (1.0 - smooth(-0.30, -0.22, where[1]))
    if inside > 0.0:
        gum = wp.vec3(0.28, 0.060, 0.055) * (0.04 + 0.60 * smooth(-0.15, 0.26, where[2]))
        out = wp.lerp(out, matt(gum, facing, normal[1], open * 0.5, soft, look) * 0.7, inside)
    return out


@wp.func
def shade_hair(place: wp.vec3, normal: wp.vec3, view: wp.vec3, open: float, behind: bool, look: Look) -> wp.vec3:
    """Hair as strands that run down from the crown, or as curls; `behind`: its inner side is seen."""
    strand = float(0.0)
    gloss = float(0.11)
    if look.hair_style == CURLY or look.hair_style == AFRO:
        size = float(24.0)
        if look.hair_style == AFRO:
            size = 38.0
        p = wp.vec3(place[0] * size, place[1] * size * 1.6, place[2] * size)
        strand = 1.0 - wp.abs(2.0 * noise3(p, look.seed + 80) - 1.0)
        strand = 0.62 * strand * strand + 0.38 * noise3(p * 2.3, look.seed + 81)
        gloss = 0.045
    else:
        turn = bearing(place)
        a = turn * 30.0 + 2.0 * noise2(turn * 5.0, place[1] * 4.0, look.seed + 83)
        b = place[1] * 2.6
        strand = (
            noise2(a, b, look.seed + 80) * 0.42
            + noise2(a * 3.3, b * 1.7, look.seed + 81) * 0.35
            + noise2(a * 8.0, b, look.seed + 82) * 0.23
        )
    colour = look.hair * (0.30 + 1.35 * strand)
    down = wp.normalize(wp.vec3(-normal[0] * normal[1], 1.0 - normal[1] * normal[1] + 1e-3, -normal[2] * normal[1]))
    half = wp.normalize(view + look.light)
    along = wp.dot(down, half) + (strand - 0.5) * 0.35
    lustre = wp.pow(wp.max(0.0, 1.0 - along * along), 20.0)
    # Locks turn to the light and away from it.
    out = matt(colour, wp.dot(normal, look.light) + (strand - 0.5) * 0.5, normal[1], open, wp.vec3(0.4, 0.4, 0.4), look)
    tint = wp.lerp(wp.vec3(1.0, 1.0, 1.0), look.hair, 0.5)
    out += wp.cw_mul(tint, look.light_colour) * (lustre * gloss * open * (0.2 + 1.4 * strand * strand))
    if behind:
        out *= 0.35
    return out


@wp.func
def shade_mask(place: wp.vec3, normal: wp.vec3, open: float, look: Look) -> wp.vec3:
    """Pleated cloth with a paler seam along its edges; `place` is across and down, -1 to 1."""
    down = place[1] * 3.0
    fold = down - wp.floor(down)
    middle = 1.0 - smooth(0.70, 0.85, wp.abs(place[1]))
    pleat = 1.0 - 0.22 * middle * smooth(0.0, 0.12, fold) * (1.0 - smooth(0.12, 0.5, fold))
    cloth = wp.lerp(
        wp.vec3(0.28, 0.45, 0.55),
        wp.vec3(0.52, 0.60, 0.64),
        smooth(0.86, 0.92, wp.max(wp.abs(place[0]), wp.abs(place[1]))),
    )
    return matt(cloth * pleat, wp.dot(normal, look.light), normal[1], open, wp.vec3(0.25, 0.25, 0.25), look)


@wp.func
def background_colour(x: float, y: float, look: Look) -> wp.vec3:
    """What stands behind: `x` and `y` run from 0 to 1 over the picture."""
    if look.background == 0:
        return look.back_near
    if look.background == 1:
        d = wp.sqrt((x - 0.5) * (x - 0.5) + (y - 0.4) * (y - 0.4))
        return wp.lerp(look.back_near, look.back_far, smooth(0.1, 0.8, d))
    n = noise2(x * 3.1 + 5.0, y * 2.7, look.seed + 90) * 0.6 + noise2(x * 6.3, y * 5.7 + 3.0, look.seed + 91) * 0.4
    m = noise2(x * 2.3, y * 4.1 + 9.0, look.seed + 92)
    return wp.lerp(look.back_near, look.back_far, smooth(0.3, 0.7, n)) * (0.6 + 0.7 * m)


@wp.kernel(enable_backward=False, grid_stride=False)
def shade(
    seen: wp.array3d(dtype=wp.uint64),
    shadows: wp.array3d(dtype=wp.uint64),
    screen: wp.array2d(dtype=wp.vec3),
    camera: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
    triangles: wp.array(dtype=wp.vec3i),
    parts: wp.array(dtype=wp.int32),
    where: wp.array(dtype=wp.vec3),
    scalp: wp.array(dtype=wp.vec3),
    masks: wp.array(dtype=wp.vec4),
    open_air: wp.array(dtype=wp.float32),
    folds: wp.array4d(dtype=wp.vec3),
    taps: wp.array2d(dtype=wp.vec2),
    views: wp.array(dtype=View),
    lids: wp.array2d(dtype=wp.vec4),
    grows: wp.array2d(dtype=wp.float32),
    looks: wp.array(dtype=Look),
    out: wp.array3d(dtype=wp.vec3),
):
    """Light of each sample (picture, row, column).

    Args: `screen` and `camera` place vertices in the picture and before the camera; `views` turn directions of the
    head into the camera's; `where` is a vertex's place on the mean head, on the eye, or on hair; `open_air` is how much
    of the sky a vertex sees at rest; `lids` holds the heights of the
    lids of each eye, `grows` how far down hair grows.
    """
    n, row, column = wp.tid()
    look = looks[n]
    side = seen.shape[1]
    key = seen[n, row, column]
    x = float(column) + 0.5
    y = float(row) + 0.5
    if key == EMPTY:
        out[n, row, column] = background_colour(x / float(side), y / float(side), look)
        return
    t = triangle_of(key)
    tri = triangles[t]
    i = tri[0]
    j = tri[1]
    k = tri[2]
    a = screen[n, i]
    b = screen[n, j]
    c = screen[n, k]
    area = edge(a[0], a[1], b[0], b[1], c[0], c[1])
    u = edge(b[0], b[1], c[0], c[1], x, y) / area * a[2]
    v = edge(c[0], c[1], a[0], a[1], x, y) / area * b[2]
    w = edge(a[0], a[1], b[0], b[1], x, y) / area * c[2]
    total = u + v + w
    u = u / total
    v = v / total
    w = w / total
    point = camera[n, i] * u + camera[n, j] * v + camera[n, k] * w
    normal = wp.normalize(normals[n, i] * u + normals[n, j] * v + normals[n, k] * w)
    view = wp.normalize(-point)
    place = where[i] * u + where[j] * v + where[k] * w
    part = parts[t]
    behind = part >= PART_LASHES and wp.dot(normal, view) < 0.0
    if behind:
        normal = -normal
    open = lit(point, normal, views[n].distance, look, n, row, column, shadows, taps)
    light = wp.vec3(0.0, 0.0, 0.0)
    if part == PART_SKIN:
        mask = masks[i] * u + masks[j] * v + masks[k] * w
        fold = fold_relief(place, folds, n)
        frame = views[n].turn
        tilt = frame * wp.vec3(-fold[0], -fold[1], 0.0) * 1.6
        bent = wp.normalize(normal + tilt - normal * wp.dot(tilt, normal))
        air = open_air[i] * u + open_air[j] * v + open_air[k] * w
        air = wp.lerp(air * air, air, 0.3)
        s = scalp[i] * u + scalp[j] * v + scalp[k] * w
        light = shade_skin(bent, view, place, s, mask, open, air, fold, look, grows, n)
    elif part == PART_EYE_LEFT or part == PART_EYE_RIGHT:
        gaze = look.gaze_left
        e = int(0)
        if part == PART_EYE_RIGHT:
            gaze = look.gaze_right
            e = 1
        lid = lids[n, e]
        # lid: height of the upper and lower lid over the eye's centre, in radii; radius; openness
        upper = smooth(-0.02, 0.42, lid[0] - place[1])
        lower = smooth(-0.02, 0.25, place[1] - lid[1])
        corner = 1.0 - 0.55 * smooth(0.55, 0.95, wp.abs(place[0]))
        light = shade_eye(place, normal, view, gaze, open, (0.30 + 0.70 * upper) * (0.62 + 0.38 * lower) * corner, look)
    elif part == PART_TEETH_LOWER or part == PART_TEETH_UPPER:
        gap = wp.abs(2.0 * (place[0] * 12.5 - wp.floor(place[0] * 12.5)) - 1.0)
        tooth = wp.vec3(0.70, 0.64, 0.55) * (1.0 - 0.45 * smooth(0.80, 1.0, gap))
        if part == PART_TEETH_UPPER:
            tooth = wp.lerp(tooth, wp.vec3(0.42, 0.14, 0.13), smooth(-0.530, -0.505, place[1]))
        else:
            tooth = wp.lerp(tooth * 0.8, wp.vec3(0.36, 0.12, 0.11), 1.0 - smooth(-0.745, -0.715, place[1]))
        deep = 0.18 + 0.82 * smooth(-0.10, 0.17, place[2])
        # The strip of teeth is thin: its own normals mix front and back. Teeth face where the arch does.
        normal = views[n].turn * wp.normalize(wp.vec3(place[0] * 3.2, 0.05, 1.0))
        light = (
            matt(tooth, wp.dot(normal, look.light), normal[1], 0.6 + 0.4 * open, wp.vec3(0.6, 0.6, 0.6), look) * deep
        )
        light += look.light_colour * (mirrored(normal, view, look.light, 50.0) * 0.007 * deep)
    elif part == PART_TONGUE:
        deep = 0.10 + 0.75 * smooth(-0.2, 0.13, place[2])
        light = (
            matt(
                wp.vec3(0.42, 0.13, 0.12),
                wp.dot(normal, look.light),
                normal[1],
                0.3 + 0.7 * open,
                wp.vec3(0.4, 0.3, 0.3),
                look,
            )
            * deep
        )
        light += look.light_colour * (mirrored(normal, view, look.light, 30.0) * 0.007 * open)
    elif part == PART_HAIR:
        light = shade_hair(place, normal, view, open, behind, look)
    elif part == PART_LASHES:
        light = look.hair * 0.05 + look.ambient * 0.004
    elif part == PART_GLASSES:
        light = matt(
            wp.vec3(0.025, 0.022, 0.02), wp.dot(normal, look.light), normal[1], open, wp.vec3(0.0, 0.0, 0.0), look
        )
        light += look.light_colour * (mirrored(normal, view, look.light, 60.0) * 0.02 * open) + look.ambient * 0.02
    elif part == PART_LENS:
        light = (
            wp.vec3(0.010, 0.010, 0.012)
            + look.ambient * (0.05 * smooth(-0.3, 0.3, place[1]))
            + look.light_colour * (mirrored(normal, view, look.light, 90.0) * 0.02)
        )
    elif part == PART_MASK:
        light = shade_mask(place, normal, open, look)
    out[n, row, column] = light


@wp.kernel(enable_backward=False, grid_stride=False)
def resolve(
    samples: wp.array3d(dtype=wp.vec3),
    gains: wp.array(dtype=wp.float32),
    size: int,
    out: wp.array3d(dtype=wp.vec3),
):
    """Mean light (picture, row, column) over the samples of each pixel, times the exposure."""
    n, row, column = wp.tid()
    side = samples.shape[1]
    scale = float(side) / float(size)
    low_y = float(row) * scale
    low_x = float(column) * scale
    total = wp.vec3(0.0, 0.0, 0.0)
    weight = float(0.0)
    for j in range(int(low_y), wp.min(side, int(wp.ceil(low_y + scale - 1e-4)))):
        h = wp.min(low_y + scale, float(j) + 1.0) - wp.max(low_y, float(j))
        for i in range(int(low_x), wp.min(side, int(wp.ceil(low_x + scale - 1e-4)))):
            a = h * (wp.min(low_x + scale, float(i) + 1.0) - wp.max(low_x, float(i)))
            # Samples are cut off before they are averaged, so that one glint does not eat a whole pixel.
            light = samples[n, j, i]
            total += wp.vec3(wp.min(light[0], 4.0), wp.min(light[1], 4.0), wp.min(light[2], 4.0)) * a
            weight += a
    out[n, row, column] = total * (gains[n] / weight)
