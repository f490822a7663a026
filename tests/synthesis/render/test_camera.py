"""The camera: turning, framing, and where things come to lie in the picture, seen in pictures."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import columns
from evenface.synthesis.render.camera import look_at
from evenface.synthesis.render.draw import render


def view(**values: float) -> np.ndarray:
    dtype = np.dtype(
        [
            ("turn", "f4", (3, 3)),
            ("pivot", "f4", 3),
            ("middle", "f4", 3),
            *((n, "f4") for n in ("distance", "span", "right", "down")),
        ]
    )
    parameters = columns(pl.DataFrame({name: [value] for name, value in values.items()}))
    return look_at(parameters, make_heads(parameters), dtype)[0]


def test_turning_is_a_rotation_to_the_own_left() -> None:
    turn = view(yaw=90.0)["turn"]
    assert np.allclose(turn @ [0, 0, 1], [1, 0, 0], atol=1e-6)  # what looked at the camera looks to the picture's right
    any_turn = view(yaw=20.0, pitch=-30.0, roll=50.0)["turn"].astype(float)
    assert np.allclose(any_turn @ any_turn.T, np.eye(3), atol=1e-6)
    assert np.isclose(np.linalg.det(any_turn), 1)


def test_pitch_raises_the_face() -> None:
    assert (view(pitch=30.0)["turn"] @ [0, 0, 1])[1] > 0.49


def test_distance_and_span_make_the_field_of_view() -> None:
    for degrees in (5.0, 20.0, 60.0):
        seen = view(field_of_view=degrees)
        assert np.isclose(2 * np.degrees(np.arctan(seen["span"] / 2 / seen["distance"])), degrees, atol=1e-3)


def test_zoom_narrows_the_span() -> None:
    assert np.isclose(view(zoom=2.0)["span"] * 2, view(zoom=1.0)["span"])


def silhouette(**values: float) -> np.ndarray:
    plain = {"background_level": [1.0], "background_saturation": [0.0], "skin_tone": [8.0], "metering": [0.0]}
    picture = render(pl.DataFrame(plain | {name: [value] for name, value in values.items()}), 96)[0]
    return picture.astype(int).sum(-1) < 500


@pytest.mark.parametrize(("name", "axis"), [("shift_x", 1), ("shift_y", 0)])
def test_shift_moves_the_face_by_its_share_of_the_picture(name: str, axis: int) -> None:
    small = {"zoom": 0.6}
    band = (lambda s: s[10:50]) if axis == 1 else (lambda s: s[:, 30:66])
    at = [np.argwhere(band(silhouette(**small, **{name: value})))[:, axis] for value in (0.0, 0.1)]
    measure = np.median if axis == 1 else np.min
    assert abs(measure(at[1]) - measure(at[0]) - 9.6) < 2


def test_the_face_stays_in_the_middle_when_it_turns() -> None:
    for values in ({"yaw": 60.0}, {"pitch": 25.0}, {"roll": 40.0}):
        _, columns_ = np.argwhere(silhouette(zoom=0.8, **values)[20:60]).mean(0)
        assert abs(columns_ - 48) < 12, values
