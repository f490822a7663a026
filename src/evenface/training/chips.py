"""Faces as one array on disk: made once, then read through memory mapping by every run and epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.faces.chips import ChipStore

_AT_ONCE = 4096  # faces that are hashed together


@dataclass(frozen=True, slots=True)
class Chips:
    """Faces, all of one size.

    Attributes:
        pixels: (face, row, column, 3) uint8 RGB, read from disk as it is asked for.
        reasons: Place -> why there is no chip; its pixels are 0.
        sha256: Of all pixels.
    """

    pixels: NDArray[np.uint8]
    reasons: dict[int, str]
    sha256: str

    def each(self) -> list[str]:
        """Give a hash of each face's own pixels; where two are equal, the chips are."""
        return [hashlib.blake2b(np.ascontiguousarray(chip).data, digest_size=16).hexdigest() for chip in self.pixels]


def load_chips(
    frame: pl.DataFrame,
    root: Path,
    size: int,
    detector: str | None,
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Chips:
    """Make the chips of a manifest's faces, or open them if they were made of the same files.

    Args:
        frame: A manifest's table; `face` and `image` are read.
        root: What paths in `image` are relative to.
        size: Width and height of a chip in pixels.
        detector: A name in `faces.detectors.DETECTORS`; None: pictures are chips already, and only resized.
        cache: Folder for the arrays; made if it does not exist.
        progress: Told faces done and faces in all.

    Raises:
        InputError: The cache cannot be written.
    """
    try:
        store = ChipStore.build(frame, cache, root=root, size=size, detector=detector, progress=progress)
    except (OSError, InputError) as error:
        need = len(frame) * size * size * 3 / 1e6
        raise InputError(
            f"Cannot keep the faces in {cache}: {error} They need {need:,.0f} MB. Make room, or choose another folder "
            "with data.cache."
        ) from error
    digest = hashlib.sha256()
    for start in range(0, len(frame), _AT_ONCE):
        digest.update(np.ascontiguousarray(store.chips[start : start + _AT_ONCE]).data)
    reasons = {place: why for place, why in enumerate(store.reasons) if why is not None}
    return Chips(store.chips, reasons, digest.hexdigest())
