"""Reading the faces of a split with a net, and measuring how well: for the choice of an epoch and the temperature.

What a model may be judged by is the audit of its predictions; these few numbers steer training.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenface.core import calibration
from evenface.mitigation._mitigation import Answers
from evenface.models.nets._net import Net
from evenface.training.augment import to_pixels
from evenface.training.data import TrainingData
from evenface.training.selection import Scores

_BATCH = 512
Floats = NDArray[np.float64]


def read_faces(
    net: Net, chips: NDArray[np.uint8], places: NDArray[np.int64], device: torch.device, flip: bool, bf16: bool = False
) -> Floats:
    """Give scores (face, class), not normalised, of the faces at `places`.

    Args:
        net: Ready to answer.
        chips: (face, row, column, 3).
        places: Which faces.
        device: Where the net is.
        flip: Whether scores are the mean over each face and its mirror image.
        bf16: Whether multiplications are in bfloat16.
    """
    found = []
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        for start in range(0, len(places), _BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(chips[places[start : start + _BATCH]])).to(device)
            pixels = to_pixels(batch)
            logits: Tensor = net(pixels).float()
            if flip:
                logits = (logits + net(pixels.flip(3)).float()) / 2
            found.append(logits.cpu().numpy().astype(np.float64))
    return np.concatenate(found) if found else np.zeros((0, net.classes))


def answers_of(net: Net, data: TrainingData, split: str, device: torch.device) -> Answers:
    """Give what a net makes of a split, without augmentation: latents and scores, beside what is known."""
    places, latents, logits = data.splits[split], [], []
    with torch.inference_mode():
        for start in range(0, len(places), _BATCH):
            chips = torch.from_numpy(np.ascontiguousarray(data.chips.pixels[places[start : start + _BATCH]]))
            found = net.encode(to_pixels(chips.to(device)))
            latents.append(found.float().cpu().numpy())
            logits.append(net.classify(found).double().cpu().numpy())
    known = data.labels[places], data.groups[places], data.attributes[places], data.values[places]
    return Answers(np.concatenate(latents), np.concatenate(logits), *known)


def chances(logits: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities (face, class) of scores: a soft maximum of scores / temperature."""
    scaled = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
    return np.asarray(scaled / scaled.sum(1, keepdims=True))


def log_loss(logits: Floats, labels: NDArray[np.int64], temperature: float = 1.0) -> float:
    """Mean negative log of the probability of the label, in nats; NaN without faces."""
    if not len(labels):
        return math.nan
    scaled = logits / temperature
    top = scaled.max(1)
    total = top + np.log(np.exp(scaled - top[:, None]).sum(1))
    return float((total - scaled[np.arange(len(labels)), labels]).mean())


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Find the temperature of least log loss, between 0.05 and 20 (Guo et al., arXiv:1706.04599).

    The loss is convex in 1 / temperature, so thirds of that span are thrown away until it is found.
    """
    low, high = 0.05, 20.0
    while high - low > 1e-5 * low:
        first, second = low + (high - low) / 3, high - (high - low) / 3
        if log_loss(logits, labels, 1 / first) <= log_loss(logits, labels, 1 / second):
            high = second
        else:
            low = first
    return 2 / (low + high)


def calibration_error(p: Floats, labels: NDArray[np.int64]) -> float:
    """Expected calibration error of the highest probability; NaN without faces."""
    return calibration.calibration_error(p.max(1), p.argmax(1) == labels)


def score(logits: Floats, data: TrainingData, places: NDArray[np.int64]) -> Scores:
    """Measure how well the faces at `places` are read, over all and in each group."""
    labels, groups = data.labels[places], data.groups[places]
    right = logits.argmax(1) == labels
    of_class = np.bincount(labels, minlength=logits.shape[1])
    recall = np.bincount(labels, right, logits.shape[1])[of_class > 0] / of_class[of_class > 0]
    known = groups >= 0
    faces = np.bincount(groups[known], minlength=len(data.group_names))
    hits = np.bincount(groups[known], right[known], len(data.group_names))
    values = [float(hit / n) if n else math.nan for hit, n in zip(hits, faces, strict=True)]
    return Scores(
        len(labels),
        float(right.mean()) if len(labels) else math.nan,
        float(recall.mean()) if len(labels) else math.nan,
        log_loss(logits, labels),
        dict(zip(data.group_names, values, strict=True)),
        dict(zip(data.group_names, faces.tolist(), strict=True)),
    )
