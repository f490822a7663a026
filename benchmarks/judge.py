"""A judge of expression that has seen real faces only: a small residual network trained on FER+.

    python benchmarks/judge.py --ferplus FOLDER --out judge.safetensors

FOLDER is FER+ as folders of 48x48 grey PNGs, `FER2013Train/` and `FER2013Valid/`, each with a `label.csv` of votes.
The judge never sees a generated face. Its answers on generated faces say how far those look like real ones to a
stranger; its own confusions on real faces are printed beside them, since no judge is without bias.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
SEVEN = CLASSES[:7]


class Block(nn.Module):
    """Two convolutions and a way round them."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        """Take `inside` channels to `outside`, `stride` pixels at a time."""
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.way_round = nn.Conv2d(inside, outside, 1, stride, bias=False) if (inside, stride) != (outside, 1) else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(face, channel, row, column) in and out."""
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return functional.relu(y + (x if self.way_round is None else self.way_round(x)))


class Judge(nn.Module):
    """Grey faces of 48 x 48 pixels to eight logits, in the order of `CLASSES`."""

    def __init__(self) -> None:
        """Three stages of residual blocks, about 1.6 million weights."""
        super().__init__()
        widths = (48, 96, 192)
        stages: list[nn.Module] = [
            nn.Conv2d(1, 32, 3, 1, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        inside = 32
        for number, width in enumerate(widths):
            stages += [Block(inside, width, 1 if number == 0 else 2), Block(width, width, 1)]
            inside = width
        self.body = nn.Sequential(*stages)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(inside, len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(face, 1, 48, 48), each face of mean 0 and deviation 1, to (face, class)."""
        return self.head(self.drop(self.body(x).mean((2, 3))))


def read_part(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images (face, 48, 48), votes (face, 8) and a hash of each image, for faces with any vote for an expression."""
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


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Each face to mean 0 and deviation 1."""
    mean = images.mean((1, 2, 3), keepdim=True)
    return (images - mean) / images.std((1, 2, 3), keepdim=True).clamp_min(1e-3)


def vary(images: torch.Tensor) -> torch.Tensor:
    """Flip, turn, scale and shift faces, change their contrast, blur some and hide a patch of some."""
    n = len(images)
    angle = (torch.rand(n) - 0.5) * 0.7
    scale = torch.exp((torch.rand(n) - 0.5) * 0.5)
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * scale * flip, -torch.sin(angle) * scale
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) * scale * flip, torch.cos(angle) * scale
    theta[:, :, 2] = (torch.rand(n, 2) - 0.5) * 0.36
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    out = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    gamma = torch.exp((torch.rand(n, 1, 1, 1) - 0.5) * 1.0)
    out = (out / 255).clamp(1e-3, 1) ** gamma
    soft = torch.rand(n) < 0.25
    out[soft] = functional.avg_pool2d(out[soft], 3, 1, 1)
    out = out + torch.randn_like(out) * 0.04 * torch.rand(n, 1, 1, 1)
    out = normalise(out)
    rows, columns = torch.randint(0, 36, (2, n))
    for i in torch.nonzero(torch.rand(n) < 0.3).flatten().tolist():
        out[i, :, rows[i] : rows[i] + 14, columns[i] : columns[i] + 14] = 0
    return out


def train(images: np.ndarray, votes: np.ndarray, epochs: int, batch: int = 128) -> Judge:
    """Fit a judge to the shares of votes, rare expressions weighing more (inverse root of their share)."""
    torch.manual_seed(0)
    judge = Judge().to(memory_format=torch.channels_last)
    shares = torch.from_numpy(votes / votes.sum(1, keepdims=True))
    weight = (1 / shares.mean(0).clamp_min(1e-4)) ** 0.5
    weight = weight / (weight * shares.mean(0)).sum()
    pixels = torch.from_numpy(images)[:, None]
    steps = epochs * (len(images) // batch)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.15)
    for epoch in range(epochs):
        order, start, total = torch.randperm(len(images)), time.time(), 0.0
        judge.train()
        for first in range(0, len(images) - batch + 1, batch):
            chosen = order[first : first + batch]
            x = vary(pixels[chosen].float()).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = judge(x)
            target = shares[chosen] * weight
            loss = -(target * functional.log_softmax(logits.float(), 1)).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
            total += loss.item()
        print(
            f"epoch {epoch + 1}/{epochs}  loss {total / (len(images) // batch):.3f}  {time.time() - start:.0f} s",
            flush=True,
        )
    return judge.eval()


@torch.inference_mode()
def judged(judge: Judge, images: np.ndarray) -> np.ndarray:
    """Probabilities (face, 8) of grey faces (face, 48, 48), mean of each face and its mirror image."""
    out = []
    for first in range(0, len(images), 512):
        x = normalise(torch.from_numpy(images[first : first + 512])[:, None].float())
        both = judge(x), judge(x.flip(3))
        out.append(sum(functional.softmax(logits, 1) for logits in both) / 2)
    return torch.cat(out).numpy()


def recalls(truth: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """Share of each of the seven expressions that is read as itself."""
    return {name: float((answer[truth == i] == i).mean()) for i, name in enumerate(SEVEN)}


def train_and_save(ferplus: Path, out: Path, epochs: int) -> None:
    """Train on FER+'s training part, save, and print how well faces of its validation part are read."""
    images, votes, hashes = read_part(ferplus / "FER2013Train")
    valid_images, valid_votes, valid_hashes = read_part(ferplus / "FER2013Valid")
    seen: set[str] = set(valid_hashes)
    keep = [not (name in seen or seen.add(name)) for name in hashes]
    print(f"{sum(keep)} faces to train on, {len(keep) - sum(keep)} left out as copies of another")
    judge = train(images[keep], votes[keep], epochs)
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in judge.state_dict().items()}, out)
    clear = (valid_votes.max(1) * 2 > valid_votes.sum(1)) & (valid_votes.argmax(1) < 7)
    answer = judged(judge, valid_images)[clear][:, :7].argmax(1)
    found = recalls(valid_votes[clear].argmax(1), answer)
    print({name: round(value, 3) for name, value in found.items()})
    print(
        f"accuracy {(answer == valid_votes[clear].argmax(1)).mean():.3f}  balanced {np.mean(list(found.values())):.3f}"
    )


def main() -> None:
    """Train, save, print how well real faces are read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ferplus", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("judge.safetensors"))
    parser.add_argument("--epochs", type=int, default=16)
    given = parser.parse_args()
    train_and_save(given.ferplus, given.out, given.epochs)


if __name__ == "__main__":
    main()
