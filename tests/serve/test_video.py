from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenface.serve.predictor import Predictor


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


def test_few_frames_are_in_memory_at_once(model: Any, halves: Any, clip: Path) -> None:
    from evenface.serve.sources import pictures

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
