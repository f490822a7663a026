from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.faces.detectors import DETECTORS
from evenface.faces.face import Face
from evenface.serve import predictor


class Whole:
    """A detector: the whole picture is a face, unless it is black."""

    def detect(self, image: np.ndarray) -> list[Face]:
        size = len(image)
        five = np.array([[0.32, 0.4], [0.68, 0.4], [0.5, 0.6], [0.4, 0.77], [0.6, 0.77]]) * size
        return [Face((0, 0, size, size), float("nan"), five)] if image.any() else []

    def close(self) -> None:
        """Nothing is held."""


class Sure:
    """A model: white is happy."""

    classes = ("happy", "sad")
    size = 8
    shares = np.array([0.8, 0.2])

    def probabilities(self, chips: np.ndarray) -> np.ndarray:
        white = chips.mean((1, 2, 3)) / 255
        return np.stack([white, 1 - white], 1).astype(np.float32)


@pytest.fixture(autouse=True)
def _ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "load", lambda _: Sure())
    monkeypatch.setattr(DETECTORS, "get", lambda _: Whole)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in {"white": 250, "grey": 140, "black": 0}.items():
        Image.new("RGB", (64, 64), (value,) * 3).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_folder_becomes_a_table_and_pictures(run, folder: Path, ending: str) -> None:
    out, drawn = folder / f"answers.{ending}", folder / "drawn"
    done = run("predict", folder, "--out", out, "--draw", drawn, "--threshold", 0.6)
    assert done.exit_code == 0, done.output
    readers = {"parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson}
    rows = readers[ending](out)
    assert rows["predicted"].to_list() == [None, None, "happy"]
    assert rows["reason"].to_list()[0] == "no face found"
    assert rows["detection"].null_count() == 3
    assert len(list(drawn.glob("*.jpg"))) == 3
    assert "2 faces: happy 1." in done.plain
    assert "1 face without an answer" in done.plain
    assert "1 picture without a face" in done.plain
    assert f"answers.{ending}" in done.stdout.replace("\n", "")
    assert "Skipped" not in done.plain


def test_what_was_skipped_is_told(run, folder: Path) -> None:
    (folder / "a.zip").touch()
    assert "Skipped, by their names: 1 .zip. Name archives" in run("predict", folder).plain


def test_cues_are_columns_of_the_table(run, folder: Path) -> None:
    pytest.importorskip("onnxruntime")
    out = folder / "answers.parquet"
    done = run("predict", folder, "--out", out, "--cue", "macro, macro_full")
    assert done.exit_code == 0, done.output
    rows = pl.read_parquet(out)
    assert rows.select("cue:macro:happy", "cue:macro_full:disgust").null_count().row(0) == (1, 1)
    assert rows["cue_reason:macro"].to_list() == ["no face found", None, None]
    assert "macro_full: 2 faces read." in done.plain


def test_a_group_of_which_a_cue_reads_nobody_is_told(run, folder: Path, two_faces) -> None:
    pytest.importorskip("onnxruntime")
    path = two_faces(folder, ["white.png", "black.png"])
    done = run("predict", path, "--cue", "macro")
    assert "macro: 1 face read." in done.plain
    assert "Finding: Cue 'macro' reads no face of gender=male (1 faces), and reads others: no face found (1)." in (
        " ".join(done.plain.split())
    )
    assert "still photo" not in done.plain


def test_a_cue_that_wants_clips_says_that_it_had_none(run, folder: Path) -> None:
    pytest.importorskip("torch")
    done = run("predict", folder, "--cue", "micro")
    assert "micro: each picture was read as a still photo" in " ".join(done.plain.split())


def test_base_rates_are_told_and_kept(run, folder: Path) -> None:
    out = folder / "answers.csv"
    done = run("predict", folder, "--out", out, "--base-rates", "uniform", "--threshold", 0)
    assert done.exit_code == 0, done.output
    assert "Base rates: uniform." in done.plain
    rows = pl.read_csv(out)
    assert rows["base_rates"].to_list() == ["uniform"] * 3
    grey = 140 / 255
    assert rows["score_happy"][1] == pytest.approx(grey / 0.8 / (grey / 0.8 + (1 - grey) / 0.2), abs=1e-3)
    for number in range(100):
        Image.new("RGB", (64, 64), (100 + number,) * 3).save(folder / f"{number}.png")
    done = run("predict", folder, "--base-rates", "estimated")
    assert "Base rates: estimated from 102 faces: happy 0." in done.plain
    assert "without labels" in done.plain


def test_what_cannot_be_done_is_told_with_exit_code_2(run, folder: Path) -> None:
    for arguments, message in [
        (["gone.jpg"], "There is no gone.jpg"),
        ([folder, "--out", folder / "a.xlsx"], "ends in .parquet, .csv, .jsonl"),
        ([folder, "--out", folder / "no" / "a.csv"], "there is no folder"),
        (["camera:0"], "camera has no end"),
        ([folder, "--cue", "gase"], "Unknown cue 'gase'"),
        ([folder, "--base-rates", "even"], "Unknown base rates 'even'"),
        ([folder, "--base-rates", "estimated"], "from 100 faces or more, and here are 2"),
        ([folder, "--base-rates", "estimated", "--draw", folder / "d"], "Leave --draw out"),
        ([folder, "--cue", ","], "--cue ',' names nothing"),
    ]:
        done = run("predict", *arguments)
        assert done.exit_code == 2
        assert message in done.plain


def test_where_no_face_is_read_the_table_is_written_and_the_code_is_2(run, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "black.png")
    (tmp_path / "text.png").write_text("no picture")
    out = tmp_path / "out.csv"
    done = run("predict", tmp_path / "black.png", tmp_path / "text.png", "--out", out)
    assert done.exit_code == 2
    assert "2 pictures without a face that could be read" in done.plain
    assert pl.read_csv(out)["reason"].null_count() == 0
    Image.fromarray(np.full((40, 40, 3), 255, np.uint8)).save(tmp_path / "white.png")
    done = run("predict", tmp_path / "white.png", tmp_path / "black.png")
    assert done.exit_code == 0
    assert "1 face: happy 1." in done.plain
    assert "1 picture without a face" in done.plain
