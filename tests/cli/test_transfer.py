"""`evenface transfer`: from a configuration and cue tables to a report, and what is said where that cannot be."""

import json
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
from evenface.fusion.settings import TransferSettings

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


SETS = {
    "jaffe": ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    "ckplus": ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise"),
    "tfeid": ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    "tfed": ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
}
MCAM = Path(__file__).parents[2] / "configs" / "mcam" / "four_regions_lite.toml"


def save_set(folder: Path, name: str, cues: tuple[str, ...] = ("macro", "head_pose")) -> None:
    """A made copy of one set: its manifest as `evenface data import` writes it, and cue tables of it."""
    classes = SETS[name]
    rng = np.random.default_rng(len(classes))
    n = 12 * len(classes)
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
    for cue in cues:
        channels = CLASSES if cue == "macro" else ("first", "second")
        values = np.eye(6)[shown] * 2 + rng.random((n, 6)) if cue == "macro" else rng.normal(0, 5, (n, 2))
        values = (values / values.sum(1, keepdims=True) if cue == "macro" else values).astype(np.float32)
        reading = CueReading(values, np.ones(n, bool), np.full(n, np.nan, np.float32), (None,) * n)
        save_cue(folder / "cues", cue, channels, reading, manifest, {})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    places = [tmp_path / "jaffe", tmp_path / "ckplus"]
    for place in places:
        save_set(place, place.name)
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


def test_the_four_regions_are_studied_and_what_is_published_stands_beside(run: Run, tmp_path: Path) -> None:
    asked = TransferSettings.load(MCAM)
    for name in SETS:
        save_set(tmp_path / name, name, asked.data.only)
    places = [[str(tmp_path / name / each) for name in SETS] for each in (".", "cues")]
    short = {"data.manifest": places[0], "data.cues": places[1], "out": str(tmp_path), "name": "short", "seeds": [0]}
    short |= {"fusions": ["mcam_paper", "mean"], "options.mcam_paper.steps": 5, "draws": 100}
    short |= {"detectors.folds": 2, "forgetting.run": "false"}
    done = run("transfer", MCAM, *(word for key, value in short.items() for word in ("--set", f"{key}={value}")))
    assert done.exit_code == 0, done.output
    assert "of 28 accuracies with one of ours beside them" in done.plain  # all but those of other authors
    document = json.loads((tmp_path / "short" / "transfer.json").read_text())
    table = pl.read_parquet(tmp_path / "short" / "transfer.parquet").filter(split="random", test="jaffe")
    (from_tfeid,) = [row for row in document["published"] if row["region"] == "jaffe" and "GAM" in row["model"]]
    beside = table.filter(source="tfeid", regime="gam", fusion="mcam_paper", subset="A-image_features")
    assert from_tfeid["random"]["accuracy"] == beside["accuracy"].item()
    ours = [row[split] for row in document["published"][4:] for split in ("random", "person")]
    assert all(0 <= each["low"] <= each["accuracy"] <= each["high"] <= 1 for each in ours)
    page, text = ((tmp_path / "short" / f"transfer.{kind}").read_text() for kind in ("html", "md"))
    for shown in ("92.44", "86.36", "98.63", "75.19", "Scientific Reports 13:8414", "36 to 132 faces"):
        assert shown in page
        assert shown in text


def test_help_shows_how_it_is_used(run: Run) -> None:
    done = run("transfer", "--help")
    assert done.exit_code == 0
    assert "evenface cues read" in done.plain
    assert "--resume" in done.plain
