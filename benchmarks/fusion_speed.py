"""How fast cues are fused, and how long a transfer matrix takes once its cues are read.

Run: `python benchmarks/fusion_speed.py [--faces 100000] [--quick]`. Five made cues of seven expressions, one of them of
1,280 channels; one thread. The matrix: five regions of 480 faces of 80 persons, learnt from and read in all, twelve
subsets of cues, five seeds, LAM, by `gated`. `--quick` does one seed and tells what five would take.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import torch

from _common import machine
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading
from evenface.cues._table import CueTable
from evenface.fusion.data import prepare
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.many import Faces, Many
from evenface.fusion.matrix import make_plan, run_jobs
from evenface.fusion.settings import TransferSettings

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
CUES = {"f": 1280, "u": 17, "i": 3, "i+": 4, "a": 7}
SUBSETS = ("A", "leave_one_out", "singles", "A-i+-u")


def made(regions: int = 5, persons: int = 80, each: int = 6) -> tuple[Manifest, CueTable]:
    rng = np.random.default_rng(0)
    n = regions * persons * each
    labels = rng.integers(0, len(CLASSES), n)
    nothing = pl.Series([None] * n, dtype=pl.String)
    frame = pl.DataFrame(
        {"face": [str(i) for i in range(n)], "image": nothing, "subject": [str(i // each) for i in range(n)],
         "dataset": ["made"] * n, "region": [f"region{i // (persons * each)}" for i in range(n)], "split": nothing,
         "label": pl.Series(labels, dtype=pl.Int16)}
    )  # fmt: skip
    readings = {}
    for cue, width in CUES.items():
        values = (rng.normal(0, 1, (7, width))[labels] + rng.normal(0, 2, (n, width))).astype(np.float32)
        if cue == "a":
            values = np.exp(values) / np.exp(values).sum(1, keepdims=True)
        readings[cue] = CueReading(values, np.ones(n, bool), np.full(n, 0.5, np.float32), (None,) * n)
    channels = {cue: CLASSES if cue == "a" else tuple(f"c{i}" for i in range(width)) for cue, width in CUES.items()}
    return Manifest(frame, LabelSpace.of(CLASSES), ()), CueTable(tuple(frame["face"]), channels, readings)


def fused(count: int) -> dict[str, tuple[float, float]]:
    """Faces a second by each fusion, on the clock and of the processor: one model of all five cues."""
    shape = Shape(tuple(CUES), 24, CLASSES, (False, True, True, True, True))
    faces = Faces(torch.randn(count, 5, 24), torch.rand(count, 5), torch.ones(count, 5), torch.zeros(count).long())
    speeds: dict[str, tuple[float, float]] = {}
    for name in FUSIONS:
        kind = FUSIONS.get(name)
        model = Many(kind(shape, kind.Options()), torch.ones(1, 5), 0)
        model.read(faces.take(torch.arange(1000)))
        clock, own = time.perf_counter(), time.process_time()
        model.read(faces)
        speeds[name] = count / (time.perf_counter() - clock), count / (time.process_time() - own)
    return speeds


def matrix(seeds: int) -> tuple[float, float]:
    """Seconds on the clock and of the processor that the jobs of a matrix take."""
    settings = TransferSettings(
        seeds=tuple(range(seeds)), fusions=("gated",), regimes=("lam",), subsets=SUBSETS,
        data={"manifest": "made", "cues": "made", "random_reference": False},
        detectors={"source": "region0", "as_channels": ("f", "i", "i+")},
    )  # fmt: skip
    data = prepare(*made(), settings.data)
    plan = make_plan(settings, data)
    assert len(plan.subsets) == 12
    with tempfile.TemporaryDirectory() as folder:
        clock, own = time.perf_counter(), time.process_time()
        done = sum(1 for _ in run_jobs(settings, data, plan, Path(folder)))
        assert done == 5 * seeds
        return time.perf_counter() - clock, time.process_time() - own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    for name, (clock, own) in fused(given.faces).items():
        print(f"{name:12} {clock:10,.0f} faces/s, {clock / 100_000:.1f} x the aim; {own:10,.0f} per processor second")
    clock, own = (each * (5 if given.quick else 1) for each in matrix(1 if given.quick else 5))
    print(f"matrix of 5 x 5 regions, 12 subsets, 5 seeds: {clock:.0f} s on the clock, {own:.0f} s of one processor")
    print(f"{300 / clock:.1f} x as fast as the aim of 300 s")


if __name__ == "__main__":
    main()
