"""Training speed: the loop of `evenface train` beside a plain fp32 PyTorch loop of the same net, in the same run.

The plain loop is what one writes first: float32, default memory layout, AdamW, all faces as one float tensor, mirrored
at random and not changed otherwise, no average of weights. The loop of the package does all that it does by itself:
augmentation, average, checks. The two take turns step by step, so that a busy machine is as busy for both; the medians
of their steps count, without the first few. Aim: twice the faces per second.

    python benchmarks/train_speed.py [--batch 128] [--size 48] [--threads 0] [--steps 40]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import torch
from PIL import Image

from _common import machine
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.training.loop import Report
from evenface.training.run import train
from evenface.training.settings import TrainSettings

CLASSES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
WARM = 4


def made_faces(folder: Path, n: int, size: int) -> Path:
    """Pictures of noise: the time of a step does not depend on what is shown."""
    rng = np.random.default_rng(0)
    for i in range(n):
        Image.fromarray(rng.integers(0, 255, (size, size, 3), np.uint8)).save(folder / f"{i}.png", compress_level=0)
    none = pl.Series([None] * n, dtype=pl.String)
    frame = pl.DataFrame(
        {
            "face": [str(i) for i in range(n)],
            "image": [f"{i}.png" for i in range(n)],
            "subject": none,
            "dataset": ["noise"] * n,
            "region": none,
            "split": ["validation"] * 16 + ["train"] * (n - 16),
            "label": pl.Series(np.arange(n) % len(CLASSES), dtype=pl.Int16),
        }
    )
    return Manifest(frame, LabelSpace.of(CLASSES), ()).save(folder / "manifest.parquet")


class PlainLoop:
    """Net, data and optimiser as they come."""

    def __init__(self, n: int, size: int, batch: int) -> None:
        self.net = Residual(len(CLASSES), ResidualOptions())
        self.pixels, self.labels = torch.rand(n, 3, size, size), torch.arange(n) % len(CLASSES)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss()
        self.batch = batch

    def step(self) -> float:
        """Take one step, and give its seconds."""
        start = time.perf_counter()
        chosen = torch.randint(0, len(self.pixels), (self.batch,))
        pixels = self.pixels[chosen]
        if torch.rand(()) < 0.5:
            pixels = pixels.flip(3)
        self.optimiser.zero_grad()
        self.loss(self.net(pixels), self.labels[chosen]).backward()
        self.optimiser.step()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("batch", 128), ("size", 48), ("threads", 0), ("steps", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    n = asked.batch * asked.steps // 4
    plain = PlainLoop(n, asked.size, asked.batch)
    theirs: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        made_faces(Path(folder), n + 16, asked.size)
        settings = TrainSettings.load(
            None,
            [
                f"data.manifest={folder}",
                f"out={folder}/runs",
                f"data.size={asked.size}",
                f"batch={asked.batch}",
                "epochs=4",
                "device.accelerator=cpu",
                f"device.threads={asked.threads}",
                "checkpoint_seconds=1e9",
            ],
        )
        last = [0.0, 0]

        def turn(_: int, at: Report) -> None:
            epoch = at.epoch
            if epoch == last[1]:  # the first step of an epoch follows a look at validation faces
                ours.append(time.perf_counter() - last[0])
            theirs.append(plain.step())
            last[:] = [time.perf_counter(), epoch]

        (run,) = train(settings, report=turn)
        threads = settings.device.threads or torch.get_num_threads()
    fast, slow = (asked.batch / statistics.median(each[WARM:]) for each in (ours, theirs))
    print(f"{machine('torch', 'lightning-fabric')}, {threads} threads")
    print(f"{run.result['parameters']:,} parameters, {asked.size} x {asked.size} pixels, batches of {asked.batch}")
    print(f"evenface train: {fast:,.0f} faces/s (median of {len(ours) - WARM} steps)")
    print(f"plain fp32 loop: {slow:,.0f} faces/s (median of {len(theirs) - WARM} steps)")
    print(f"ratio {fast / slow:.2f}, aim 2")


if __name__ == "__main__":
    main()
