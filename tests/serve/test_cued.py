"""Cues beside the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import UnknownNameError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.reading.predictions import read_predictions
from evenface.cues import CUES
from evenface.cues._cue import Cue, CueReading, checked, with_gaps
from evenface.cues._read import read_cues
from evenface.faces.detectors import DETECTORS
from evenface.serve.predictor import Predictor
from evenface.serve.table import write


class Bright(Cue):
    """Mean of the colours, of faces that are not too dark; our own definition."""

    name, channels, version, size, confidence = "macro", ("red", "green"), "1", 16, "always 1"
    sizes: tuple[int, ...] = ()
    closed = False

    def read(self, chips: np.ndarray) -> CueReading:
        Bright.sizes = (*Bright.sizes, len(chips))
        means = checked(self, chips).mean((1, 2)).astype(np.float32)[:, :2]
        seen = means[:, 0] > 60
        reasons = [None if each else "too dark" for each in seen]
        return with_gaps(2, seen, means[seen], np.ones(seen.sum(), np.float32), reasons)

    def close(self) -> None:
        Bright.closed = True


class Moved(Cue):
    """How much the last frame differs from the first, and how bright that is; our own definition."""

    name, channels, version, size, confidence, frames = "micro", ("change", "light"), "1", 8, "none", 5

    def read(self, chips: np.ndarray) -> CueReading:
        ends = checked(self, chips)[:, [0, -1]].astype(np.float32).mean((2, 3, 4))
        values = np.stack([ends[:, 1] - ends[:, 0], ends[:, 0]], 1)
        return CueReading(values, np.ones(len(ends), bool), np.full(len(ends), np.nan, np.float32), (None,) * len(ends))


@pytest.fixture(autouse=True)
def made_cues(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, type[Cue]] = {"macro": Bright, "micro": Moved}
    known = CUES.get
    monkeypatch.setattr(CUES, "get", lambda name: kinds.get(name) or known(name))
    Bright.sizes, Bright.closed = (), False


def test_each_face_has_what_each_cue_read_or_why_not(model: Any, halves: Any, photos: Path) -> None:
    with Predictor(model, detector=halves, cues=["macro", "micro", "macro"]) as predictor:
        rows = predictor.predict([photos])
    assert rows.columns[-8:] == [
        "cue_reason:macro", "cue_confidence:macro", "cue:macro:red", "cue:macro:green",
        "cue_reason:micro", "cue_confidence:micro", "cue:micro:change", "cue:micro:light",
    ]  # fmt: skip
    assert rows["cue_reason:macro"].to_list()[:4] == ["too dark", None, None, "no face found"]
    assert rows["cue_reason:macro"][4] == rows["reason"][4]
    assert rows["cue:macro:red"].to_list() == [None, pytest.approx(235, abs=1), pytest.approx(127, abs=1), None, None]
    assert rows["cue_confidence:macro"].to_list() == [None, 1, 1, None, None]
    assert rows["cue:micro:change"].to_list() == [0, 0, 0, None, None]
    assert rows["cue_confidence:micro"].null_count() == 5
    assert Bright.closed
    without = Predictor(model, detector=halves).predict([photos])
    assert without.equals(rows.select(without.columns))


def test_what_is_read_does_not_depend_on_batches(model: Any, halves: Any, tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    for number in range(9):
        pixels = dice.integers(0, 256, (40, 40 + 60 * (number % 2), 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    found = []
    for batch in (32, 1, 4):
        Bright.sizes = ()
        with Predictor(model, detector=halves, batch=batch, workers=2, cues=["macro", "micro"]) as predictor:
            found.append(predictor.predict([tmp_path]).select(pl.selectors.starts_with("cue")))
        assert max(Bright.sizes) <= batch
    assert len(found[0]) == 13
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_a_photo_is_read_as_a_cue_table_has_it(
    model: Any, halves: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"face": ["p", "q"], "image": ["b.jpg", "c.png"], "subject": ["x", "y"], "split": ["test", "test"]}
    more = {"dataset": ["made"] * 2, "region": [None] * 2, "label": pl.Series([0, 1], dtype=pl.Int16)}
    frame = pl.DataFrame(columns | more, schema_overrides={"region": pl.String})
    manifest = Manifest(frame, LabelSpace.of(["happy", "sad"]), ())
    path = manifest.save(photos / "manifest.parquet")
    known = DETECTORS.get
    monkeypatch.setattr(DETECTORS, "get", lambda name: halves if name == "halves" else known(name))
    names = ("macro", "micro")
    tables = read_cues(manifest, photos, tmp_path / "cues", names, detector="halves")
    with Predictor(model, detector=halves, cues=names) as predictor:
        rows = predictor.predict([path])
    for table, cue in zip(tables, (Bright, Moved), strict=True):
        values = rows.select(f"cue:{cue.name}:{channel}" for channel in cue.channels).to_numpy()
        np.testing.assert_array_equal(values, table.reading.values)
        assert rows[f"cue_reason:{cue.name}"].to_list() == list(table.reading.reasons)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_an_audit_takes_the_table_as_without_cues(
    model: Any, halves: Any, photos: Path, tmp_path: Path, ending: str
) -> None:
    with Predictor(model, detector=halves, cues=["macro"]) as predictor:
        rows = predictor.predict([photos]).with_columns(label=pl.lit("sad"), gender=pl.lit("F"))
    read = read_predictions(write(rows, tmp_path / f"out.{ending}"))
    assert [attribute.name for attribute in read.attributes] == ["gender"]
    assert set(read.labels.names) == set(model.classes)


def test_no_face_at_all_still_gives_the_columns(model: Any, halves: Any) -> None:
    with Predictor(model, detector=halves, cues=["macro"]) as predictor:
        rows = predictor.picture(np.zeros((8, 8, 3), np.uint8))
    assert rows["cue_reason:macro"].to_list() == ["no face found"]
    assert predictor.cues.columns([])[0].shape == (0, 4)


def test_an_unknown_cue_is_told_before_anything_starts(model: Any) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'action_units'"):
        Predictor(model, cues=["action_unit"])
