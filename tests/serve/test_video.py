from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.serve import predictor as module
from evenface.serve.predictor import Predictor
from evenface.serve.sources import Shown, pictures


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twenty frames of two faces, side by side; black in between, at frame 10."""
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 64))
    for number in range(20):
        writer.write(np.full((64, 128, 3), 0 if number == 10 else 230, np.uint8))
    writer.release()
    return tmp_path / "a.avi"


def test_faces_of_a_video_have_frame_time_and_track(predictor: Predictor, clip: Path) -> None:
    rows = predictor.predict([clip], every=5)
    assert rows["frame"].to_list() == [0, 0, 5, 5, 10, 15, 15]
    assert rows["time_s"].to_list() == pytest.approx([0, 0, 0.5, 0.5, 1, 1.5, 1.5])
    assert rows["track"].to_list() == [0, 1, 0, 1, None, 0, 1]
    assert rows["face"][0] == f"{clip}@0#1"
    assert rows["reason"][4] == "no face found"
    assert rows["face"].is_unique().all()


def test_a_manifest_that_names_a_video_gets_the_face_of_its_middle_frame(predictor: Predictor, clip: Path) -> None:
    frame = pl.DataFrame(
        {"face": ["f"], "image": [clip.name], "subject": ["p"], "split": [None], "label": [1], "dataset": ["made"]}
        | {"region": [None]},
        schema_overrides={"split": pl.String, "label": pl.Int16, "region": pl.String},
    )
    path = Manifest(frame, LabelSpace.of(["happy", "sad"]), ()).save(clip.with_name("m.parquet"))
    rows = predictor.predict([path])
    assert rows["reason"].to_list() == ["no face found"]  # the tenth of twenty is black
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for number in range(21):
        writer.write(np.full((64, 64, 3), 230 if number == 10 else 0, np.uint8))
    writer.release()
    rows = predictor.predict([path])
    assert rows.select("face", "predicted", "label").row(0) == ("f", "happy", "sad")


def test_a_camera_is_read_like_a_video_until_its_time_is_up(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    taken = 0

    class Camera:
        def __init__(self, source: int) -> None:
            assert source == 1

        def isOpened(self) -> bool:
            return True

        def get(self, _: int) -> float:
            return 0.0

        def grab(self) -> bool:
            nonlocal taken
            taken += 1
            return taken < 8  # it is unplugged

        def retrieve(self) -> tuple[bool, Any]:
            return True, np.full((64, 64, 3), 230, np.uint8)

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    rows = predictor.predict(["camera:1"], every=3, seconds=60)
    assert rows["face"].to_list() == ["camera:1@0#1", "camera:1@3#1", "camera:1@6#1"]
    assert rows["track"].to_list() == [0, 0, 0]
    assert rows["time_s"].is_sorted()


def test_pixels_are_let_go_of_once_they_were_looked_at(predictor: Predictor) -> None:
    for keep in (False, True):
        ((seen, _),) = predictor.stream([Shown("a", np.full((64, 64, 3), 230, np.uint8))], keep=keep)
        assert not isinstance(seen.shown.content, np.ndarray)
        assert (seen.image is not None) == keep


def test_pictures_that_are_kept_wait_in_small_batches(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, model: Any
) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 3 * 64 * 64 * 3)
    shown = [Shown(str(number), np.full((64, 64, 3), 230, np.uint8)) for number in range(7)]
    assert len(list(predictor.stream(shown, keep=True))) == 7
    assert model.batches == [3, 3, 1]


def test_few_frames_are_in_memory_at_once(model: Any, halves: Any, clip: Path) -> None:
    taken = 0

    def counted() -> Any:
        nonlocal taken
        for shown in pictures([clip], every=1):
            taken += 1
            yield shown

    with Predictor(model, detector=halves, workers=1, batch=2) as predictor:
        for given, _ in enumerate(predictor.stream(counted())):
            assert taken - given <= 4 + 2 * 2
    assert taken == 20
