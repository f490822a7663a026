"""Macro-expressions: the paper's cue A, read by the network that ships (`models/weights/macro.md`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.cues._cue import Cue, CueReading, all_read, checked
from evenface.models import macro

SIX = ("angry", "fear", "happy", "sad", "surprise", "neutral")
"""The paper's classes of this cue: those of FER2013 without disgust."""


class MacroFull(Cue):
    """All seven expressions of the shipped network, disgust among them; our own addition."""

    name = "macro_full"
    channels = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
    version = f"1-{macro.WEIGHTS['macro'][:12]}"
    size = macro.SIZE
    confidence = "the highest of the seven probabilities"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            SettingsError: onnx or onnxruntime is not installed.
        """
        self._model = macro.load("macro")
        self._order = [self._model.classes.index(name) for name in self.channels]

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give a probability for each expression."""
        values = self._model.probabilities(checked(self, chips))[:, self._order]
        return all_read(values, values.max(1))


class Macro(Cue):
    """The paper's cue A: probabilities of six expressions, by a network trained on real faces (Lukac et al., 2023).

    The network knows disgust too, and the paper's detector did not; the six are as probable as they are given that it
    is one of them (our reconstruction). `macro_full` keeps all seven.
    """

    name = "macro"
    channels = SIX
    version = MacroFull.version
    size = macro.SIZE
    confidence = "the highest probability among all seven expressions; 0 where that is disgust"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            SettingsError: onnx or onnxruntime is not installed.
        """
        self._full = MacroFull()
        self._six = [MacroFull.channels.index(name) for name in SIX]

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give a probability for each of the six."""
        full = self._full.read(checked(self, chips)).values
        six = full[:, self._six]
        best = full.max(1)
        return all_read(six / six.sum(1, keepdims=True), np.where(six.max(1) < best, np.float32(0), best))
