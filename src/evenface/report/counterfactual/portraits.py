"""Pictures of families that flipped, made small and put into the page as data."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDE = 168  # pixels of the longer side, for 120 on the page
MOST_PIXELS = 50_000_000  # a picture that claims more is not opened
KINDS = ("PNG", "JPEG", "WEBP", "BMP")


@dataclass(frozen=True)
class Portraits:
    """Pictures side by side.

    Attributes:
        shown: Each example with the data URIs of its two pictures as `uri_a` and `uri_b`.
        note: Why some or all are missing; empty if none is.
    """

    shown: list[dict[str, Any]]
    note: str


def portraits(data: Mapping[str, Any], folder: Path | None) -> Portraits:
    """Open the pictures of `examples[]`.

    Args:
        data: The counterfactual audit.
        folder: Where relative paths start; None: the working folder.
    """
    examples = data["examples"]
    if not examples:
        return Portraits([], "")
    named = [each for each in examples if each["image_a"] is not None and each["image_b"] is not None]
    if not named:
        return Portraits(
            [], "The table names no pictures, so that none can be shown. A column `image` with paths adds them."
        )
    try:
        import PIL.Image  # noqa: F401  # only here is it needed
    except ModuleNotFoundError:
        return Portraits([], "Pictures are not shown, as Pillow is not installed: pip install pillow.")
    shown, faults = [], []
    for each in named:
        pair = [_embed(folder, each[key]) for key in ("image_a", "image_b")]
        fault = next((found for found in pair if not found.startswith("data:")), None)
        if fault is None:
            shown.append({**each, "uri_a": pair[0], "uri_b": pair[1]})
        else:
            faults.append(fault)
    note = (
        f"Pictures of {len(faults)} of {len(named)} families could not be read; the first: {faults[0]}."
        if faults
        else ""
    )
    return Portraits(shown, note)


def _embed(folder: Path | None, name: str) -> str:
    """A picture as a data URI, or why there is none."""
    from PIL import Image, UnidentifiedImageError

    path = Path(name) if folder is None else folder / name
    if not path.is_file():
        return f"there is no file {name}"
    try:
        with Image.open(path, formats=KINDS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return f"{name} has {picture.width} x {picture.height} pixels"
            small = picture.convert("RGB")
            small.thumbnail((SIDE, SIDE))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        return f"{name} is no picture that can be read ({type(error).__name__})"
    out = io.BytesIO()
    small.save(out, "JPEG", quality=86)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
