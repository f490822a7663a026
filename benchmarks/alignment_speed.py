"""Speed of a training step: the variational net beside pythae's VAE of the same layers, and what each alignment adds.

pythae 0.1.2's VAE gets the encoder and decoder of our own net, float32 and the default memory layout, and has no
classifier; our step has the classifier, bfloat16 and channels last, and is counted without alignment and with each term
by itself. All take turns step by step, so that a busy machine is as busy for each; processor seconds count, and their
medians. Aims: twice pythae's faces per second, each term under 15 % of a step.

    pip download pythae==0.1.2 --no-deps -d peers && unzip -d peers/pythae peers/pythae-*.whl
    PYTHONPATH=peers/pythae python benchmarks/alignment_speed.py [--batch 128] [--size 48] [--steps 20]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from _common import machine
from evenface.mitigation._mitigation import Task
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.mitigation.latent_alignment import LatentAlignment, LatentAlignmentOptions
from evenface.models.nets.vae import VAE, VAEOptions
from evenface.training.learner import Learner

CLASSES, LEVELS, WARM = 7, 2, 3


def made_task(batch: int) -> Task:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, LEVELS, (batch, 1))
    names = tuple(f"class {i}" for i in range(CLASSES))
    labels = rng.integers(0, CLASSES, batch)
    empty = np.zeros((batch, 0), np.float32)
    return Task(names, ("a", "b"), labels, codes[:, 0], 48, 0, {"q": ("a", "b")}, codes, (), empty)


def ours(task: Task, pixels: Tensor, grid: int, **options: Any) -> Callable[[], None]:
    """Make a step of latent alignment."""
    plain = VAE(CLASSES, VAEOptions(grid=grid, drawing=(96, 64, 32)))
    given = Task(*(getattr(task, name) if name != "width" else plain.width for name in task.__dataclass_fields__))
    mitigation = LatentAlignment(given, LatentAlignmentOptions(**options))
    learner = Learner(mitigation.prepare(plain), mitigation, torch.ones(CLASSES), 0.0, 1000)
    learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    main = torch.optim.AdamW(learner.own_parameters(), 1e-4, fused=True)
    optimisers = [main] if learner.opposed is None else [main, learner.opposed]
    labels, codes = torch.from_numpy(task.labels), torch.from_numpy(task.face_attributes)
    batch = {
        "pixels": pixels.contiguous(memory_format=torch.channels_last),
        "targets": torch.nn.functional.one_hot(labels, CLASSES).float(),
        "labels": labels,
        "groups": codes[:, 0],
        "attributes": codes,
        "values": torch.zeros(len(labels), 0),
        "faces": torch.arange(len(labels)),
    }

    def step() -> None:
        for optimiser in optimisers:
            optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            total, _, _ = learner(500, **batch)
        total.backward()
        for optimiser in optimisers:
            optimiser.step()

    return step


def theirs(pixels: Tensor, grid: int) -> Callable[[], None] | None:
    """Make a step of pythae's VAE on the same layers; None if pythae is not there."""
    try:
        from pythae.models import VAE as Theirs  # noqa: N811
        from pythae.models import VAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
    except ModuleNotFoundError as error:
        print(f"pythae is not compared: there is no module {error.name}.")
        return None
    net = VAE(CLASSES, VAEOptions(grid=grid, drawing=(96, 64, 32)))

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.stages, self.moments = net.stem, net.stages, net.moments

        def forward(self, x: Tensor) -> Any:
            mean, log_variance = net.distribution(x)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.drawer = net.drawer

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=net.decode(z))

    config = VAEConfig(input_dim=tuple(pixels.shape[1:]), latent_dim=net.width, reconstruction_loss="mse")
    model = Theirs(config, Encoder(), Decoder())
    optimiser = torch.optim.AdamW(model.parameters(), 1e-4)

    def step() -> None:
        optimiser.zero_grad()
        model({"data": pixels}).loss.backward()
        optimiser.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("batch", 128), ("size", 48), ("steps", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pixels, grid, task = torch.rand(asked.batch, 3, asked.size, asked.size), asked.size // 8, made_task(asked.batch)
    steps = {"plain": ours(task, pixels, grid, terms=[])}
    for name in ALIGNMENTS:
        steps[name] = ours(task, pixels, grid, terms=[name])
    steps["swap"] = ours(task, pixels, grid, terms=["mmd"], swap=1.0)
    if (pythae := theirs(pixels, grid)) is not None:
        steps["pythae"] = pythae
    took: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(asked.steps):
        for name, step in steps.items():
            start = time.process_time()
            step()
            took[name].append(time.process_time() - start)
    print(machine("torch"))
    report({name: statistics.median(each[WARM:]) for name, each in took.items()}, asked.batch)


def report(seconds: dict[str, float], batch: int) -> None:
    """Print faces per second, and what each costs beside the plain step."""
    plain = seconds["plain"]
    print("| step | ms | faces/s | beside plain |")
    print("| --- | ---: | ---: | ---: |")
    for name, each in seconds.items():
        print(f"| {name} | {each * 1e3:.1f} | {batch / each:,.0f} | {each / plain - 1:+.1%} |")
    if "pythae" in seconds:
        print(f"plain beside pythae: {seconds['pythae'] / plain:.2f} times the faces per second, aim 2")


if __name__ == "__main__":
    main()
