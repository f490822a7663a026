from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute

MakeFaces = Callable[..., Manifest]


@pytest.fixture
def faces(tmp_path: Path) -> MakeFaces:
    """Write noise as pictures, and give a manifest of them; more columns may be given."""

    def make(count: int = 4, size: int = 48, broken: Sequence[int] = (), **columns: Sequence[object]) -> Manifest:
        dice = np.random.default_rng(0)
        for number in range(count):
            pixels = dice.integers(0, 256, (size, size, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"{number}.png")
            if number in broken:
                (tmp_path / f"{number}.png").write_bytes(b"no picture")
        gender = ["female" if number % 2 else "male" for number in range(count)]
        frame = pl.DataFrame(
            {
                "face": [f"f{number}" for number in range(count)],
                "image": [f"{number}.png" for number in range(count)],
                "subject": [f"p{number}" for number in range(count)],
                "dataset": ["made"] * count,
                "region": ["here"] * count,
                "split": ["test"] * count,
                "label": pl.Series([number % 2 for number in range(count)], dtype=pl.Int16),
                "attr:gender": gender,
                **columns,
            }
        )
        space = LabelSpace.of(["happy", "sad"])
        return Manifest(frame, space, (Attribute("gender", ("female", "male"), "generated"),)).validate()

    return make
