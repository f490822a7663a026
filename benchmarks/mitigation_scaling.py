"""How time and memory of the benchmark's training grow with the number of faces, plain and aligned.

    python benchmarks/mitigation_scaling.py [--faces 1000 10000] [--methods erm latent_alignment:mmd]

Faces are noise with a label and a group; two epochs each, in a process of its own. Seconds and peak memory stand beside
those of the smallest set; a growth of time over that of faces of 1 or less is linear.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def manifest(folder: Path, faces: int, size: int) -> Path:
    """Write a manifest whose pictures are few files used again and again: decoding is not what is measured."""
    from PIL import Image

    from evenface.core.labels import LabelSpace
    from evenface.core.manifest import Manifest
    from evenface.core.tables import Attribute

    rng = np.random.default_rng(0)
    for i in range(64):
        Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8)).save(folder / f"{i}.png")
    n = faces + 200
    place = np.arange(n)
    frame = pl.DataFrame(
        {
            "face": [f"f{i}" for i in place],
            "image": [f"{i % 64}.png" for i in place],
            "subject": [f"p{i}" for i in place],
            "dataset": ["made"] * n,
            "region": pl.Series([None] * n, dtype=pl.String),
            "split": ["train"] * faces + ["validation"] * 100 + ["test"] * 100,
            "label": pl.Series(place % 7, dtype=pl.Int16),
            "attr:gender": pl.Series(["female", "male"]).gather(place // 7 % 2),
        }
    )
    gender = Attribute("gender", ("female", "male"), "generated")
    return Manifest(frame, LabelSpace.of(CLASSES), (gender,)).save(folder / "manifest.parquet")


def one(method: str, faces: int) -> None:
    """Train once and print what it took."""
    from evenface.benchmark.protocol import SIZE, configuration, methods
    from evenface.training.run import train
    from evenface.training.settings import TrainSettings

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = manifest(folder, faces, SIZE)
        asked = configuration(
            methods([method])[0],
            manifest=path,
            groups=("gender",),
            seed=0,
            out=folder / "runs",
            cache=folder / "cache",
            changes={"epochs": 2, "device.accelerator": "cpu"},
        )
        begun = time.process_time()
        (run,) = train(TrainSettings(**asked))
        took = {"wall": run.result["seconds"], "processor": time.process_time() - begun}
    print(json.dumps(took | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))


def main() -> None:
    """Measure each method at each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--methods", nargs="+", default=["erm", "latent_alignment:mmd"])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.methods[0], asked.faces[0])
        return
    print(
        "| method | faces | processor s | growth of time / of faces | peak MB | MB per 1,000 more faces |\n|"
        + "---|" * 6
    )
    for method in asked.methods:
        first: dict[str, float] = {}
        for faces in asked.faces:
            command = [sys.executable, __file__, "--one", "--methods", method, "--faces", str(faces)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1]) | {"faces": faces}
            first = first or found
            grown = found["processor"] / first["processor"] / (faces / first["faces"])
            more = (found["peak_mb"] - first["peak_mb"]) / max(1, faces - first["faces"]) * 1e3
            told = f"{found['processor']:.1f} | {grown:.2f} | {found['peak_mb']:.0f} | {more:.1f}"
            print(f"| {method} | {faces:,} | {told} |")


if __name__ == "__main__":
    main()
