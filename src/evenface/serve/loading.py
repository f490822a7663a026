"""Loading what reads expressions: weights that ship by name, or a file or a folder that training wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, needs
from evenface.faces.face import Image
from evenface.models import macro
from evenface.models.packed import read_safetensors


class Model(Protocol):
    """Reads expressions from chips."""

    classes: tuple[str, ...]
    size: int

    def probabilities(self, chips: Image) -> NDArray[np.float32]:
        """Give (face, class) calibrated probabilities for (face, size, size, 3) uint8 chips."""


def load(weights: str | Path) -> Model:
    """Load a model by the name of its weights, or from a file or a folder that `evenface train` wrote.

    Raises:
        InputError: There is no such file, or it holds something else.
        SettingsError: What runs them is not installed.
    """
    path = Path(weights)
    if str(weights) in macro.WEIGHTS or not path.exists():
        return macro.load(weights)
    path = path / "weights.safetensors" if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"There are no weights {path}.")
    if "evenface" not in read_safetensors(path.read_bytes(), str(path))[1]:
        return macro.load(path)
    with needs(str(path), "evenface[models]"):
        from evenface.models.trained import TrainedModel
    return TrainedModel(path)
