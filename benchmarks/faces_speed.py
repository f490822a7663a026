"""How fast are faces made, where does the time go, and how fast are other renderers with the same meshes?

    python benchmarks/faces_speed.py --peers /path/to/python

Everything is on: the population and the picture quality of the region `wild` (pose, light, hair, glasses, masks, noise,
blur, JPEG), expressions, folds, shadows. Four tables:

* faces a second at 64 and 224 pixels: `render` alone, in one process; `generate` with images and truth written to disk,
  with one and two workers, as the slope between two counts (what starting costs is in the next table);
* cold start to the first face: of a process, and of a machine that has never compiled the kernels;
* peak memory by number of faces;
* the same meshes through pyrender, trimesh (its ray caster, embreex) and mitsuba, in turn with evenface: plain grey
  heads there, against whole faces here. `--peers` is an interpreter with these, for instance made by
  `python -m venv peers && peers/bin/pip install pyrender trimesh embreex mitsuba`; renderers that do not run are named.

Where the time goes is measured from outside: functions that `render.draw` imports are wrapped, and Warp's launches are
timed by the kernel's name (on a CPU a launch returns when it is done), in processor time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import isfunction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from _common import fresh, machine
from evenface.synthesis import Plan, Spec, generate
from evenface.synthesis.head import load_head
from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import columns
from evenface.synthesis.render import draw

HERE = Path(__file__).parent
AIMS = {64: 200.0, 224: 40.0}
STAGES = {
    "make_heads": "mesh",
    "scene_points": "mesh",
    "project": "mesh",
    "normals": "normals",
    "visible": "raster and shadow maps",
    "make_looks": "looks, folds",
    "face_relief": "looks, folds",
    "shade": "shading",
    "resolve": "shading",
    "develop": "developing",
}
"""Function or kernel -> stage; what is not named stands under its own name."""
FROM_MESH_TO_LIGHT = ("normals", "raster and shadow maps", "shading")
"""Stages that other renderers go through too; of these only processor time is known, and stands for wall time too."""
_FIRST = """
import time
start = time.perf_counter()
import polars as pl
from evenface.synthesis.render.draw import render
render(pl.DataFrame({"person": [1]}), 64)
"""
_MEMORY = """
import tempfile
from evenface.synthesis import Spec, generate
with tempfile.TemporaryDirectory() as folder:
    generate(Spec(count=int(sys.argv[1]), size=64), folder + "/set")
"""


def wild(count: int) -> pl.DataFrame:
    """Parameters of faces with everything on."""
    return Plan(Spec(count=count, regions={"wild": 1.0})).table()


def clocks() -> np.ndarray:
    """Wall time, and processor time of this process and of those that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return np.array([time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime])


def rendering(size: int, count: int) -> list[float]:
    """Wall and processor seconds a face of `render`, best of three."""
    faces = wild(count)
    draw.render(faces[:16], size)
    took = []
    for _ in range(3):
        start = clocks()
        draw.render(faces, size)
        took.append(clocks() - start)
    return (np.min(took, 0) / count).tolist()


