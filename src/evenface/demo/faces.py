"""Faces for the page: those that were learnt from, and those that a net draws as another group."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from evenface.benchmark.prepare import Prepared, chips_of
from evenface.core.manifest import Manifest
from evenface.models.drawn import drawer, edited
from evenface.models.nets._files import load_net
from evenface.training.augment import to_pixels

_SHOWN = 10  # faces of a strip
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue (Rec. 709)
_SKIN = slice(3, 5)  # of eighths of rows and columns: between eyes and mouth, so mostly skin


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures with what was measured on the faces.

    Attributes:
        strips: Name -> PNG of faces side by side.
        numbers: Name -> value.
    """

    strips: Mapping[str, bytes]
    numbers: Mapping[str, Any]


def planted(prepared: Prepared, out: Path, seed: int) -> Pictures:
    """Show what is learnt from: faces of the expression that the bias is planted in, and others, drawn by lot."""
    suite = prepared.suite
    attribute, emotion = suite.groups[0], suite.emotion or ""
    manifest = Manifest.load(prepared.manifest)
    size = suite.faces.size if suite.faces is not None else 48
    frame, chips = chips_of(prepared.manifest, size, out)
    of_level = frame[f"attr:{attribute}"].to_numpy()
    levels = [level for level in _levels(manifest, attribute) if (of_level == level).any()]
    learnt = (frame["split"] == "train").to_numpy()
    chosen = (frame["label"] == manifest.labels.names.index(emotion)).to_numpy()
    rng = np.random.default_rng(seed)
    strips, counts = {}, {}
    for name, mine in (("biased", learnt & chosen), ("others", learnt & ~chosen)):
        lot = rng.permutation(np.flatnonzero(mine))[:_SHOWN]
        order = [place for level in levels for place in lot if of_level[place] == level]
        strips[name] = strip(chips.pixels[np.array(order)])
        counts[name] = {level: int((of_level[mine] == level).sum()) for level in levels}
    of_split = dict(frame["split"].value_counts().iter_rows())
    return Pictures(strips, {"splits": of_split, "levels": levels, "learnt": counts})


@torch.inference_mode()
def drawn_as(weights: Path, prepared: Prepared, out: Path) -> Pictures:
    """Draw the test faces again as each level of the attribute, and measure what that changes.

    Numbers: `real`, luminance of the skin of the first level's faces less that of the last's, 1 for white; `told`, the
    same between the same faces drawn as the one and as the other; `kept`, the share of faces that the net reads alike
    as another level.
    """
    net, card = load_net(weights)
    inner = drawer(net)
    attribute = prepared.suite.groups[0]
    levels = _levels(Manifest.load(prepared.manifest), attribute)
    frame, chips = chips_of(prepared.manifest, card.size, out)
    places = np.flatnonzero((frame["split"] == "test").to_numpy())
    codes = frame[f"attr:{attribute}"][places].cast(pl.Enum(levels)).to_physical().to_numpy().astype(np.int64)
    labels = frame["label"][places].to_numpy()
    pixels = to_pixels(torch.from_numpy(np.ascontiguousarray(chips.pixels[places])))
    latents = net.encode(pixels)
    told = torch.from_numpy(codes)[:, None]
    there = [int(code) for code in np.unique(codes)]  # a level that no face has was never drawn
    drawn = {code: inner.decode(latents, torch.full_like(told, code)) for code in there}
    turned = torch.tensor([*there[1:], there[0]])[torch.searchsorted(torch.tensor(there), told)]
    changed = edited(inner, pixels, latents, told, turned)
    kept = net.classify(net.encode(changed)).argmax(1) == net.classify(latents).argmax(1)
    real = [_skin(pixels[codes == code]) for code in there]
    # One face of each expression, of one level and the next in turn; the first that there is.
    shown = [
        int(np.flatnonzero((labels == label) & (codes == there[number % len(there)]))[0])
        for number, label in enumerate(np.unique(labels))
    ]
    rows = {"face": pixels, "drawn": inner.decode(latents, told)}
    rows |= {f"as {levels[code]}": each for code, each in drawn.items()}
    rows["changed"] = changed
    strips = {name: strip(_bytes(each[shown], card.size)) for name, each in rows.items()}
    numbers = {
        "real": real[0] - real[-1],
        "told": _skin(drawn[there[0]]) - _skin(drawn[there[-1]]),
        "width": latents.shape[1],
        "kept": float(kept.double().mean()),
        "shown": [card.classes[labels[place]] for place in shown],
    }
    return Pictures(strips, numbers)


def _levels(manifest: Manifest, attribute: str) -> tuple[str, ...]:
    return next(each.levels for each in manifest.attributes if each.name == attribute)


def _skin(pixels: Tensor) -> float:
    """Mean luminance of the middle of faces (face, 3, row, column), in [0, 1]."""
    middle = functional.adaptive_avg_pool2d(pixels.float(), 8)[:, :, _SKIN, _SKIN].mean((0, 2, 3))
    return float(middle @ torch.tensor(_LUMINANCE))


def _bytes(pixels: Tensor, size: int) -> NDArray[np.uint8]:
    """(face, row, column, 3) uint8 of `size` pixels."""
    sized = functional.interpolate(pixels.float(), (size, size), mode="bilinear", align_corners=False)
    return np.asarray((sized.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy())


def strip(faces: NDArray[np.uint8]) -> bytes:
    """PNG of faces (face, row, column, 3) side by side."""
    out = io.BytesIO()
    Image.fromarray(np.concatenate(list(faces), axis=1)).save(out, "PNG", optimize=True)
    return out.getvalue()
