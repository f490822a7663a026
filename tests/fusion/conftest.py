"""Regions of made faces, and three cues: right everywhere, right in one region alone, and often not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.cues._cue import CueReading
from evenface.cues._table import CueTable
from evenface.fusion.data import TransferData, prepare
from evenface.fusion.run import study
from evenface.fusion.settings import TransferSettings

CLASSES = ("happy", "sad", "neutral")
REGIONS = ("east", "north", "west")
PERSONS, EACH = 12, 6


def reading(values: np.ndarray, valid: np.ndarray | None = None) -> CueReading:
    """A reading without an opinion of itself."""
    valid = np.ones(len(values), bool) if valid is None else valid
    held = np.where(valid[:, None], values, np.nan).astype(np.float32)
    unknown = np.full(len(values), np.nan, np.float32)
    return CueReading(held, valid, unknown, tuple(None if v else "no clip" for v in valid))


def made(regions: tuple[str, ...] = REGIONS, persons: int = PERSONS) -> tuple[Manifest, CueTable]:
    """Faces of three expressions, and what three cues read of them."""
    rng = np.random.default_rng(0)
    rows = [(region, person) for region in regions for person in range(persons) for _ in range(EACH)]
    labels = np.arange(len(rows)) % len(CLASSES)
    region = np.array([row[0] for row in rows])
    frame = pl.DataFrame(
        {
            "face": [f"f{i}" for i in range(len(rows))],
            "image": pl.Series([None] * len(rows), dtype=pl.String),
            "subject": [f"{r}-{p}" for r, p in rows],
            "dataset": [f"set-{r}" for r, _ in rows],
            "region": region,
            "split": pl.Series([None] * len(rows), dtype=pl.String),
            "label": pl.Series(labels, dtype=pl.Int16),
            "attr:gender": ["female" if p % 2 else "male" for _, p in rows],
        }
    )
    manifest = Manifest(frame, LabelSpace.of(CLASSES), (Attribute("gender", ("female", "male")),)).validate()
    scores = np.eye(3)[labels] * 2 + rng.normal(0, 1.2, (len(rows), 3))
    answers = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    local = np.eye(3)[labels] * np.where(region == "east", 3, 0)[:, None] @ rng.normal(0, 1, (3, 40))
    units = np.eye(3)[labels] @ rng.normal(0, 1, (3, 5)) + rng.normal(0, 1, (len(rows), 5))
    readings = {
        "answers": reading(answers),
        "local": reading(local + rng.normal(0, 1, local.shape)),
        "units": reading(units, rng.random(len(rows)) < 0.8),
    }
    channels = {
        "answers": CLASSES,
        "local": tuple(f"c{i}" for i in range(40)),
        "units": tuple(f"AU{i}" for i in range(5)),
    }
    return manifest, CueTable(tuple(frame["face"]), channels, readings)


def asked(out: Path, **changes: object) -> TransferSettings:
    """A small study."""
    values = {
        "out": str(out),
        "seeds": (0, 1),
        "fusions": ("gated", "mean", "best_single"),
        "options": {"gated": {"steps": 30}},
        "subsets": ("all",),
        "draws": 100,
        "data": {"manifest": "unused", "cues": "unused"},
        "detectors": {"source": "west", "as_channels": ("local",), "components": 8, "folds": 2},
        "forgetting": {"few": (8,), "memory": 10, "remedies": ("fine_tuning", "region_heads")},
    }
    return TransferSettings(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make() -> Callable[..., tuple[Manifest, CueTable]]:
    return made


@pytest.fixture(scope="session")
def read() -> Callable[..., CueReading]:
    return reading


@pytest.fixture(scope="session")
def faces() -> tuple[Manifest, CueTable]:
    return made()


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., TransferSettings]:
    return lambda **changes: asked(tmp_path, **changes)


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[TransferSettings, TransferData, dict[str, Any]]:
    """A study that was done: what was asked, its data and its document."""
    settings = asked(tmp_path_factory.mktemp("studies"))
    data = prepare(*made(), settings.data)
    return settings, data, study(settings, data)
