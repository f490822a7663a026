"""Skin: each feature changes pixels only where it can be, and what is absent changes none."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.render.draw import render

SIZE = 96


def change(**values: object) -> np.ndarray:
    """Largest change (row, column) of any channel between the first and the second face."""
    faces = {"person": [6, 6], "distinctness": [0.0, 0.0], "hair_style": [0, 0], "light_azimuth": [0.0, 0.0]} | values
    pictures = render(pl.DataFrame(faces), SIZE).astype(int)
    return np.abs(pictures[0] - pictures[1]).max(-1)


def test_beard_grows_below_the_nose_only() -> None:
    seen = change(beard=[0.0, 1.0])
    assert seen[60:75].max() > 40
    assert seen[: SIZE // 3].max() == 0  # side-burns reach up to the eyes


def test_brows_change_the_brows_only() -> None:
    seen = change(brows=[0.0, 1.0])
    rows = np.flatnonzero(seen.max(1))
    assert rows.max() - rows.min() < 0.22 * SIZE
    assert rows.max() < SIZE // 2


def test_painted_lips_change_the_mouth_only() -> None:
    rows, columns = np.nonzero(change(lip_colour=[0.0, 1.0]))
    assert np.ptp(rows) < 0.25 * SIZE and np.ptp(columns) < 0.4 * SIZE


@pytest.mark.parametrize("name", ["beard", "brows", "freckles", "blemishes", "redness", "lip_colour", "shine", "age"])
def test_a_small_change_of_a_parameter_is_a_small_change_of_pixels(name: str) -> None:
    middle = 45.0 if name == "age" else 0.5
    step = 0.3 if name == "age" else 0.005
    seen = change(**{name: [middle, middle + step]})
    assert seen.mean() < 1.0
    assert np.quantile(seen, 0.98) <= 12


def test_an_even_face_in_even_light_is_nearly_mirrored() -> None:
    face = render(
        pl.DataFrame(
            {"person": [6], "distinctness": [0.0], "hair_style": [0], "light_azimuth": [0.0], "blemishes": [0.0]}
        ),
        SIZE,
    )[0]
    assert np.abs(face.astype(int) - face[:, ::-1]).mean() < 3.0
