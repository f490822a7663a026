"""Pictures of what a latent holds: faces drawn again, drawn as another group, and drawn along the latent's axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from evenface.core.errors import InputError
from evenface.models.nets._net import Net
from evenface.models.nets._wrapper import innermost
from evenface.models.nets.vae import VAE

_CAPTION, _EDGE, _PAPER, _INK = 16, 2, 255, 40  # pixels and grey values


def edited(net: VAE, pixels: Tensor, latents: Tensor, told: Tensor, other: Tensor) -> Tensor:
    """Change attributes of faces by what the decoder changes; what it cannot draw stays as it is.

    Args:
        net: That draws.
        pixels: (face, 3, row, column) in [0, 1].
        latents: (face, latent) of the faces.
        told: (face, attribute) what they are, -1 where not known.
        other: (face, attribute) what they are to be.

    Returns:
        As `pixels`.
    """
    change = (net.decode(latents, other) - net.decode(latents, told)).float()
    if change.shape[2:] != pixels.shape[2:]:
        change = functional.interpolate(change, list(pixels.shape[2:]), mode="bilinear", align_corners=False)
    return (pixels + change).clamp(0, 1)


def drawer(net: Net) -> VAE:
    """Give the net that draws, which may be inside others.

    Raises:
        InputError: It draws no faces.
    """
    inside = innermost(net)
    if not isinstance(inside, VAE):
        raise InputError(f"A net of kind {inside.options.kind!r} draws no faces. Train one with net.kind = 'vae'.")
    return inside


@torch.inference_mode()
def sheet(
    net: Net,
    pixels: Tensor,
    told: Tensor | None = None,
    attributes: Mapping[str, Sequence[str | None]] | None = None,
    *,
    directions: int = 4,
    steps: int = 7,
    scale: int = 2,
) -> NDArray[np.uint8]:
    """Draw one contact sheet: a row for each face, and below a row for each of the latent's main directions.

    A row of a face shows the face, what the decoder makes of its latent, and the face changed to each level of each
    attribute that the decoder is told. A row of a direction starts from the first face and goes along a principal
    axis of the latents of all faces given, from -3 to 3 of its deviations.

    Args:
        net: That draws, ready to answer.
        pixels: (face, 3, row, column) in [0, 1].
        told: (face, attribute) what the faces are, -1 where not known; None: nothing is known.
        attributes: Each attribute that the decoder is told, with the names of its levels; None for a level that is not
            to be drawn, such as one that the decoder never saw.
        directions: Of the latent; at most one less than there are faces.
        steps: Faces along a direction.
        scale: Pixels across for each pixel.

    Returns:
        (row, column, 3) RGB.

    Raises:
        InputError: The net draws no faces, or is told other attributes than those named.
    """
    latents = net.encode(pixels)  # as a wrapper leaves them
    net = drawer(net)
    names = dict(attributes or {})
    if (sizes := tuple(len(levels) for levels in names.values())) != net.options.attributes:
        raise InputError(f"The decoder is told attributes with {net.options.attributes} levels; named are {sizes}.")
    if told is None:
        told = torch.full((len(pixels), len(names)), -1)
    columns = {"face": pixels, "drawn": _sized(net.decode(latents, told), pixels)}
    for i, levels in enumerate(names.values()):
        for level, name in enumerate(levels):
            if name is None:
                continue
            other = told.clone()
            other[:, i] = level
            columns[name] = edited(net, pixels, latents, told, other)
    blocks = [_block(list(columns), torch.stack(list(columns.values()), 1), scale)]
    if directions := min(directions, len(pixels) - 1):
        _, spread, axes = torch.pca_lowrank(latents, min(directions + 2, len(pixels)), niter=4)
        deviations = spread[:directions] / max(len(pixels) - 1, 1) ** 0.5
        moves = (deviations * axes[:, :directions]).T  # (direction, latent)
        at = torch.linspace(-3, 3, steps)
        walks = latents[0] + at[None, :, None] * moves[:, None, :]
        rows = net.decode(walks.flatten(0, 1), told[:1].expand(directions * steps, -1))
        captions = [f"{place:+.0f} sd" for place in at.tolist()]
        blocks.append(_block(captions, _sized(rows, pixels).view(directions, steps, *pixels.shape[1:]), scale))
    across = max(block.shape[1] for block in blocks)
    return np.concatenate(
        [np.pad(b, ((0, 0), (0, across - b.shape[1]), (0, 0)), constant_values=_PAPER) for b in blocks]
    )


def _sized(drawn: Tensor, like: Tensor) -> Tensor:
    if drawn.shape[2:] == like.shape[2:]:
        return drawn
    return functional.interpolate(drawn, list(like.shape[2:]), mode="bilinear", align_corners=False)


def _block(captions: Sequence[str], pictures: Tensor, scale: int) -> NDArray[np.uint8]:
    """Lay out (row, column, 3, y, x) with a caption above each column."""
    large = functional.interpolate(pictures.flatten(0, 1).float(), scale_factor=float(scale), mode="bilinear")
    cells = (large.clamp(0, 1) * 255).round().byte()
    cells = cells.view(*pictures.shape[:2], *cells.shape[1:])
    edged = functional.pad(cells, (_EDGE, _EDGE, _EDGE, _EDGE), value=_PAPER)
    rows, columns, _, high, wide = edged.shape
    body = edged.permute(0, 3, 1, 4, 2).reshape(rows * high, columns * wide, 3).numpy()
    head = Image.new("RGB", (columns * wide, _CAPTION), (_PAPER,) * 3)
    pen = ImageDraw.Draw(head)
    for i, caption in enumerate(captions):
        pen.text((i * wide + wide / 2, _CAPTION / 2), caption, fill=(_INK,) * 3, anchor="mm")
    return np.concatenate([np.asarray(head), body])