def generating(size: int, workers: int, count: int) -> list[float]:
    """Wall and processor seconds a face of `generate`, by the slope from `count` to three times as many faces."""
    took = []
    for many in (count, 3 * count):
        with tempfile.TemporaryDirectory() as folder:
            start = clocks()
            generate(Spec(count=many, size=size, image="jpeg"), f"{folder}/set", workers=workers)
            took.append(clocks() - start)
    return ((took[1] - took[0]) / (2 * count)).tolist()


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Add to `spent` what each stage takes, less the stages inside it, while drawing."""
    import warp as wp

    stack: list[float] = []

    def hooked(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*args: Any, **named: Any) -> Any:
            stack.append(0.0)
            start = time.process_time()
            out = inner(*args, **named)
            took = time.process_time() - start
            spent[STAGES.get(name, name)] += took - stack.pop()
            if stack:
                stack[-1] += took
            return out

        return outer

    def launch(kernel: Any, *args: Any, **named: Any) -> Any:
        return hooked(kernel.key.rpartition(".")[2], kept_launch)(kernel, *args, **named)

    kept_launch = wp.launch
    ours = {
        name: function
        for name, function in vars(draw).items()
        if isfunction(function) and function.__module__.startswith("evenface.") and function.__module__ != draw.__name__
    }
    wp.launch = launch
    for name, function in ours.items():
        setattr(draw, name, hooked(name, function))
    try:
        yield
    finally:
        wp.launch = kept_launch
        for name, function in ours.items():
            setattr(draw, name, function)


def stages(size: int, count: int) -> dict[str, float]:
    """Processor milliseconds a face by stage; `encoding` is a JPEG at quality 92, `other` is what no hook saw."""
    from io import BytesIO

    from PIL import Image

    faces, spent = wild(count), defaultdict(float)
    draw.render(faces[:16], size)
    start = time.process_time()
    with timed(spent):
        pictures = draw.render(faces, size)
    spent["other"] = time.process_time() - start - sum(spent.values())
    start = time.process_time()
    for picture in pictures:
        Image.fromarray(picture).save(BytesIO(), "JPEG", quality=92)
    spent["encoding"] = time.process_time() - start
    start = time.process_time()
    wild(count)
    spent["plan: all parameters"] = time.process_time() - start
    return {name: 1000 * seconds / count for name, seconds in sorted(spent.items(), key=lambda item: -item[1])}


def cold() -> dict[str, float]:
    """Seconds of a fresh process to its first face: kernels compiled before, and not."""
    told = "print(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as folder:
        bare = f"import os\nos.environ['WARP_CACHE_PATH'] = {folder!r}\n" + _FIRST + told
        return {"kernels compiled before": fresh(_FIRST).wall, "nothing compiled yet": fresh(bare).wall}


def others(python: Path, size: int, count: int) -> dict[str, list[float] | str]:
    """Wall and processor seconds a face of other renderers, or why there are none; evenface before and after them."""
    values, found = columns(wild(count)), {}
    before = rendering(size, 4 * count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "meshes.npz"
        np.savez(path, points=make_heads(values).posed.astype(np.float32), triangles=load_head().triangles)
        for name in ("pyrender", "trimesh", "mitsuba-scalar", "mitsuba"):
            command = [str(python), str(HERE / "_peers.py"), name, str(path), str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            failed = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            took = [float(seconds) for seconds in done.stdout.split()[-2:]]
            found[name] = f"does not run: {failed[0][:120]}" if done.returncode else took
    whole = np.mean([before, rendering(size, 4 * count)], 0)
    drawn = sum(ms for name, ms in stages(size, 4 * count).items() if name in FROM_MESH_TO_LIGHT) / 1000
    return {"evenface": whole.tolist(), "evenface, from mesh to light": [drawn, drawn], **found}


def table(head: str, rows: Iterable[str]) -> str:
    """Markdown: a head and rows of cells parted by bars."""
    columns_in = head.count("|") + 1
    lines = [head, " | ".join(["---"] + ["---:"] * (columns_in - 1)), *rows]
    return "\n" + "\n".join(f"| {line} |" for line in lines)


def peers_table(size: str, row: dict[str, list[float] | str]) -> str:
    """The other renderers at one size."""
    lines = []
    for name, took in row.items():
        pairs = [] if isinstance(took, str) else zip(took, row["evenface"], strict=True)
        told = " | ".join(f"{1000 * mine:.1f} | {mine / ours:.1f}" for mine, ours in pairs)
        lines.append(f"{name} | {told or f'{took} | | |'}")
    return table(f"renderer, {size} px | ms a face | times evenface's (aim 5) | processor ms | times evenface's", lines)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="an interpreter with pyrender, trimesh, embreex and mitsuba")
    parser.add_argument("--count", type=int, default=128, help="faces for each number")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "faces_speed.json")
    given = parser.parse_args()
    sizes = [str(size) for size in AIMS]
    kept: dict[str, Any] = {"machine": machine("warp-lang"), "cold": cold()}
    print(kept["machine"])
    print(table("cold start to the first face | seconds (aim 10)", (f"{k} | {v:.1f}" for k, v in kept["cold"].items())))
    rates = {"render, one process": [rendering(size, given.count) for size in AIMS]}
    for workers in (1, 2):
        rates[f"generate, workers: {workers}"] = [generating(size, workers, given.count) for size in AIMS]
    rows = (" | ".join([name, *(f"{1 / took:.0f}" for pair in row for took in pair)]) for name, row in rates.items())
    head = "faces a second | 64 px (aim 200) | a processor second | 224 px (aim 40) | a processor second"
    print(table(head, rows), flush=True)
    kept["seconds a face, wall and processor"] = {
        name: dict(zip(sizes, row, strict=True)) for name, row in rates.items()
    }
    kept["stages"] = {size: stages(int(size), given.count) for size in sizes}
    for size, spent in kept["stages"].items():
        rows = (f"{name} | {ms:.2f} | {ms / sum(spent.values()):.0%}" for name, ms in spent.items())
        print(table(f"stage, {size} px | processor ms a face | share", rows), flush=True)
    kept["memory"] = {str(n): fresh(_MEMORY, n).peak for n in (200, 1000, 4000)}
    print(table("faces generated, 64 px | peak memory", (f"{n} | {mb:.0f} MB" for n, mb in kept["memory"].items())))
    if given.peers:
        kept["peers"] = {size: others(given.peers, int(size), 24) for size in sizes}
        print("\n".join(peers_table(size, row) for size, row in kept["peers"].items()))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
