from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from evenface.cli.main import program
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    @property
    def plain(self) -> str:
        """All on one line, since messages are wrapped at the terminal's width."""
        return " ".join(self.output.replace("│", " ").split())


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run `evenface` in this process, as on a terminal of 80 columns without colours."""
    app = program()

    def call(*arguments: object) -> Done:
        texts = list(map(str, arguments))
        few = ["--resamples", "100"] if texts[:1] == ["audit"] and "--resamples" not in texts else []
        done = CliRunner().invoke(app, [*texts, *few], env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def faces() -> pl.DataFrame:
    """Predictions of a model that reads men worse; 200 faces."""
    rng = np.random.default_rng(0)
    classes = np.array(["happy", "sad", "neutral"])
    true, male = rng.integers(0, 3, 200), rng.random(200) < 0.5
    wrong = rng.random(200) < np.where(male, 0.5, 0.1)
    return pl.DataFrame(
        {
            "face": [f"f{i:03d}" for i in range(200)],
            "label": classes[true],
            "pred": classes[(true + wrong) % 3],
            "gender": np.where(male, "M", "F"),
            "age": rng.integers(1, 90, 200),
        }
    )


@pytest.fixture
def good(faces: pl.DataFrame, tmp_path: Path) -> Path:
    """The same as a CSV file."""
    path = tmp_path / "good.csv"
    faces.write_csv(path)
    return path


@pytest.fixture
def two_faces() -> Callable[[Path, list[str]], Path]:
    """Write the manifest of two pictures in a folder, of a woman and of a man, and give its path."""

    def write(folder: Path, images: list[str]) -> Path:
        columns = {"face": ["a", "b"], "image": images, "subject": ["a", "b"], "dataset": ["made"] * 2}
        frame = pl.DataFrame(columns).with_columns(
            pl.lit(None, pl.String).alias("region"),
            pl.lit(None, pl.String).alias("split"),
            pl.lit(0, pl.Int16).alias("label"),
            pl.Series("attr:gender", ["female", "male"]),
        )
        attribute = Attribute("gender", ("female", "male"), "generated")
        return Manifest(frame, LabelSpace.of(["happy", "sad"]), (attribute,)).save(folder / "manifest.parquet")

    return write
