"""What enters a fusion: from readings and detectors to the entries of `_fusion`, for a region, a seed and a regime."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from evenface.fusion.data import TRAIN, TransferData
from evenface.fusion.detectors import Floats, View, fit_answers, fit_machines, given_answers
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.many import Faces
from evenface.fusion.settings import DetectorSettings

Answers = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Entry:
    """All faces as they enter the fusions of one region, seed and regime.

    Attributes:
        shape: Of `faces`.
        faces: As the regime has it.
        answer_shape: Of `answers`.
        answers: The same with every cue as answers, for fusions that need it.
    """

    shape: Shape
    faces: Faces
    answer_shape: Shape
    answers: Faces


class Entrance:
    """Makes entries for one way of dealing faces to parts; detectors of a region are fitted once."""

    def __init__(self, data: TransferData, part: NDArray[np.int8], settings: DetectorSettings, seed: int) -> None:
        self.data, self.part, self.settings, self.seed = data, part, settings, seed
        self._fitted: dict[tuple[str, ...], Answers] = {}

    def fitted(self, regions: tuple[str, ...]) -> Answers:
        """Give cue -> (face, class) answers of detectors fitted on the training faces of some regions."""
        if regions not in self._fitted:
            self._fitted[regions] = {cue: self._fit(cue, regions) for cue in self.data.cues}
        return self._fitted[regions]

    def _fit(self, cue: str, regions: tuple[str, ...]) -> Floats:
        data, reading = self.data, self.data.readings[cue]
        learn = data.in_regions(regions) & (self.part == TRAIN) & reading.valid
        if len(np.unique(data.labels[learn])) < 2:  # no detector can be fitted: no face is answered
            return np.full((len(data.labels), len(data.classes)), np.nan, np.float32)
        view = View.of(reading.values[learn], self.settings.components)
        people = np.unique(data.persons)
        dice = np.random.default_rng([self.seed, zlib.crc32(cue.encode())])
        folds = dice.integers(0, self.settings.folds, len(people))[np.searchsorted(people, data.persons)]
        views = np.nan_to_num(view(reading.values))
        if cue in self.settings.svm:
            answers = fit_machines(views, data.labels, folds, learn, data.classes, data.persons)
        else:
            answers = fit_answers(views, data.labels, folds, learn, len(data.classes))
        return np.where(reading.valid[:, None], answers, np.nan).astype(np.float32)

    def given(self, cue: str) -> Floats | None:
        """Give the answers that a cue brings by itself, if it does."""
        chosen, data = self.settings.given, self.data
        if chosen and cue not in chosen:
            return None
        return given_answers(data.cues[cue], data.classes, data.readings[cue].values)

    def enter(self, regions: tuple[str, ...], regime: str) -> Entry:
        """Make the entries of all faces, for fusions that learn from some regions.

        Args:
            regions: Learnt from.
            regime: `lam` or `gam`.
        """
        data = self.data
        if regime == "gam":
            answers = self.fitted(regions)
        else:
            own = {cue: self.given(cue) for cue in data.cues}
            source = self.fitted((self.settings.source,)) if any(found is None for found in own.values()) else {}
            answers = {cue: source[cue] if found is None else found for cue, found in own.items()}
        as_channels = set(self.settings.as_channels) if regime == "lam" else set()
        mixed = {cue: self._components(cue, regions) if cue in as_channels else answers[cue] for cue in data.cues}
        pack = partial(_packed, data)
        return Entry(*pack(mixed, as_channels, regions, self.part), *pack(answers, set(), regions, self.part))

    def _components(self, cue: str, regions: tuple[str, ...]) -> Floats:
        reading = self.data.readings[cue]
        learn = self.data.in_regions(regions) & (self.part == TRAIN) & reading.valid
        if not learn.any():
            return np.full((len(self.data.labels), 1), np.nan, np.float32)
        return View.of(reading.values[learn], self.settings.components)(reading.values)


def _packed(
    data: TransferData, said: Answers, as_channels: set[str], regions: tuple[str, ...], part: NDArray[np.int8]
) -> tuple[Shape, Faces]:
    """Put what the cues say side by side, zero where nothing is said; confidences that are not known are the mean."""
    cues = tuple(data.cues)
    entry = max(len(data.classes), *(each.shape[1] for each in said.values()))
    entries = np.zeros((len(data.labels), len(cues), entry), np.float32)
    present = np.zeros((len(data.labels), len(cues)), np.float32)
    confidence = np.zeros_like(present)
    learn = data.in_regions(regions) & (part == TRAIN)
    for i, cue in enumerate(cues):
        there = np.isfinite(said[cue]).all(1)
        entries[there, i, : said[cue].shape[1]] = said[cue][there]
        present[:, i] = there
        own = data.readings[cue].confidence
        known = own[learn & np.isfinite(own)]
        confidence[:, i] = np.where(np.isfinite(own), own, known.mean() if len(known) else 1)
    shape = Shape(cues, entry, data.classes, tuple(cue not in as_channels for cue in cues))
    return shape, Faces(*(torch.tensor(each) for each in (entries, confidence, present, data.labels)))
