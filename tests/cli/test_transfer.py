"""`evenface transfer`: from a configuration and cue tables to a report, and what is said where that cannot be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading
from evenface.cues._table import save_cue

Run = Callable[..., Any]
CLASSES = ("angry", "fear", "happy", "sad", "surprise", "neutral")
CONFIG = """
seeds = [0]
fusions = ["gated", "mean"]
options.gated.steps = 10
regimes = ["lam"]
draws = 100
[data]
manifest = {manifests}
cues = {cues}
by_dataset = true
classes = ["angry", "fear", "happy", "sad", "surprise", "neutral"]
random_reference = false
[detectors]
source = "ckplus"
folds = 2
[forgetting]
few = []
remedies = ["fine_tuning"]
"""


def save_set(folder: Path, name: str, classes: tuple[str, ...]) -> None:
    """A made copy of one set: its manifest as `evenface data import` writes it, and two cue tables."""
    rng = np.random.default_rng(len(classes))
    n = 8 * len(classes)
    nothing = pl.Series([None] * n, dtype=pl.String)
    labels = np.arange(n) % len(classes)
    frame = pl.DataFrame(
        {"face": [f"f{i}" for i in range(n)], "image": nothing, "subject": [f"p{i // len(classes)}" for i in range(n)],
         "dataset": [name] * n, "region": nothing, "split": nothing, "label": pl.Series(labels, dtype=pl.Int16)}
    )  # fmt: skip
    manifest = Manifest(frame, LabelSpace.of(classes, name), ())
    folder.mkdir()
    manifest.save(folder / "manifest.parquet")
    shown = np.array([CLASSES.index(c) if c in CLASSES else 5 for c in classes])[labels]
    for cue, channels in (("macro", CLASSES), ("head_pose", ("yaw", "pitch"))):
        values = np.eye(6)[shown] * 2 + rng.random((n, 6)) if cue == "macro" else rng.normal(0, 5, (n, 2))
        values = (values / values.sum(1, keepdims=True) if cue == "macro" else values).astype(np.float32)
        reading = CueReading(values, np.ones(n, bool), np.full(n, np.nan, np.float32), (None,) * n)
        save_cue(folder / "cues", cue, channels, reading, manifest, {})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    save_set(tmp_path / "jaffe", "jaffe", ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"))
    save_set(
        tmp_path / "ckplus", "ckplus", ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise")
    )
    places = [tmp_path / "jaffe", tmp_path / "ckplus"]
    text = CONFIG.format(manifests=[str(p) for p in places], cues=[str(p / "cues") for p in places])
    (tmp_path / "study.toml").write_text(text)
    return tmp_path / "study.toml"


def test_sets_with_classes_of_their_own_become_one_study(run: Run, config: Path, tmp_path: Path) -> None:
    done = run("transfer", config, "--set", f"out={tmp_path / 'out'}")
    assert done.exit_code == 0, done.output
    assert "dropped: contempt, disgust" in done.plain or "dropped: disgust" in done.plain
    assert "Next: evenface audit" in done.plain
    folder = tmp_path / "out" / "transfer"
    for name in ("transfer.html", "transfer.md", "transfer.parquet", "transfer.json", "settings.toml"):
        assert (folder / name).is_file(), name
    again = run("transfer", config, "--set", f"out={tmp_path / 'out'}")
    assert again.exit_code == 2
    assert "--resume" in again.plain


def test_a_cue_table_of_another_manifest_is_refused(run: Run, config: Path, tmp_path: Path) -> None:
    for table in (tmp_path / "jaffe" / "cues").glob("*.parquet"):
        (tmp_path / "ckplus" / "cues" / table.name).write_bytes(table.read_bytes())
    done = run("transfer", config, "--set", f"out={tmp_path / 'out'}")
    assert done.exit_code == 2
    assert "belongs to another manifest" in done.plain
    assert not (tmp_path / "out").exists()


def test_help_shows_how_it_is_used(run: Run) -> None:
    done = run("transfer", "--help")
    assert done.exit_code == 0
    assert "evenface cues read" in done.plain
    assert "--resume" in done.plain
