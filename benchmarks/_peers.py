"""The same meshes through other renderers: run by `faces_speed.py`, in an interpreter that has them.

    python _peers.py {pyrender,mitsuba,mitsuba-scalar,trimesh} MESHES.npz SIZE

MESHES.npz holds `points` (face, vertex, 3) and `triangles`. Each renderer gets plain grey skin, one light that casts
shadows and an even one, and about four samples a pixel: much less than evenface draws. Prints wall and
processor seconds a face, from arrays to pixels, the first face left out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np

FIELD, AWAY = 20.0, 6.0  # degrees the picture spans; the head's distance, in tenths of a metre
LIGHT = np.array([0.45, 0.55, 0.70])
Draw = Callable[[np.ndarray], np.ndarray]


def _placed() -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = 0, -0.35, AWAY
    return pose


def with_pyrender(triangles: np.ndarray, size: int) -> Draw:
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    vars(np)["infty"] = np.inf  # pyrender 0.1.45 asks for the name that NumPy 2 dropped
    import pyrender
    import trimesh

    target = pyrender.OffscreenRenderer(size, size)
    turned = trimesh.geometry.align_vectors([0, 0, 1], LIGHT / np.linalg.norm(LIGHT))

    def draw(points: np.ndarray) -> np.ndarray:
        scene = pyrender.Scene(ambient_light=[0.3, 0.3, 0.3])
        mesh = trimesh.Trimesh(points, triangles, process=False)
        scene.add(pyrender.Mesh.from_trimesh(mesh, smooth=True))
        scene.add(pyrender.PerspectiveCamera(np.radians(FIELD)), pose=_placed())
        scene.add(pyrender.DirectionalLight(intensity=3.0), pose=turned)
        return target.render(scene, flags=pyrender.RenderFlags.SHADOWS_DIRECTIONAL)[0]

    return draw


def with_mitsuba(triangles: np.ndarray, size: int, variant: str) -> Draw:
    import mitsuba as mi

    mi.set_variant(variant)
    camera = {
        "type": "perspective",
        "fov": FIELD,
        "to_world": mi.ScalarTransform4f().look_at([0, -0.35, AWAY], [0, -0.35, 0], [0, 1, 0]),
        "film": {"type": "hdrfilm", "width": size, "height": size, "rfilter": {"type": "box"}},
        "sampler": {"type": "independent", "sample_count": 4},
    }

    def draw(points: np.ndarray) -> np.ndarray:
        skin = mi.Properties()
        skin["bsdf"] = mi.load_dict({"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.5, 0.4, 0.35]}})
        mesh = mi.Mesh("head", len(points), len(triangles), props=skin, has_vertex_normals=True)
        values = mi.traverse(mesh)
        values["vertex_positions"] = np.ascontiguousarray(points, np.float32).ravel()
        values["faces"] = np.ascontiguousarray(triangles, np.uint32).ravel()
        values.update()
        scene = mi.load_dict(
            {
                "type": "scene",
                "integrator": {"type": "direct"},
                "sensor": camera,
                "sun": {"type": "directional", "direction": (-LIGHT).tolist(), "irradiance": 2.0},
                "sky": {"type": "constant", "radiance": 0.3},
                "head": mesh,
            }
        )
        return np.asarray(mi.util.convert_to_bitmap(mi.render(scene)))

    return draw


def with_trimesh(triangles: np.ndarray, size: int) -> Draw:
    import trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    side = size * 2
    across = np.tan(np.radians(FIELD / 2)) * ((np.arange(side) + 0.5) * 2 / side - 1)
    x, y = np.meshgrid(across, -across)
    rays = np.stack([x, y, -np.ones_like(x)], -1).reshape(-1, 3)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    origins = np.broadcast_to(_placed()[:3, 3], rays.shape)
    light = LIGHT / np.linalg.norm(LIGHT)

    def draw(points: np.ndarray) -> np.ndarray:
        mesh = trimesh.Trimesh(points, triangles, process=False)
        caster = RayMeshIntersector(mesh)
        first = caster.intersects_first(origins, rays)
        hit = first >= 0
        normals = mesh.face_normals[first[hit]]
        corner = mesh.triangles[first[hit], 0]
        far = ((corner - origins[hit]) * normals).sum(1) / (rays[hit] * normals).sum(1)
        places = origins[hit] + rays[hit] * far[:, None] + normals * 1e-3
        dark = caster.intersects_any(places, np.broadcast_to(light, places.shape))
        out = np.full(len(rays), 0.5)
        out[hit] = 0.3 + 0.6 * np.maximum(0, normals @ light) * ~dark
        return (out.reshape(size, 2, size, 2).mean((1, 3)).clip(0, 1) * 255).astype(np.uint8)

    return draw


def main() -> None:
    which, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(path, allow_pickle=False) as data:
        points, triangles = data["points"], data["triangles"]
    if which == "pyrender":
        draw = with_pyrender(triangles, size)
    elif which == "trimesh":
        draw = with_trimesh(triangles, size)
    else:
        draw = with_mitsuba(triangles, size, "scalar_rgb" if which.endswith("scalar") else "llvm_ad_rgb")
    pictures = [draw(points[0])]
    start, used = time.perf_counter(), time.process_time()
    pictures += [draw(each) for each in points[1:]]
    seconds = np.array([time.perf_counter() - start, time.process_time() - used]) / (len(points) - 1)
    if min(float(np.asarray(picture, float).std()) for picture in pictures) < 2:
        sys.exit("A picture is blank.")
    if len(sys.argv) > 4:
        from PIL import Image

        Image.fromarray(np.asarray(pictures[-1])).save(sys.argv[4])
    print(*seconds)


if __name__ == "__main__":
    main()
