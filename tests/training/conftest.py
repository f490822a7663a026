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
from evenface.training.settings import TrainSettings

CLASSES = ("happy", "sad", "neutral")
Asked = Callable[..., TrainSettings]


def save_faces(folder: Path, splits: Sequence[str | None], size: int = 16) -> Path:
    """Pictures whose class can be seen: the bright third; and a manifest with votes and two attributes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    n = len(splits)
    label = np.arange(n) % 3
    for i in range(n):
        pixels = rng.integers(0, 120, (size, size, 3), np.uint8)
        pixels[label[i] * size // 3 : (label[i] + 1) * size // 3] += 100
        Image.fromarray(pixels).save(folder / f"{i}.png")
    votes = np.eye(3)[label] * 8 + 1
    frame = pl.DataFrame(
        {
            "face": [f"f{i}" for i in range(n)],
            "image": [f"{i}.png" for i in range(n)],
            "subject": [f"p{i // 2}" for i in range(n)],
            "dataset": ["made"] * n,
            "region": pl.Series([None] * n, dtype=pl.String),
            "split": pl.Series(list(splits), dtype=pl.String),
            "label": pl.Series(label, dtype=pl.Int16),
            "attr:gender": [("female", "male")[i // 2 % 2] for i in range(n)],
            "attr:age": [("young", "old", None)[i // 4 % 3] for i in range(n)],
            **{f"votes:{name}": votes[:, i] for i, name in enumerate(CLASSES)},
        }
    )
    attributes = (Attribute("gender", ("female", "male"), "generated"), Attribute("age", ("young", "old"), "generated"))
    Manifest(frame, LabelSpace.of(CLASSES), attributes).save(folder / "manifest.parquet")
    return folder


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_faces(tmp_path_factory.mktemp("faces"), ["train"] * 40 + ["validation"] * 12 + ["test"] * 12)


@pytest.fixture
def asked(faces: Path, tmp_path: Path) -> Asked:
    """Settings of a run of a second: a tiny net, two epochs of five steps, one thread."""

    def settings(*overrides: str, manifest: Path = faces) -> TrainSettings:
        small = [
            f"data.manifest={manifest}",
            f"out={tmp_path / 'runs'}",
            f"data.cache={faces / 'cache'}",
            "data.size=16",
            'data.groups=["gender"]',
            "net.kind=residual",
            "net.widths=[8, 8]",
            "net.blocks=[1, 1]",
            "epochs=2",
            "batch=8",
            "device.threads=1",
            "device.precision=fp32",
            "device.accelerator=cpu",
        ]
        return TrainSettings.load(None, [*small, *overrides])

    return settings
