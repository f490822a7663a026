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
from evenface.core.tables import Attribute

Run = Callable[..., str]


@pytest.fixture
def cues(run: Callable[..., Any]) -> Run:
    def call(*words: object, code: int = 0) -> str:
        done = run("cues", *words)
        assert done.exit_code == code, done.output
        return done.plain

    return call


@pytest.fixture
def set_of_two(tmp_path: Path) -> Path:
    """Two pictures, of which the only man's is broken."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    columns = {"face": ["a", "b"], "image": ["a.png", "b.png"], "subject": ["a", "b"], "dataset": ["made"] * 2}
    frame = pl.DataFrame(columns).with_columns(
        pl.lit(None, pl.String).alias("region"),
        pl.lit(None, pl.String).alias("split"),
        pl.lit(0, pl.Int16).alias("label"),
        pl.Series("attr:gender", ["female", "male"]),
    )
    attribute = Attribute("gender", ("female", "male"), "generated")
    Manifest(frame, LabelSpace.of(["happy", "sad"]), (attribute,)).save(tmp_path / "manifest.parquet")
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
