from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading
from evenface.cues._table import save_cue

Run = Callable[..., str]


@pytest.fixture
def cues(run: Callable[..., Any]) -> Run:
    def call(*words: object, code: int = 0) -> str:
        done = run("cues", *words)
        assert done.exit_code == code, done.output
        return done.plain

    return call


@pytest.fixture
def set_of_two(tmp_path: Path, two_faces: Callable[[Path, list[str]], Path]) -> Path:
    """Two pictures, of which the only man's is broken."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    two_faces(tmp_path, ["a.png", "b.png"])
    return tmp_path


def test_the_list_names_every_cue_and_one_tells_more(cues: Run) -> None:
    told = cues("list")
    assert "action_units" in told and "18 frames of 64 px" in told
    assert "Channels: AU01, AU02" in cues("list", "action_units")
    assert "Did you mean 'macro'" in cues("list", "macr", code=2)


def test_a_folder_is_read_and_what_was_lost_is_told_by_group(cues: Run, set_of_two: Path) -> None:
    pytest.importorskip("onnxruntime", reason="macro runs with onnxruntime, which the extra evenface[predict] brings")
    told = cues("read", set_of_two, set_of_two / "cues", "--cue", "macro", "--detector", "none")
    assert "macro: 1 of 2 faces read." in told
    assert "Not read: not a picture of a known format (1)." in told
    assert "Cue 'macro' reads no face of gender=male" in told
    assert pl.read_parquet(set_of_two / "cues" / "macro.parquet")["valid"].to_list() == [True, False]
    again = cues("read", set_of_two, set_of_two / "cues", "--cue", "macro", "--detector", "none")
    assert "known from an earlier run" in again


def test_units_of_another_tool_become_a_table(cues: Run, set_of_two: Path) -> None:
    (set_of_two / "a.csv").write_text("frame, face, confidence, AU01_r, AU12_r\n0, 0, 0.9, 1.0, 2.0\n")
    told = cues("import", set_of_two / "a.csv", set_of_two, set_of_two / "cues")
    assert "openface: 1 of 2 faces read." in told
    assert pl.read_parquet(set_of_two / "cues" / "openface.parquet")["cue:openface:AU12"].to_list() == [2.0, None]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cue", "macr"), "Did you mean 'macro'"),
        (("--cue", ","), "names nothing"),
        (("--cue", "macro", "--detector", "mediapip"), "Did you mean 'mediapipe'"),
    ],
)
def test_what_cannot_be_read_is_told(cues: Run, set_of_two: Path, words: tuple[str, ...], message: str) -> None:
    assert message in cues("read", set_of_two, set_of_two / "cues", *words, code=2)


def test_what_was_read_of_clips_is_scored(cues: Run, tmp_path: Path) -> None:
    labels, answers = ["happy", "sad", "surprise"] * 2, [0, 1, 2, 0, 1, 1]
    frame = pl.DataFrame(
        {
            "face": [f"f{n}" for n in range(6)],
            "image": [f"{n}.png" for n in range(6)],
            "subject": ["a", "a", "a", "b", "b", "b"],
            "dataset": ["made"] * 6,
            "region": pl.Series([None] * 6, dtype=pl.String),
            "split": pl.Series([None] * 6, dtype=pl.String),
            "label": pl.Series([("happy", "sad", "surprise").index(name) for name in labels], dtype=pl.Int16),
        }
    )
    manifest = Manifest(frame, LabelSpace.of(["happy", "sad", "surprise"]), ())
    manifest.save(tmp_path / "manifest.parquet")
    values = np.eye(3, dtype=np.float32)[answers]
    reading = CueReading(values, np.ones(6, bool), np.ones(6, np.float32), (None,) * 6)
    save_cue(tmp_path / "cues", "micro", ("positive", "negative", "surprise"), reading, manifest, {})
    told = " ".join(cues("score", tmp_path, tmp_path / "cues").split())
    assert "all 6 6 2 0.822 [0.556, 1.000] 0.833 [0.667, 1.000]" in told
    assert "happy -> positive" in told and "6 are pictures of no clip" in told
    refused = " ".join(cues("score", tmp_path, tmp_path / "cues", "--cue", "macro", code=2).split())
    assert "cues that read clips: micro, micro_plus" in refused


def test_numbered_columns_take_the_names_that_are_given(cues: Run, set_of_two: Path) -> None:
    (set_of_two / "a.csv").write_text("confidence, AU01_r, AU02_r, AU03_r\n0.9, 1.0, 2.0, 3.0\n")
    assert "say which with --units" in cues("import", set_of_two / "a.csv", set_of_two, set_of_two / "c", code=2)
    told = cues("import", set_of_two / "a.csv", set_of_two, set_of_two / "c", "--units", "AU01,AU04,AU12")
    assert "AU03_r as AU12" in " ".join(told.split())
    assert pl.read_parquet(set_of_two / "c" / "openface.parquet")["cue:openface:AU12"].to_list() == [3.0, None]
