"""Micro-expressions: the paper's cues I and I+, read from clips from onset to offset.

`models/weights/micro.md` is the card of the weights: what they learned from, and how well they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import needs
from evenface.cues._cue import Cue, CueReading, all_read, checked
from evenface.models.packed import packed_weights

THREE = ("positive", "negative", "surprise")
"""Classes of SMIC, and of I."""
PLUS = (*THREE, "neutral")
"""Classes of I+."""
MERGED: Mapping[str, str] = {
    "happy": "positive",
    **dict.fromkeys(("angry", "disgust", "fear", "sad"), "negative"),
    "surprise": "surprise",
    "neutral": "neutral",
}
"""Expression -> the class that it is merged into; contempt is in none."""
WEIGHTS = {
    "micro": "b8792ec73d9f4367e016259f17ad02ef4830a3bde2ae35bd83b179e20b228a1e",
    "micro_plus": "485e9e8c0cd0a371b480ff0a39d6c87195bb7ebd6fea437fbd4a8b65b0bc72c7",
}
"""Name of weights that ship -> SHA-256 of their safetensors file."""
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
_TOGETHER = 16  # clips at a time, always: the last batch is filled up, so that no answer depends on its neighbours


class Micro(Cue):
    """The paper's cue I: positive, negative or surprised, by a small 3-D network on clips (Lukac et al., 2023).

    The network sees the optical flow from the onset on and the middle frame (`models/micro_net.py`); it learned from
    generated clips. Of a still photo, the same frame again and again, it sees no movement and only what the face looks
    like: it answers, and how well is in docs/CUES.md.
    """

    name = "micro"
    channels: ClassVar[tuple[str, ...]] = THREE
    version = f"1-{WEIGHTS['micro'][:12]}"
    size = 64
    frames = 18
    confidence = "the highest probability"

    def __init__(self) -> None:
        """Load the network.

        Raises:
            SettingsError: torch is not installed.
            InputError: The weights of this installation are damaged.
        """
        with needs("Reading micro-expressions", "evenface[models]"):
            from safetensors.torch import load

            from evenface.models.micro_net import MicroNet
        self._net = MicroNet(len(self.channels))
        self._net.load_state_dict(load(packed_weights(self.name, WEIGHTS)[0]))
        self._net.eval()

    def read(self, chips: NDArray[np.uint8]) -> CueReading:
        """Give a probability for each class."""
        import torch

        from evenface.models.micro_net import normalised

        clips = checked(self, chips)
        out = np.empty((len(clips), len(self.channels)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(clips), _TOGETHER):
                part = clips[start : start + _TOGETHER]
                full = np.zeros((_TOGETHER, self.frames, self.size, self.size), np.float32)
                full[: len(part)] = np.rint(part @ _GREY)
                scores = self._net(normalised(torch.from_numpy(full))).softmax(1)
                out[start : start + len(part)] = scores[: len(part)].numpy()
        return all_read(out, out.max(1))


class MicroPlus(Micro):
    """The paper's cue I+: as I, and neutral; it also learned from still photos with merged labels (Lukac et al., 2023).

    The paper tuned I on CK+; here generated faces and clips stand in for it (our reconstruction).
    """

    name = "micro_plus"
    channels = PLUS
    version = f"1-{WEIGHTS['micro_plus'][:12]}"
