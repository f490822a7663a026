"""What is drawn of a run: its latents in two directions, and faces drawn from them again."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from evenface.core.errors import InputError
from evenface.models.drawn import drawer, sheet
from evenface.probe.opened import Column, Opened
from evenface.training.augment import to_pixels
from evenface.training.data import TrainingData

MOST_POINTS = 500
_FACES, _JUDGED = 5, 64


def latent_map(run: Opened, latents: NDArray[np.float32], columns: list[Column]) -> dict[str, Any]:
    """Give places of some faces along the two directions in which latents vary most, and what the faces are.

    Args:
        run: For its expressions.
        latents: (face, latent).
        columns: Attributes of the faces.
    """
    centred = latents.astype(np.float64) - latents.mean(0)
    _, scale, directions = np.linalg.svd(centred, full_matrices=False)
    # Each direction's largest part is made positive, so that the same latents give the same picture.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(1)]) if len(directions) > 1 else 1
    points = centred @ (directions[:2].T * signs)
    step = -(-len(points) // MOST_POINTS)
    variance = scale**2 / max((scale**2).sum(), 1e-300)
    return {
        "run": run.name,
        "explained": variance[:2].tolist(),
        "points": [[float(f"{v:.4g}") for v in row] for row in points[::step].tolist()],
        "expression": run.data.labels[run.places][::step].tolist(),
        "attributes": {c.name: c.values[::step].tolist() for c in columns if c.levels},
    }


@torch.inference_mode()
def drawn_sheet(run: Opened) -> tuple[bytes | None, str]:
    """Give a PNG of faces drawn again, as another group and along the latent's directions; or None and the reason."""
    net, data = run.net, run.data
    try:
        inner = drawer(net)
    except InputError:
        return None, f"a net of kind {net.options.kind} draws no faces"
    labels = data.labels[run.places]
    order = np.concatenate([np.flatnonzero(labels == label)[:_JUDGED] for label in np.unique(labels)])
    first = [
        int(np.flatnonzero(labels == label)[i % 2])
        for i, label in enumerate(np.unique(labels))
        if (labels == label).sum() > 1
    ]
    judged, shown = run.places[order[:: max(1, len(order) // _JUDGED)]], run.places[first[:_FACES]]
    if len(shown) < 2:
        return None, "there are too few faces"
    pixels = _pixels(run, judged)
    again = torch.nn.functional.interpolate(inner.decode(net.encode(pixels)), pixels.shape[2:], mode="bilinear")
    if (again - pixels).square().mean() > (pixels.mean(0) - pixels).square().mean():
        return None, "what it draws is further from the faces than their mean is: its decoder was not taught to draw"
    told, levels = _taught(data, shown) if inner.options.attributes else (None, {})
    picture = sheet(net, _pixels(run, shown), told, levels, directions=3, scale=max(1, 96 // run.card.size))
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", optimize=True)
    return out.getvalue(), ""


def _taught(data: TrainingData, places: NDArray[np.int64]) -> tuple[torch.Tensor, dict[str, tuple[str | None, ...]]]:
    """What faces are, and the names of levels; a level that no training face has is not known, and has no name."""
    codes, names = data.attributes[places], {}
    for i, (attribute, levels) in enumerate(data.levels.items()):
        seen = np.unique(data.attributes[data.splits["train"], i])
        codes[:, i] = np.where(np.isin(codes[:, i], seen), codes[:, i], -1)
        names[attribute] = tuple(name if code in seen else None for code, name in enumerate(levels))
    return torch.from_numpy(codes), names


def _pixels(run: Opened, places: NDArray[np.int64]) -> torch.Tensor:
    return to_pixels(torch.from_numpy(np.ascontiguousarray(run.data.chips.pixels[places])))
