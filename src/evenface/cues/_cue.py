"""Cue: what is read from faces, as numbers with names.

Axes: face, channel; of a clip also frame. A face that cannot be read has `valid=False`, NaN values, NaN confidence
and a reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError

SIDE = 192
"""Pixels of the chips that faces are cut to, whichever cues are asked for: what a cue reads does not depend on the
others."""


@dataclass(frozen=True, slots=True)
class CueReading:
    """What one cue read from some faces.

    Attributes:
        values: (face, channel) float32; NaN where the face could not be read.
        valid: (face,) whether it could.
        confidence: (face,) float32 from 0 to 1, the cue's own; each cue says what it means by it. NaN where the face
            could not be read, and for a cue that has no opinion of itself.
        reasons: Why a face could not be read; None where it could.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    reasons: tuple[str | None, ...]

    def __post_init__(self) -> None:
        """Check that all four are of the same faces, and that what was not read is not there.

        Raises:
            InputError: They do not fit each other.
        """
        faces = len(self.values)
        if not (self.values.ndim == 2 and faces == len(self.valid) == len(self.confidence) == len(self.reasons)):
            raise InputError("A reading has values (face, channel), and valid, confidence and a reason for each face.")
        if not np.array_equal(np.isfinite(self.values).all(1), self.valid):
            raise InputError("A reading has finite values where it is valid, and NaN where it is not.")
        if [reason is None for reason in self.reasons] != self.valid.tolist():
            raise InputError("A reading gives a reason for each face that is not valid, and for no other.")


class Cue(ABC):
    """Reads faces.

    Attributes:
        name: In the table of cues.
        channels: Names of what is read, in the order of the values. The one place that fixes it.
        version: Changes whenever the same face would be read otherwise.
        size: Width and height of the chips it reads, in pixels.
        frames: How many frames of a clip it reads; 0: it reads single chips.
        confidence: What its confidence means, in words.
    """

    name: ClassVar[str]
    channels: ClassVar[tuple[str, ...]]
    version: ClassVar[str]
    size: ClassVar[int]
    frames: ClassVar[int] = 0
    confidence: ClassVar[str]

    @abstractmethod
    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Read chips; what is read from one does not depend on the others.

        Args:
            chips: (face, row, column, 3) RGB, or (face, frame, row, column, 3) from onset to offset where `frames` is
                not 0. A still photo is the same frame again and again.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Let go of what the cue holds."""


def sized(chip: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Give a chip of `SIDE` pixels at the size that a cue reads."""
    from PIL import Image

    if size == len(chip):
        return chip
    return np.asarray(Image.fromarray(chip).resize((size, size), Image.Resampling.BICUBIC))


def checked(cue: type[Cue] | Cue, chips: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the chips back if they have the shape that a cue reads.

    Raises:
        InputError: They have not.
    """
    wanted = (cue.frames,) * (cue.frames > 0) + (cue.size, cue.size, 3)
    if chips.dtype != np.uint8 or chips.shape[1:] != wanted:
        axes = "(face, frame, row, column, 3)" if cue.frames else "(face, row, column, 3)"
        raise InputError(
            f"Cue {cue.name!r} reads {axes} of type uint8 with shape (n, {', '.join(map(str, wanted))}); "
            f"got {chips.dtype} {chips.shape}."
        )
    return chips


def all_read(values: NDArray[np.float32], confidence: NDArray[np.float32]) -> CueReading:
    """Give a reading in which every face could be read."""
    return CueReading(values, np.ones(len(values), bool), confidence, (None,) * len(values))


def with_gaps(
    channels: int,
    read: NDArray[np.bool_],
    values: NDArray[np.float32],
    confidence: NDArray[np.float32],
    reasons: Sequence[str | None],
) -> CueReading:
    """Give a reading of all faces from the values of those that could be read.

    Args:
        channels: How many there are.
        read: (face,) which could be read.
        values: (read face, channel).
        confidence: (read face,).
        reasons: (face,).
    """
    full = np.full((len(read), channels), np.nan, np.float32)
    sure = np.full(len(read), np.nan, np.float32)
    full[read], sure[read] = values, confidence
    return CueReading(full, read, sure, tuple(reasons))


def joined(readings: Sequence[CueReading]) -> CueReading:
    """Give the readings of several stretches of faces as one."""
    return CueReading(
        np.concatenate([each.values for each in readings]),
        np.concatenate([each.valid for each in readings]),
        np.concatenate([each.confidence for each in readings]),
        tuple(reason for each in readings for reason in each.reasons),
    )
