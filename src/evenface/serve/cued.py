"""Cues beside the answers: what each reads from the same faces.

A face is cut out as `evenface cues read` cuts it, and a cue that reads clips gets the same frame again and again, as
for any still photo: a picture says nothing of movement, and frames of a video are answered one by one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evenface.cues import CUES
from evenface.cues._cue import SIDE, Cue, CueReading, joined, sized, with_gaps
from evenface.cues._table import as_frame
from evenface.faces.align import align
from evenface.faces.face import Face, Image

if TYPE_CHECKING:
    import polars as pl


class Cues:
    """Some cues, ready to read.

    Attributes:
        cues: In the order of their names.
    """

    def __init__(self, names: Sequence[str], batch: int) -> None:
        """Load the cues; what is missing for one is told before any picture is looked at.

        Args:
            names: In the table of cues; one that is named twice is read once.
            batch: Faces that a cue is shown at a time. What it reads does not depend on it.

        Raises:
            UnknownNameError: There is no such cue.
            SettingsError: A library that a cue needs is not installed.
            InputError: A model file is missing or damaged.
        """
        kinds = [CUES.get(name) for name in dict.fromkeys(names)]
        self.cues: tuple[Cue, ...] = tuple(kind() for kind in kinds)
        self._batch = batch
        self._one_at_a_time = threading.Lock()  # cues hold models that need not bear several threads

    def cut(self, image: Image, face: Face) -> tuple[Image, ...]:
        """Cut a face out of its picture, for each cue at its size; raises ValueError where it cannot be cut."""
        if not self.cues:
            return ()
        chip = align(image, face.landmarks, SIDE)
        return tuple(
            align(image, face.landmarks, cue.size) if cue.frames else sized(chip, cue.size) for cue in self.cues
        )

    def read(self, faces: Sequence[tuple[Image, ...]]) -> list[tuple[CueReading, ...]]:
        """Read faces that were cut out.

        Returns:
            For each face what each cue read, a reading of one face.
        """
        with self._one_at_a_time:
            parts = [
                [self._read(place, faces[start : start + self._batch]) for place in range(len(self.cues))]
                for start in range(0, len(faces), self._batch)
            ]
        return [tuple(_of_one(reading, i) for reading in part) for part in parts for i in range(len(part[0].values))]

    def unread(self, reason: str) -> tuple[CueReading, ...]:
        """Give what each cue has where there is no face."""
        return tuple(_none(cue, (reason,)) for cue in self.cues)

    def columns(self, readings: Sequence[tuple[CueReading, ...]]) -> list[pl.DataFrame]:
        """Lay readings out as columns of the table of answers.

        Args:
            readings: For each row what each cue read.
        """
        return [
            as_frame(cue.name, cue.channels, joined([_none(cue, ()), *(each[place] for each in readings)]))
            .drop("valid")
            .rename({"confidence": f"cue_confidence:{cue.name}", "reason": f"cue_reason:{cue.name}"})
            for place, cue in enumerate(self.cues)
        ]

    def close(self) -> None:
        """Let go of what the cues hold."""
        for cue in self.cues:
            cue.close()

    def _read(self, place: int, faces: Sequence[tuple[Image, ...]]) -> CueReading:
        cue, chips = self.cues[place], np.stack([face[place] for face in faces])
        return cue.read(np.repeat(chips[:, None], cue.frames, 1) if cue.frames else chips)


def _of_one(reading: CueReading, i: int) -> CueReading:
    one = slice(i, i + 1)
    return CueReading(reading.values[one], reading.valid[one], reading.confidence[one], reading.reasons[one])


def _none(cue: Cue, reasons: tuple[str, ...]) -> CueReading:
    """Give a reading of faces that are not there."""
    blank = np.empty((0, len(cue.channels)), np.float32)
    return with_gaps(len(cue.channels), np.zeros(len(reasons), bool), blank, blank[:, 0], reasons)
