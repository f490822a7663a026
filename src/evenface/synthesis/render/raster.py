"""Raster: which triangle is seen at each sample of each picture, and which surface the light meets first.

Every kernel runs over (picture, triangle) or (picture, vertex) and writes what does not depend on the order of running:
the nearest surface is kept by an atomic minimum over distance and triangle together. So a CPU and a GPU agree.
"""

from __future__ import annotations

import warp as wp

from evenface.synthesis.render.look import (
    CUT_OUT,
    PART_HAIR,
    PART_LASHES,
    Look,
    View,
    across_light,
    hair_covers,
    lash_cover,
)

EMPTY = wp.constant(wp.uint64(0xFFFFFFFFFFFFFFFF))
NEARER = wp.constant(268435456.0)  # 2**28: steps of nearness in a key
FARTHEST = wp.constant(wp.uint32(4294967295))


@wp.func
def edge(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    """Twice the signed area of the triangle a, b, p; exactly the opposite for b, a, p, so that no crack is left."""
    return (ay - by) * px + (bx - ax) * py + (ax * by - ay * bx)


@wp.func
def nearness_of(key: wp.uint64) -> float:
    """Nearness of the surface that a sample sees."""
    return float(FARTHEST - wp.uint32(key >> wp.uint64(32))) / NEARER


@wp.func
def triangle_of(key: wp.uint64) -> int:
    """Triangle that a sample sees."""
    return int(wp.uint32(key & wp.uint64(0xFFFFFFFF)))


@wp.kernel(enable_backward=False, grid_stride=False)
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


@wp.kernel(enable_backward=False, grid_stride=False)
def visible(
    screen: wp.array2d(dtype=wp.vec3),
    triangles: wp.array(dtype=wp.vec3i),
    parts: wp.array(dtype=wp.int32),
    worn: wp.array2d(dtype=wp.int32),
    where: wp.array(dtype=wp.vec3),
    looks: wp.array(dtype=Look),
    falls: wp.array2d(dtype=wp.float32),
    side: int,
    light: int,
    out: wp.array3d(dtype=wp.uint64),
):
    """Mark the nearest triangle at each sample.

    `screen` is (picture, vertex): column and row in samples, and a nearness from 0 to 8, linear over the picture.
    `worn` says for each picture which parts there are. With `light` set the samples are those of a map of shadows: both
    sides of all surfaces count, and hair has a plain edge.
    """
    n, t = wp.tid()
    part = parts[t]
    if worn[n, part] == 0:
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
    if left > right or top > bottom:
        return
    frayed = part == PART_HAIR or part == PART_LASHES
    sign = wp.sign(area)
    per_area = 1.0 / area
    for row in range(top, bottom + 1):
        y = float(row) + 0.5
        for column in range(left, right + 1):
            x = float(column) + 0.5
            u = edge(b[0], b[1], c[0], c[1], x, y)
            v = edge(c[0], c[1], a[0], a[1], x, y)
            w = edge(a[0], a[1], b[0], b[1], x, y)
            if u * sign >= 0.0 and v * sign >= 0.0 and w * sign >= 0.0:
                u *= per_area
                v *= per_area
                w *= per_area
                nearness = u * a[2] + v * b[2] + w * c[2]
                far = FARTHEST - wp.uint32(wp.clamp(nearness, 0.0, 8.0) * NEARER)
                key = (wp.uint64(far) << wp.uint64(32)) | wp.uint64(wp.uint32(t))
                # What lies behind something already drawn needs no second look; the minimum below decides.
                seen = key < out[n, row, column]
                if seen and frayed:
                    if light == 0:
                        u *= a[2] / nearness
                        v *= b[2] / nearness
                        w *= c[2] / nearness
                    place = u * where[tri[0]] + v * where[tri[1]] + w * where[tri[2]]
                    if part == PART_LASHES:
                        seen = lash_cover(place) > 0.5
                    else:
                        seen = hair_covers(place, looks[n].hair_style, looks[n].seed, falls, n, light)
                if seen:
                    wp.atomic_min(out, n, row, column, key)


@wp.kernel(enable_backward=False, grid_stride=False)
def project(
    points: wp.array2d(dtype=wp.vec3),
    still: wp.array(dtype=wp.float32),
    views: wp.array(dtype=View),
    looks: wp.array(dtype=Look),
    side: float,
    shadow_side: float,
    camera: wp.array2d(dtype=wp.vec3),
    screen: wp.array2d(dtype=wp.vec3),
    from_light: wp.array2d(dtype=wp.vec3),
):
    """Place vertices (picture, vertex) before the camera, in the picture, and in the map of shadows.

    Places in the picture are column, row and nearness: 1 at the middle of the head, falling as one over depth, so that
    it is linear over the picture. In the map of shadows, seen from far away along the light, nearness is a height.
    """
    n, v = wp.tid()
    view = views[n]
    p = points[n, v] - view.pivot
    turned = view.turn * p
    # The neck turns with the head less and less on its way down; the middle of the head stays before the camera.
    p = wp.lerp(turned, p, still[v]) - view.middle
    right, above = across_light(looks[n].light)
    texel = looks[n].texel
    from_light[n, v] = wp.vec3(
        wp.dot(p, right) / texel + 0.5 * shadow_side,
        0.5 * shadow_side - wp.dot(p, above) / texel,
        4.0 + wp.dot(p, looks[n].light),
    )
    p[2] = p[2] - view.distance
    camera[n, v] = p
    depth = wp.max(-p[2], 0.15 * view.distance)
    scale = side * view.distance / view.span / depth
    screen[n, v] = wp.vec3(
        p[0] * scale + side * (0.5 + view.right), side * (0.5 + view.down) - p[1] * scale, view.distance / depth
    )
