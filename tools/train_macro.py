"""Train `macro`: expressions from real FER+ faces, and write its weights, its ONNX form and what was measured.

    python tools/train_macro.py --ferplus FOLDER --out FOLDER

FOLDER holds `FER2013Train/` and `FER2013Valid/` with their `label.csv`. Targets are the shares of the annotators' votes
(Barsoum et al., ICMI 2016). Copies of an image are left out of training where the validation part holds one too.
Weights are kept after each epoch.
"""

from __future__ import annotations

import argparse
import copy
import csv
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from evenface.models.macro_net import CLASSES, MacroNet, normalised

SEVEN = 7


def read_part(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images (face, 48, 48), votes (face, 8) and hashes of images, where expressions have more votes than the rest."""
    images, votes, hashes = [], [], []
    with (folder / "label.csv").open(newline="") as lines:
        for name, _, *counts in csv.reader(lines):
            numbers = np.array([int(count) for count in counts], np.float32)
            if numbers[8:].sum() >= numbers[:8].sum():
                continue
            image = np.asarray(Image.open(folder / name).convert("L"))
            images.append(image)
            votes.append(numbers[:8])
            hashes.append(hashlib.sha256(image.tobytes()).hexdigest())
    return np.stack(images), np.stack(votes), hashes


def vary(images: torch.Tensor) -> torch.Tensor:
    """Flip, turn, scale and shift faces, change contrast, blur or coarsen some, and hide a patch of some."""
    n = len(images)
    angle = (torch.rand(n) - 0.5) * 0.6
    scale = torch.exp((torch.rand(n) - 0.5) * 0.4)
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * scale * flip, -torch.sin(angle) * scale
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) * scale * flip, torch.cos(angle) * scale
    theta[:, :, 2] = (torch.rand(n, 2) - 0.5) * 0.28
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    out = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    out = (out / 255).clamp(1e-3, 1) ** torch.exp((torch.rand(n, 1, 1, 1) - 0.5) * 0.8)
    soft = torch.rand(n) < 0.15
    out[soft] = functional.avg_pool2d(out[soft], 3, 1, 1)
    out = normalised(out + torch.randn_like(out) * 0.03 * torch.rand(n, 1, 1, 1))
    rows, columns = torch.randint(0, 36, (2, n))
    hidden = torch.rand(n) < 0.4
    y, x = torch.arange(48)[None, :, None], torch.arange(48)[None, None, :]
    down = (y >= rows[:, None, None]) & (y < rows[:, None, None] + 14)
    patch = down & (x >= columns[:, None, None]) & (x < columns[:, None, None] + 14) & hidden[:, None, None]
    return torch.where(patch[:, None], torch.zeros(()), out)


@torch.inference_mode()
def answers(net: nn.Module, images: np.ndarray, batch: int = 512) -> torch.Tensor:
    """Logits (face, 8), mean of each face and its mirror image."""
    net.eval()
    out = []
    for first in range(0, len(images), batch):
        x = normalised(torch.from_numpy(images[first : first + batch])[:, None].float())
        out.append((net(x) + net(x.flip(3))) / 2)
    return torch.cat(out)


def measured(logits: torch.Tensor, votes: np.ndarray, temperature: float = 1.0) -> dict[str, float]:
    """Accuracy, macro F1, … over seven classes, on faces where one has more than half of the votes given to them."""
    seven = votes[:, :SEVEN]
    clear = (seven.max(1) * 2 > seven.sum(1)) & (seven.sum(1) > 0)
    truth = seven.argmax(1)[clear]
    chances = functional.softmax(logits[:, :SEVEN] / temperature, 1).numpy()[clear]
    said = chances.argmax(1)
    f1 = []
    for k in range(SEVEN):
        hit = ((said == k) & (truth == k)).sum()
        f1.append(2 * hit / max(1, (said == k).sum() + (truth == k).sum()))
    sure, right = chances.max(1), said == truth
    bins = np.minimum((sure * 15).astype(int), 14)
    ece = sum(abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(15)) / len(sure)
    recalls = [float((said[truth == k] == k).mean()) for k in range(SEVEN)]
    return {"faces": int(clear.sum()), "accuracy": float(right.mean()), "macro_f1": float(np.mean(f1)),
            "balanced_accuracy": float(np.mean(recalls)), "ece": float(ece)}  # fmt: skip


def train(
    images: np.ndarray, votes: np.ndarray, valid: tuple[np.ndarray, np.ndarray], given: argparse.Namespace
) -> nn.Module:
    """Fit with a one-cycle rate, bf16 where it counts, and a running mean of the weights, which is what is kept."""
    torch.manual_seed(given.seed)
    net = MacroNet().to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net)
    shares, pixels = torch.from_numpy(votes / votes.sum(1, keepdims=True)), torch.from_numpy(images)[:, None]
    per_epoch = len(images) // given.batch
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}], lr=3e-3
    )
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=given.epochs * per_epoch, pct_start=0.2)
    for epoch in range(given.epochs):
        order, start, total = torch.randperm(len(images)), time.time(), 0.0
        net.train()
        for first in range(0, per_epoch * given.batch, given.batch):
            chosen = order[first : first + given.batch]
            x = vary(pixels[chosen].float()).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(x)
            loss = -(shares[chosen] * functional.log_softmax(logits.float(), 1)).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            plan.step()
            with torch.no_grad():
                for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                    kept.lerp_(new, 0.002 if epoch else 0.05) if kept.is_floating_point() else kept.copy_(new)
            total += loss.item()
        found = measured(answers(mean, valid[0]), valid[1])
        line = {"epoch": epoch + 1, "loss": total / per_epoch, "seconds": round(time.time() - start)} | found
        print(json.dumps(line), flush=True)
        save_file({k: v.contiguous() for k, v in mean.state_dict().items()}, given.out / "macro.safetensors")
    return mean


def main() -> None:
    """Train, calibrate, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ferplus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=26)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    images, votes, hashes = read_part(given.ferplus / "FER2013Train")
    valid_images, valid_votes, valid_hashes = read_part(given.ferplus / "FER2013Valid")
    seen = set(valid_hashes)
    keep = np.array([not (name in seen or seen.add(name)) for name in hashes])
    print(
        json.dumps(
            {"train": int(keep.sum()), "left out as copies": int((~keep).sum()), "validation": len(valid_images)}
        )
    )
    net = train(images[keep], votes[keep], (valid_images, valid_votes), given)
    logits = answers(net, valid_images)
    temperatures = np.linspace(0.5, 3, 101)
    losses = [
        -(torch.from_numpy(valid_votes / valid_votes.sum(1, keepdims=True)) * functional.log_softmax(logits / t, 1))
        .sum(1)
        .mean()
        for t in temperatures
    ]
    temperature = float(temperatures[int(np.argmin(losses))])
    found = {"classes": CLASSES, "temperature": temperature} | measured(logits, valid_votes, temperature)
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, given.out / "macro.safetensors")
    (given.out / "macro.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
