from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute

CLASSES = ("happy", "sad", "neutral")


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures whose class is their bright third and whose group is their brightness; wrong labels in one group."""
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    split = ["train"] * 48 + ["validation"] * 24 + ["test"] * 96
    n = len(split)
    truth, group = np.arange(n) % 3, np.arange(n) // 3 % 2
    for i in range(n):
        pixels = rng.integers(0, 60, (48, 48, 3), np.uint8) + np.uint8(60 * group[i])
        pixels[truth[i] * 16 : (truth[i] + 1) * 16] += 100
        Image.fromarray(pixels).save(folder / f"{i}.png")
    label = np.where((group == 1) & (truth == 1) & (np.array(split) != "test"), 2, truth)
    frame = pl.DataFrame(
        {
            "face": [f"f{i}" for i in range(n)],
            "image": [f"{i}.png" for i in range(n)],
            "subject": [f"p{i}" for i in range(n)],
            "dataset": ["made"] * n,
            "region": pl.Series([None] * n, dtype=pl.String),
            "split": split,
            "label": pl.Series(label, dtype=pl.Int16),
            "true_label": pl.Series(truth, dtype=pl.Int16),
            "attr:gender": [("female", "male")[g] for g in group],
        }
    )
    attributes = (Attribute("gender", ("female", "male"), "generated"),)
    Manifest(frame, LabelSpace.of(CLASSES), attributes).save(folder / "manifest.parquet")
    return folder


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("suites") / "made.toml"
    path.write_text('about = "Made."\ngroups = ["gender"]\nemotion = "sad"\n[most]\ntest = 90\n')
    return str(path)
