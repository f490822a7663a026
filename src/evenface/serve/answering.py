"""From probabilities to answers: the likeliest expression under the base rates asked for, or why none is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import SettingsError, UnknownNameError
from evenface.cues._cue import CueReading
from evenface.serve.base_rates import KINDS, BaseRates, estimate, rebased, told
from evenface.serve.loading import Model
from evenface.serve.looking import Seen
from evenface.serve.table import Answer

Floats = NDArray[np.float64]
Read = tuple[Floats, list[tuple[CueReading, ...]]]
"""Of some faces: (face, class) probabilities that sum to one, and what each cue read of each face."""


class Answering:
    """What a model's probabilities are taken for.

    Attributes:
        base_rates: How frequent expressions are held to be (`serve.base_rates`).
        threshold: The least probability of an answer.
    """

    def __init__(self, model: Model, threshold: float, base_rates: BaseRates) -> None:
        """Hold what the model learnt against what is asked for.

        Raises:
            SettingsError: Other base rates are asked for and the model does not say how frequent expressions were.
            UnknownNameError: There are no such base rates.
        """
        self.base_rates, self.threshold = base_rates, threshold
        self._classes, self._trained = model.classes, _shares(model, base_rates)

    def scores(self, p: NDArray[np.float32]) -> Floats:
        """Give probabilities (face, class) that sum to one, under uniform base rates if these are asked for."""
        scores = p.astype(np.float64)
        scores /= scores.sum(1, keepdims=True)
        if self.base_rates == "uniform":
            scores = rebased(scores, self._trained, np.full(len(self._trained), 1 / len(self._trained)))
        return scores

    def answers(
        self, seen: Seen, read: Read, tracks: Sequence[int | None], unread: tuple[CueReading, ...]
    ) -> list[Answer]:
        """Give an answer for each face of a picture, or the one that says why there is no face.

        Args:
            seen: The picture.
            read: What is read from its faces.
            tracks: For each face the number of its track in a video, if any.
            unread: What each cue has where there is no face.
        """
        shown, frame = seen.shown, seen.shown.about.get("frame")
        place = shown.name if frame is None else f"{shown.name}@{frame}"
        if not seen.faces:
            name = shown.one or (f"{place}#0" if frame is not None or seen.shown.video is None else f"{place}@end#0")
            return [Answer(name, shown.name, shown.about, None, None, None, None, seen.reason, unread)]
        return [
            Answer(shown.one or f"{place}#{number}", shown.name, shown.about, face, track, row, *self._said(row), cues)
            for number, (face, row, cues, track) in enumerate(zip(seen.faces, *read, tracks, strict=True), start=1)
        ]

    def estimated(self, answers: list[Answer]) -> tuple[list[Answer], str]:
        """Give answers under the base rates that are estimated from all of them, and these in words.

        Raises:
            InputError: Too few faces.
        """
        faces = [place for place, answer in enumerate(answers) if answer.scores is not None]
        scores = np.array([answers[place].scores for place in faces]).reshape(-1, len(self._trained))
        rates, count = estimate(scores, self._trained)
        for place, row in zip(faces, rebased(scores, self._trained, rates), strict=True):
            predicted, reason = self._said(row)
            answers[place] = replace(answers[place], scores=row, predicted=predicted, reason=reason)
        return answers, told(self._classes, rates, count)

    def _said(self, row: Floats) -> tuple[str | None, str | None]:
        """Give the likeliest class, or why there is no answer."""
        best = int(row.argmax())
        if row[best] >= self.threshold:
            return self._classes[best], None
        return None, f"not sure: {row[best]:.2f} at most, below {self.threshold:g}"


def _shares(model: Model, base_rates: str) -> Floats:
    """Give how frequent each class was where a model learnt; of no use where base rates stay as they are."""
    if base_rates not in KINDS:
        raise UnknownNameError("base rates", base_rates, KINDS)
    shares = getattr(model, "shares", None)  # a model of the user's own need not say
    if shares is None and base_rates != "trained":
        raise SettingsError(
            f"Base rates cannot be {base_rates!r}: this model does not say how frequent expressions were where it "
            "learnt. The weights that ship do, and runs of `evenface train` of this version. Use 'trained'."
        )
    return np.empty(0) if shares is None else np.asarray(shares, np.float64)
