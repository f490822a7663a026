"""What a net holds of faces at each place: pixels, the layers before and after the latent, the latent, the scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from evenface.models.nets._net import Net
from evenface.training.augment import to_pixels

PIXELS, LATENT, LOGITS, ANSWERS = "pixels", "latent", "logits", "answers"
MOST_FEATURES = 512  # of a place that has rows and columns: these are averaged until it fits
_TOGETHER = 256


@torch.inference_mode()
def read_places(
    net: Net, chips: NDArray[np.uint8], groups: NDArray[np.int64] | None = None, *, layers: bool = False
) -> dict[str, NDArray[np.float32]]:
    """Show faces to a net, and keep what each place holds.

    Args:
        net: Ready to answer, on the CPU.
        chips: (face, row, column, 3) uint8, RGB.
        groups: (face,) index of the group that each face is known to be in, -1 where it is not.
        layers: Whether to keep the layers as well.

    Returns:
        Place -> (face, feature), in the order in which they are computed: `pixels`, the layers of the encoder,
        `latent`, the layers of the head but for the one that gives the scores, `logits`. Where the net changes its
        scores by the group, `answers` are the changed ones. Places with rows and columns are averaged to a square grid
        of at most 512 features, or of one cell.
    """
    kept: dict[str, list[Tensor]] = {}
    for start in range(0, len(chips), _TOGETHER):
        pixels = to_pixels(torch.from_numpy(np.ascontiguousarray(chips[start : start + _TOGETHER])))
        found = {PIXELS: _few(pixels)}
        with _watching(net if layers else None, found):
            latents = net.encode(pixels)
            found[LATENT] = latents.flatten(1)
            logits = net.classify(latents)
        found = {place: seen for place, seen in found.items() if seen is not logits} | {LOGITS: logits}
        for place, seen in found.items():
            kept.setdefault(place, []).append(seen.float())
    places = {place: torch.cat(parts).numpy() for place, parts in kept.items()}
    if groups is not None:
        answers = net.adjust(places[LOGITS].astype(np.float64), groups).astype(np.float32)
        if not np.array_equal(answers, places[LOGITS]):
            places[ANSWERS] = answers
    return places


def children(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield name and module of each child that has weights, going into nets inside nets and into sequences.

    A normalisation is left out: it only scales the channels of the layer before, which no probe notices.
    """
    for name, child in module.named_children():
        if isinstance(child, Net):
            yield from children(child, prefix)
        elif isinstance(child, nn.Sequential) and not prefix:
            yield from children(child, f"{name}.")
        elif next(child.parameters(), None) is not None and not isinstance(child, nn.BatchNorm2d):
            yield f"{prefix}{name}", child


@contextmanager
def _watching(net: Net | None, found: dict[str, Tensor]) -> Iterator[None]:
    """Keep what the children of a net give while it reads; a child that is used twice is kept as it was last."""

    def keeper(name: str) -> Callable[[nn.Module, object, object], None]:
        def keep(_: nn.Module, __: object, given: object) -> None:
            if isinstance(given, Tensor):
                found[name] = _few(given)

        return keep

    hooks = [] if net is None else [child.register_forward_hook(keeper(name)) for name, child in children(net)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _few(seen: Tensor) -> Tensor:
    """Average rows and columns until few enough features are left, (face, feature)."""
    if seen.ndim == 4:
        side = max(1, min(seen.shape[2], seen.shape[3], int((MOST_FEATURES / seen.shape[1]) ** 0.5)))
        seen = functional.adaptive_avg_pool2d(seen, side)
    return seen.flatten(1)
