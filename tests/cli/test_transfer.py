"""`evenface transfer`: from a configuration and cue tables to a report, and what is said where that cannot be."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from evenface.cli.main import program
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading
from evenface.cues._table import save_cue

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


def run(*arguments: object) -> tuple[int, str]:
    found = CliRunner().invoke(program(), ["transfer", *map(str, arguments)])
    return found.exit_code, " ".join(f"{found.output} {found.exception or ''}".split())


def test_sets_with_classes_of_their_own_become_one_study(config: Path, tmp_path: Path) -> None:
    code, said = run(config, "--set", f"out={tmp_path / 'out'}")
    assert code == 0, said
    assert "dropped: contempt, disgust" in said or "dropped: disgust" in said
    assert "Next: evenface audit" in said
    folder = tmp_path / "out" / "transfer"
    for name in ("transfer.html", "transfer.md", "transfer.parquet", "transfer.json", "settings.toml"):
        assert (folder / name).is_file(), name
    again, said = run(config, "--set", f"out={tmp_path / 'out'}")
    assert again == 2
    assert "--resume" in said


def test_a_cue_table_of_another_manifest_is_refused(config: Path, tmp_path: Path) -> None:
    for table in (tmp_path / "jaffe" / "cues").glob("*.parquet"):
        (tmp_path / "ckplus" / "cues" / table.name).write_bytes(table.read_bytes())
    code, said = run(config, "--set", f"out={tmp_path / 'out'}")
    assert code == 2
    assert "belongs to another manifest" in said
    assert not (tmp_path / "out").exists()


def test_help_shows_how_it_is_used() -> None:
    code, said = run("--help")
    assert code == 0
    assert "evenface cues read" in said
    assert "--resume" in said
