"""Cues that are read from landmarks alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.cues import CUES, DEFAULT, _landmarks
from evenface.cues._landmarks import LandmarkCue
from evenface.cues.gaze import Gaze, directions
from evenface.cues.geometry import Geometry, measures
from evenface.faces.landmarks import ACTIONS, POINTS, Landmarks

NAMES = [name for name in DEFAULT if issubclass(CUES.get(name), LandmarkCue)]


def face(**moved: tuple[float, float]) -> NDArray[np.float32]:
    """A face of few points as `upright` gives it, x to the right and y up; some are moved from where they are."""
    points = np.zeros((1, POINTS, 3), np.float32)
    half = {"33": (-0.5, 0.0), "133": (-0.2, 0.0), "362": (0.2, 0.0), "263": (0.5, 0.0),
            "159": (-0.35, 0.05), "145": (-0.35, -0.05), "386": (0.35, 0.05), "374": (0.35, -0.05),
            "468": (-0.35, 0.0), "473": (0.35, 0.0), "61": (-0.3, -0.7), "291": (0.3, -0.7),
            "13": (0.0, -0.7), "14": (0.0, -0.7), "2": (0.0, -0.5)}  # fmt: skip
    for name, (x, y) in {**half, **{name.strip("p"): at for name, at in moved.items()}}.items():
        points[0, int(name), :2] = x, y
    return points


def of(points: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(Geometry.channels, measures(points)[0].tolist(), strict=True))


def test_a_smile_is_wide_and_its_corners_are_up() -> None:
    rest, smile = of(face()), of(face(p61=(-0.4, -0.6), p291=(0.4, -0.6)))
    assert rest["mouth_width"] == pytest.approx(0.6)
    assert smile["mouth_width"] == pytest.approx(0.8)
    assert smile["corner_up_left"] - rest["corner_up_left"] == pytest.approx(0.1)
    assert smile["corner_out_right"] == pytest.approx(0.4)
    assert smile["corner_angle_left"] == pytest.approx(np.degrees(np.arctan2(0.1, 0.4)), abs=1e-3)
    assert smile["uneven_corner_up"] == pytest.approx(0)


def test_one_raised_corner_is_uneven_to_its_side() -> None:
    smirk = of(face(p291=(0.3, -0.6)))
    assert smirk["uneven_corner_up"] == pytest.approx(0.1)
    assert smirk["corner_angle_right"] == pytest.approx(0)


def test_gaze_is_the_place_of_the_iris_in_the_eye() -> None:
    ahead, opening = directions(face())
    np.testing.assert_allclose(ahead, 0, atol=1e-6)
    np.testing.assert_allclose(opening, 1 / 3, atol=1e-6)
    left, _ = directions(face(p468=(-0.32, 0.0), p473=(0.38, 0.03)))
    np.testing.assert_allclose(left[0, :4], (0.1, 0.1, 0, 0.1), atol=1e-6)
    assert left[0, 4] == pytest.approx(np.degrees(np.arcsin(0.3)), abs=1e-3)


def test_an_eye_that_is_shut_has_no_gaze(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.concatenate([face(), face(p386=(0.35, 0.01), p374=(0.35, -0.01)), np.full_like(face(), np.nan)])
    found = np.array([True, True, False])
    turn = np.where(found[:, None, None], np.eye(3, dtype=np.float32), np.float32(np.nan))
    seen = Landmarks(found, points * np.array([1, -1, -1], np.float32), np.zeros((3, ACTIONS), np.float32), turn, ())
    monkeypatch.setattr(_landmarks, "Landmarker", lambda: _Counted([]))
    cue = Gaze()
    reading = cue.of(seen)
    cue.close()
    assert reading.reasons == (None, "an eye is shut", "no landmarks could be placed")
    assert reading.confidence[0] == 1


class _Counted:
    """Stands for the landmarker, and counts what it is asked."""

    def __init__(self, asked: list[int]) -> None:
        self.asked, self.closed = asked, False

    def read(self, chips: NDArray[np.uint8]) -> Landmarks:
        self.asked.append(len(chips))
        blank = np.full((len(chips), POINTS, 3), np.nan, np.float32)
        return Landmarks(np.zeros(len(chips), bool), blank, blank[:, :ACTIONS, 0], blank[:, :3], ())

    def close(self) -> None:
        self.closed = True


def test_landmarks_are_placed_once_for_all_cues(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    made = [_Counted(asked)]
    waiting = iter(made)
    monkeypatch.setattr(_landmarks, "Landmarker", lambda: next(waiting))  # a second would raise StopIteration
    cues = [CUES.get(name)() for name in NAMES]
    chips = np.zeros((2, 192, 192, 3), np.uint8)
    assert {"action_units", "head_pose", "gaze", "geometry"} <= set(NAMES)
    for cue in cues:
        assert not cue.read(chips.copy()).valid.any()
    assert asked == [2]
    assert not cues[0].read(chips + np.uint8(1)).valid.any()
    assert asked == [2, 2]
    for cue in cues:
        assert not made[0].closed
        cue.close()
        cue.close()
    assert made[0].closed
    with pytest.raises(ValueError, match="is closed"):
        cues[0].read(chips)
