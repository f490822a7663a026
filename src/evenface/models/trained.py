"""Trained: the weights of a run of `evenface train`, ready to answer wherever the weights that ship are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from evenface.models.nets._files import load_net

_TOGETHER = 32  # faces at a time, always: the last batch is filled up, so that no answer depends on its neighbours


class TrainedModel:
    """Reads expressions from chips with a net of NETS.

    Attributes:
        classes: Names, in the order of the probabilities.
        size: Width and height of a chip.
        shares: (class,) how frequent each class was where the net learnt; None where its file does not say.
    """

    def __init__(self, path: Path) -> None:
        """Load `weights.safetensors` of a run.

        Raises:
            InputError: The file cannot be read, or its weights do not fit the net that it names.
        """
        self._net, self._card = load_net(path)
        self._net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.classes, self.size = self._card.classes, self._card.size
        self.shares = None if self._card.shares is None else np.array(self._card.shares)

    @torch.inference_mode()
    def probabilities(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give calibrated probabilities (face, class) of chips (face, size, size, 3), RGB."""
        out = np.empty((len(chips), len(self.classes)), np.float32)
        for start in range(0, len(chips), _TOGETHER):
            part = chips[start : start + _TOGETHER]
            full = np.zeros((_TOGETHER, *chips.shape[1:]), np.uint8)
            full[: len(part)] = part
            pixels = torch.from_numpy(full).permute(0, 3, 1, 2).float() / 255
            logits = self._net(pixels)
            if self._card.flip:
                logits = (logits + self._net(pixels.flip(3))) / 2
            out[start : start + len(part)] = torch.softmax(logits / self._card.temperature, 1)[: len(part)].numpy()
        return out
