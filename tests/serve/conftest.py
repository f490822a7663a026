from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from evenface.faces.face import Face
from evenface.serve.predictor import Predictor

FIVE = np.array([[32, 40], [68, 40], [50, 62], [40, 77], [60, 77.0]])


class Halves:
    """A detector that sees a face in each half of a wide picture, in the whole of another, and none in a black one."""

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        height, width = image.shape[:2]
        if not image.any():
            return []
        parts = [(0, width)] if width <= height else [(0, width // 2), (width // 2, width)]
        return [
            Face((left, 0, right, height), 0.9, FIVE * ((right - left) / 100, height / 100) + (left, 0))
            for left, right in parts
        ]

    def close(self) -> None:
        pass


class Brightness:
    """A model whose answer is how bright a face is: dark is sad, bright is happy."""

    classes = ("happy", "sad", "neutral")
    size = 24

    def __init__(self) -> None:
        self.batches: list[int] = []

    def probabilities(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert chips.shape[1:] == (24, 24, 3)
        self.batches.append(len(chips))
        x = chips.astype(np.float32).mean((1, 2, 3)) / 255
        logits = np.stack([8 * x - 4, 4 - 8 * x, np.zeros_like(x)], 1)
        return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


@pytest.fixture
def model() -> Brightness:
    return Brightness()


@pytest.fixture
def predictor(model: Brightness) -> Iterator[Predictor]:
    with Predictor(model, detector=Halves, workers=2) as made:
        yield made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder: two faces, dark and bright, in `a/two.png`; an unsure one; one without a face; a broken one; a text."""
    root = tmp_path / "photos"
    (root / "a").mkdir(parents=True)
    wide = np.full((60, 120, 3), 20, np.uint8)
    wide[:, 60:] = 235
    for name, pixels in {
        "a/two.png": wide,
        "b.jpg": np.full((60, 60, 3), 127, np.uint8),
        "c.png": np.zeros((60, 60, 3), np.uint8),
    }.items():
        Image.fromarray(pixels).save(root / name)
    (root / "d.jpg").write_bytes((root / "b.jpg").read_bytes()[:300])
    (root / "notes.txt").write_text("no picture")
    return root


@pytest.fixture
def halves() -> type[Halves]:
    return Halves
