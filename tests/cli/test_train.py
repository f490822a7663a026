from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute

CONFIG = """
name = "small"
epochs = 1
batch = 8
[data]
manifest = "{faces}"
size = 16
[net]
kind = "residual"
widths = [8]
blocks = [1]
[device]
accelerator = "cpu"
threads = 1
precision = "fp32"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(30):
        Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8)).save(tmp_path / f"{i}.png")
    text = {name: pl.Series([None] * 30, dtype=pl.String) for name in ("region", "subject")}
    frame = pl.DataFrame(
        {
            "face": [str(i) for i in range(30)],
            "image": [f"{i}.png" for i in range(30)],
            "dataset": ["made"] * 30,
            "split": ["train"] * 20 + ["test"] * 10,
            "label": pl.Series(np.arange(30) % 2, dtype=pl.Int16),
            "attr:gender": ["female", "female", "male"] * 10,
            **text,
        }
    )
    Manifest(frame, LabelSpace.of(("happy", "sad")), (Attribute("gender", ("female", "male"), "annotated"),)).save(
        tmp_path / "manifest.parquet"
    )
    path = tmp_path / "small.toml"
    path.write_text(CONFIG.format(faces=tmp_path))
    return path


def test_a_run_from_the_command_line_goes_straight_into_the_audit(run, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    done = run("train", config, "--set", f"out={out}", "--set", "seeds=[0, 1]", "--set", 'data.groups=["gender"]')
    assert done.exit_code == 0, done.output
    assert "2 of 20 training persons were set aside" in done.plain
    assert "Accuracy over 2 seeds (test): mean" in done.plain
    again = run("train", config, "--set", f"out={out}", "--set", "seeds=[0, 1]", "--set", 'data.groups=["gender"]')
    assert again.exit_code == 2
    assert "--resume" in again.plain
    audited = run("audit", out / "small-seed0" / "predictions/test.parquet", "--by", "gender", "--out", tmp_path / "a")
    assert audited.exit_code == 0, audited.output


def test_faults_are_told_before_anything_is_trained(run, config: Path, tmp_path: Path) -> None:
    done = run("train", config, "--set", "optimizer.rate=1", "--set", "epochs=0")
    assert done.exit_code == 2
    assert "Did you mean 'optimiser'?" in done.plain
    assert "epochs" in done.plain
    lost = run("train", config, "--set", f"data.manifest={tmp_path / 'none'}")
    assert lost.exit_code == 2
    assert "There is no manifest" in lost.plain
