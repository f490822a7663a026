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
timed by the kernel's name (on a CPU a launch returns when it is done).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
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


def rendering(size: int, count: int) -> float:
    """Faces a second of `render`, best of three."""
    faces = wild(count)
    draw.render(faces[:16], size)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        draw.render(faces, size)
        best = min(best, time.perf_counter() - start)
    return count / best


def generating(size: int, workers: int, count: int) -> float:
    """Faces a second of `generate`, by the slope from `count` to three times as many: starting does not count."""
    took = []
    for many in (count, 3 * count):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            generate(Spec(count=many, size=size, image="jpeg"), f"{folder}/set", workers=workers)
            took.append(time.perf_counter() - start)
    return 2 * count / max(took[1] - took[0], 1e-9)


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Add to `spent` what each stage takes, less the stages inside it, while drawing."""
    import warp as wp

    stack: list[float] = []

    def hooked(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*args: Any, **named: Any) -> Any:
            stack.append(0.0)
            start = time.perf_counter()
            out = inner(*args, **named)
            took = time.perf_counter() - start
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
    """Milliseconds a face by stage; `encoding` is a JPEG at quality 92, `other` is what no hook saw."""
    from io import BytesIO

    from PIL import Image

    faces, spent = wild(count), defaultdict(float)
    draw.render(faces[:16], size)
    start = time.perf_counter()
    with timed(spent):
        pictures = draw.render(faces, size)
    spent["other"] = time.perf_counter() - start - sum(spent.values())
    start = time.perf_counter()
    for picture in pictures:
        Image.fromarray(picture).save(BytesIO(), "JPEG", quality=92)
    spent["encoding"] = time.perf_counter() - start
    start = time.perf_counter()
    wild(count)
    spent["plan: all parameters"] = time.perf_counter() - start
    return {name: 1000 * seconds / count for name, seconds in sorted(spent.items(), key=lambda item: -item[1])}


def cold() -> dict[str, float]:
    """Seconds of a fresh process to its first face: kernels compiled before, and not."""
    told = "print(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as folder:
        bare = f"import os\nos.environ['WARP_CACHE_PATH'] = {folder!r}\n" + _FIRST + told
        return {"kernels compiled before": fresh(_FIRST).wall, "nothing compiled yet": fresh(bare).wall}


def others(python: Path, size: int, count: int) -> dict[str, float | str]:
    """Seconds a face of the other renderers, or why there are none, with evenface before and after them."""
    values = columns(wild(count))
    found: dict[str, float | str] = {"evenface": 1 / rendering(size, 4 * count)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "meshes.npz"
        np.savez(path, points=make_heads(values).posed.astype(np.float32), triangles=load_head().triangles)
        for name in ("pyrender", "trimesh", "mitsuba-scalar", "mitsuba"):
            command = [str(python), str(HERE / "_peers.py"), name, str(path), str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            failed = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            found[name] = (
                float(done.stdout.split()[-1]) if done.returncode == 0 else f"does not run here: {failed[0][:120]}"
            )
    found["evenface"] = (float(found["evenface"]) + 1 / rendering(size, 4 * count)) / 2
    return found


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="an interpreter with pyrender, trimesh, embreex and mitsuba")
    parser.add_argument("--count", type=int, default=128, help="faces for each number")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "faces_speed.json")
    given = parser.parse_args()
    kept: dict[str, Any] = {"machine": machine("warp-lang"), "cold": cold()}
    print(kept["machine"], "\n\n| cold start to the first face | seconds |\n| --- | ---: |")
    print("\n".join(f"| {name} | {seconds:.1f} |" for name, seconds in kept["cold"].items()))
    print("\n| faces a second | 64 px (aim 200) | 224 px (aim 40) |\n| --- | ---: | ---: |", flush=True)
    kept["rates"] = {"render, one process": {str(s): rendering(s, given.count) for s in AIMS}}
    for workers in (1, 2):
        kept["rates"][f"generate, {workers} worker{'s' * (workers > 1)}"] = {
            str(s): generating(s, workers, given.count) for s in AIMS
        }
    print(
        "\n".join(f"| {name} | {row['64']:.0f} | {row['224']:.0f} |" for name, row in kept["rates"].items()), flush=True
    )
    kept["stages"] = {str(s): stages(s, given.count) for s in AIMS}
    for size, spent in kept["stages"].items():
        print(f"\n| stage, {size} px | ms a face | share |\n| --- | ---: | ---: |")
        print(
            "\n".join(f"| {name} | {ms:.2f} | {ms / sum(spent.values()):.0%} |" for name, ms in spent.items()),
            flush=True,
        )
    kept["memory"] = {str(n): fresh(_MEMORY, n).peak for n in (200, 1000, 4000)}
    print("\n| faces generated, 64 px | peak memory |\n| --- | ---: |")
    print("\n".join(f"| {n} | {peak:.0f} MB |" for n, peak in kept["memory"].items()), flush=True)
    if given.peers:
        kept["peers"] = {str(s): others(given.peers, s, 24) for s in AIMS}
        for size, row in kept["peers"].items():
            print(f"\n| renderer, {size} px | ms a face | times evenface's (aim 5) |\n| --- | ---: | ---: |")
            for name, seconds in row.items():
                told = (
                    f"{1000 * seconds:.1f} | {seconds / row['evenface']:.1f}"
                    if isinstance(seconds, float)
                    else f"| {seconds}"
                )
                print(f"| {name} | {told} |")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
