from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.faces.align import align
from evenface.faces.template import LEFT_EYE, MOUTH, RIGHT_EYE, placement

Portrait = Callable[..., tuple[NDArray[np.uint8], NDArray[np.float64]]]


def spots(chip: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Centres of the bright spots of a chip, in parts of its side: left eye, right eye, mouth."""
    size, bright = len(chip), chip[..., 0].astype(float) - 90
    rows, columns = np.mgrid[:size, :size] + 0.5
    eyes, left = rows < 0.6 * size, columns < 0.5 * size
    found = []
    for where in (eyes & left, eyes & ~left, ~eyes):
        weight = np.clip(bright, 0, None) * where
        found.append(
            (float((weight * columns).sum() / weight.sum() / size), float((weight * rows).sum() / weight.sum() / size))
        )
    return found


@pytest.mark.parametrize("size", [48, 96, 224])
@pytest.mark.parametrize("factor", [2.0, 3.3, 2.5 * np.exp(0.5j), 2.2 * np.exp(-1.2j), 0.5])
def test_eyes_and_mouth_land_on_the_template(portrait: Portrait, factor: complex, size: int) -> None:
    photo, landmarks = portrait(600, factor, 300 + 300j - (50 + 50j) * factor)
    chip = align(photo, landmarks, size)
    assert chip.shape == (size, size, 3)
    assert chip.dtype == np.uint8
    assert np.abs(np.array(spots(chip)) - [LEFT_EYE, RIGHT_EYE, MOUTH]).max() < 0.01


def test_placement_maps_the_template_to_the_landmarks(five: NDArray[np.float64]) -> None:
    matrix = placement(five * 3 + 7, 96)
    wanted = np.array([(*LEFT_EYE, 1 / 96), (*RIGHT_EYE, 1 / 96), (*MOUTH, 1 / 96)]) * 96
    seen = np.array([five[0], five[1], five[3:].mean(0)]) * 3 + 7
    assert np.allclose(matrix @ wanted.T, seen.T)


def test_placement_is_a_similarity_also_where_no_fit_is_exact(five: NDArray[np.float64]) -> None:
    """Least squares over shift, turn and scale, found by brute force."""
    five[3:] += (9, -14)
    a, minus_b, _, b, same_a, _ = placement(five, 1).ravel()
    assert a == same_a
    assert b == -minus_b
    template, seen = np.array([LEFT_EYE, RIGHT_EYE, MOUTH]), np.array([five[0], five[1], five[3:].mean(0)])

    def loss(matrix: NDArray[np.float64]) -> float:
        return float(((np.c_[template, np.ones(3)] @ matrix.T - seen) ** 2).sum())

    best = placement(five, 1)
    steps = np.random.default_rng(0).normal(0, 0.5, (500, 4))
    moved = [best + np.array([[s[0], -s[1], s[2]], [s[1], s[0], s[3]]]) for s in steps]
    assert loss(best) < min(map(loss, moved))


def test_a_fine_pattern_does_not_alias(five: NDArray[np.float64]) -> None:
    """Stripes one pixel wide are grey on a chip a tenth as large, but at its rim, where one of them is repeated."""
    photo = np.zeros((1000, 1000, 3), np.uint8)
    photo[:, ::2] = 255
    chip = align(photo, five * 10, 96)
    assert np.abs(chip[3:-3, 3:-3].astype(int) - 127).max() < 5


def test_beyond_the_photo_its_edge_is_repeated(five: NDArray[np.float64]) -> None:
    photo = np.full((100, 100, 3), 200, np.uint8)
    assert (align(photo, five - (60, 60), 48) == 200).all()
    assert (align(photo, five + 5000, 48) == 200).all()


@pytest.mark.parametrize("points", [np.full((5, 2), np.nan), np.full((5, 2), 7.0), np.full((5, 2), np.inf)])
def test_points_that_are_no_face_are_refused(points: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="no place"), np.errstate(invalid="ignore"):
        align(np.zeros((9, 9, 3), np.uint8), points)


def test_a_face_far_larger_than_its_photo_is_refused(five: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="far beyond"):
        align(np.zeros((9, 9, 3), np.uint8), five * 1000)
