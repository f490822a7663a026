from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.reading.predictions import read_predictions
from evenface.core.tables import Attribute
from evenface.serve.loading import load
from evenface.serve.predictor import Predictor
from evenface.serve.table import write


def test_every_face_is_a_row_and_every_miss_has_its_reason(predictor: Predictor, photos: Path) -> None:
    rows = predictor.predict([photos])
    assert [face.removeprefix(f"{photos}/") for face in rows["face"]] == [
        "a/two.png#1",
        "a/two.png#2",
        "b.jpg#1",
        "c.png#0",
        "d.jpg#0",
    ]
    assert rows["predicted"].to_list() == ["sad", "happy", None, None, None]
    reasons = rows["reason"].to_list()
    assert reasons[:2] == [None, None]
    assert reasons[2].startswith("not sure: 0.3")
    assert reasons[3] == "no face found"
    assert reasons[4].startswith("broken picture (")
    assert rows["box_right"].to_list() == [60, 120, 60, None, None]
    scores = rows.select("score_happy", "score_sad", "score_neutral").to_numpy()
    assert np.allclose(scores[:3].sum(1), 1)
    assert np.isnan(scores[3:].astype(float)).all()


def test_the_threshold_decides_who_gets_no_answer(model: Any, halves: Any, photos: Path) -> None:
    for threshold, answered in ((0, 3), (0.4, 2), (1, 0)):
        with Predictor(model, detector=halves, threshold=threshold) as predictor:
            assert predictor.predict([photos])["predicted"].count() == answered


def test_values_do_not_depend_on_batches_or_workers(model: Any, halves: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(23):
        Image.fromarray(rng.integers(0, 256, (40, 40 + 60 * (number % 2), 3)).astype(np.uint8)).save(
            tmp_path / f"{number}.png"
        )
    found = []
    for batch, workers in ((32, 2), (1, 1), (5, 3)):
        model.batches.clear()
        with Predictor(model, detector=halves, batch=batch, workers=workers) as predictor:
            found.append(predictor.predict([tmp_path]))
        assert max(model.batches) <= batch
    scores = [each.select(pl.selectors.starts_with("score_")).to_numpy() for each in found]
    assert len(scores[0]) == 34
    for frame, values in zip(found[1:], scores[1:], strict=True):
        assert frame["face"].equals(found[0]["face"])
        assert np.abs(values - scores[0]).max() < 1e-5


def test_one_picture_in_memory_gets_its_answers_at_once(predictor: Predictor) -> None:
    answers = predictor.picture(np.full((50, 50, 3), 250, np.uint8), "mine")
    assert answers.select("face", "predicted").rows() == [("mine#1", "happy")]


@pytest.fixture
def manifest(photos: Path) -> Path:
    """Five rows: two photos, of which one shows two faces; no face, no file, no picture named."""
    images = ["b.jpg", "a/two.png", "c.png", "gone.png", None]
    frame = pl.DataFrame(
        {
            "face": ["p", "q", "r", "s", "t"],
            "image": images,
            "subject": ["x", "x", "y", "y", "z"],
            "dataset": "made",
            "region": None,
            "split": "test",
            "label": pl.Series([0, 1, 2, 0, None], dtype=pl.Int16),
            "attr:gender": ["F", "M", "F", "M", None],
        },
        schema_overrides={"region": pl.String},
    )
    labels = LabelSpace.of(["happy", "sad", "neutral"])
    return Manifest(frame, labels, (Attribute("gender", ("F", "M"), "annotated"),)).save(photos / "manifest.parquet")


def test_a_manifest_gives_one_row_for_each_of_its_faces(predictor: Predictor, manifest: Path) -> None:
    rows = predictor.predict([manifest])
    assert rows["face"].to_list() == ["p", "q", "r", "s", "t"]
    assert rows["label"].to_list() == ["happy", "sad", "neutral", "happy", None]
    assert rows["gender"].to_list() == ["F", "M", "F", "M", None]
    assert rows["subject"].to_list() == ["x", "x", "y", "y", "z"]
    assert "region" not in rows.columns
    assert rows["reason"].to_list()[2:] == ["no face found", "no such file", "the manifest names no picture"]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_the_table_goes_straight_into_an_audit(
    predictor: Predictor, manifest: Path, ending: str, tmp_path: Path
) -> None:
    rows = predictor.predict([manifest]).filter(pl.col("label").is_not_null())
    read = read_predictions(write(rows, tmp_path / f"out.{ending}"))
    assert read.rows == 4
    assert [attribute.name for attribute in read.attributes] == ["gender"]
    frame = read.frame.collect()
    assert [None if i is None else read.labels.names[i] for i in frame["predicted"]] == [None, "sad", None, None]
    assert read.labels.names[frame["true"][1]] == "sad"
    assert f"score:{read.labels.names[0]}" in frame.columns


def test_nothing_to_look_at_is_an_error_before_anything_starts(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source, message in {
        tmp_path / "none.jpg": "There is no",
        tmp_path / "empty": "holds no pictures or videos",
        "no/*.jpg": "holds no pictures or videos",
    }.items():
        with pytest.raises(InputError, match=message):
            predictor.predict([source])


def test_settings_that_cannot_be_used_are_told(model: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="threshold is 2"):
        Predictor(model, threshold=2)
    with pytest.raises(SettingsError, match="at least 1"):
        Predictor(model, batch=0)
    with pytest.raises(UnknownNameError, match="Did you mean 'windows'"):
        Predictor(model, detector="window")
    with pytest.raises(InputError, match="There are no weights"):
        load(tmp_path / "none.onnx")


def test_a_picture_without_a_face_gives_all_columns(predictor: Predictor, photos: Path) -> None:
    rows = predictor.predict([photos / "c.png"])
    assert {"score_happy", "box_left", "track", "predicted"} <= set(rows.columns)
    assert rows["reason"].to_list() == ["no face found"]
