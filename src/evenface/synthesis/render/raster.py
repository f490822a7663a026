"""Raster: which triangle is seen at each sample of each picture, and which surface the light meets first.

Every kernel runs over (picture, triangle) or (picture, sample) and writes what does not depend on the order of running:
the nearest surface is kept by an atomic minimum over depth and triangle together. So a CPU and a GPU agree.
"""

from __future__ import annotations

import warp as wp

from evenface.synthesis.render.look import CUT_OUT, PART_GLASSES, PART_HAIR, PART_LASHES, PART_LENS, PART_MASK, Look, hair_cover, lash_cover

wp.set_module_options({"enable_backward": False})

EMPTY = wp.constant(wp.uint64(0xFFFFFFFFFFFFFFFF))


@wp.func
def edge(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    """Twice the signed area of the triangle a, b, p."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@wp.func
def worn(part: int, look: Look) -> bool:
    """Whether this face has such a part at all."""
    if part == PART_HAIR:
        return look.hair_style > 1
    if part == PART_GLASSES:
        return look.glasses > 0
    if part == PART_LENS:
        return look.glasses == 2
    if part == PART_MASK:
        return look.mask > 0
    return True


@wp.kernel
def normals(
    vertices: wp.array2d(dtype=wp.vec3),
    triangles: wp.array(dtype=wp.vec3i),
    first: wp.array(dtype=wp.int32),
    around: wp.array(dtype=wp.int32),
    out: wp.array2d(dtype=wp.vec3),
):
    """Normals (picture, vertex): the mean of those of the triangles around, weighted by area."""
    n, v = wp.tid()
    total = wp.vec3(0.0, 0.0, 0.0)
    for k in range(first[v], first[v + 1]):
        t = triangles[around[k]]
        a = vertices[n, t[0]]
        total += wp.cross(vertices[n, t[1]] - a, vertices[n, t[2]] - a)
    out[n, v] = wp.normalize(total)


@wp.kernel
def visible(
    screen: wp.array2d(dtype=wp.vec3),
    triangles: wp.array(dtype=wp.vec3i),
    parts: wp.array(dtype=wp.int32),
    where: wp.array(dtype=wp.vec3),
    looks: wp.array(dtype=Look),
    falls: wp.array2d(dtype=wp.float32),
    side: int,
    light: int,
    out: wp.array3d(dtype=wp.uint64),
):
    """Mark the nearest triangle at each sample: depth in the high half, triangle in the low half.

    `screen` is (picture, vertex): column and row in samples, and depth, which must be positive.
    With `light` set the samples are those of a map of shadows: both sides of all surfaces count.
    """
    n, t = wp.tid()
    part = parts[t]
    look = looks[n]
    if not worn(part, look):
        return
    if light == 1 and (part == PART_LENS or part == PART_LASHES):
        return
    tri = triangles[t]
    a = screen[n, tri[0]]
    b = screen[n, tri[1]]
    c = screen[n, tri[2]]
    area = edge(a[0], a[1], b[0], b[1], c[0], c[1])
    # Rows run downwards, so what is anticlockwise in the world is clockwise here: its area is negative.
    if area == 0.0 or (area > 0.0 and light == 0 and part < CUT_OUT):
        return
    left = wp.max(0, int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)))
    right = wp.min(side - 1, int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)))
    top = wp.max(0, int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)))
    bottom = wp.min(side - 1, int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)))
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            x = float(column) + 0.5
            y = float(row) + 0.5
            u = edge(b[0], b[1], c[0], c[1], x, y) / area
            v = edge(c[0], c[1], a[0], a[1], x, y) / area
            w = 1.0 - u - v
            if u >= 0.0 and v >= 0.0 and w >= 0.0:
                depth = 1.0 / (u / a[2] + v / b[2] + w / c[2])
                seen = bool(True)
                if part == PART_HAIR or part == PART_LASHES:
                    place = (u / a[2] * where[tri[0]] + v / b[2] * where[tri[1]] + w / c[2] * where[tri[2]]) * depth
                    if part == PART_HAIR:
                        seen = hair_cover(place, look, falls, n) > 0.5
                    else:
                        seen = lash_cover(place) > 0.5
                if seen:
                    bits = wp.uint64(wp.uint32(wp.int32(depth * 65536.0)))
                    key = (bits << wp.uint64(32)) | wp.uint64(wp.uint32(t))
                    wp.atomic_min(out, n, row, column, key)

