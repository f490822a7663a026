"""Hair: how far it reaches, that it lies outside the head, and that a style leaves the rest of the picture alone."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import HAIR_STYLES, columns
from evenface.synthesis.render.draw import render
from evenface.synthesis.render.hair import STYLES, azimuth_of, hair_points, reach_of, sheet


def everybody(**values: object) -> dict:
    """Every style on a few people."""
    count = len(HAIR_STYLES) * 4
    rng = np.random.default_rng(0)
    table = {
        "person": np.arange(count),
        "hair_style": np.arange(count) % len(HAIR_STYLES),
        "age": rng.uniform(4, 90, count),
        "gender": rng.random(count),
        "african": rng.random(count),
    }
    return columns(pl.DataFrame(table | values))


def test_styles_are_those_of_the_parameters() -> None:
    assert tuple(STYLES) == HAIR_STYLES


@pytest.mark.parametrize("falling", [True, False])
def test_reach_is_in_range_and_no_lower_in_front_than_the_brows(falling: bool) -> None:
    reach = reach_of(everybody(), falling=falling)
    assert reach.min() > 0.3 and reach.max() < 2.3
    middle = reach.shape[1] // 2
    assert reach[:, middle - 4 : middle + 5].max() < 0.85


def test_bearings_run_as_azimuths_do() -> None:
    bearing = np.linspace(-np.pi, np.pi, 201)
    azimuth = azimuth_of(bearing)
    assert np.allclose(azimuth, -azimuth[::-1]) and (np.diff(azimuth) > 0).all()
    assert np.allclose(azimuth[[0, 50, 100, 150, 200]], [-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi])


def test_hair_is_never_closer_than_the_scalp() -> None:
    values = everybody()
    bald = everybody(hair_style=np.zeros(len(values["age"])))
    lifted = hair_points(values, make_heads(values)) - hair_points(bald, make_heads(bald))
    at = sheet()
    above = at.where[:, 1] < 0.75  # further down it may hang free
    outwards = at.points - [0.0, 0.25, -0.75]
    outwards = outwards / np.linalg.norm(outwards, axis=1, keepdims=True)
    assert ((lifted * outwards).sum(-1)[:, above] > -1e-9).all()


def test_hair_leaves_the_middle_of_the_face_and_the_cloth_alone() -> None:
    faces = pl.DataFrame(
        {"person": [3] * len(HAIR_STYLES), "hair_style": list(HAIR_STYLES), "light_azimuth": [0.0] * len(HAIR_STYLES)}
    )
    pictures = render(faces, 96).astype(int)
    face = pictures[:, 48:68, 38:58]
    assert (face == face[0]).all()
    for one in range(len(HAIR_STYLES)):
        for other in range(one):
            assert (pictures[one] != pictures[other]).any()


def test_shape_and_skin_leave_hair_as_it_is_set() -> None:
    shapes = ({"african": [1.0], "asian": [0.0], "gender": [0.0]}, {"african": [0.0], "asian": [1.0], "gender": [1.0]})
    common = {"person": [5], "hair_style": ["bob"], "age": [25.0]}
    one, other = (reach_of(columns(pl.DataFrame(common | shape)), falling=True) for shape in shapes)
    assert (one == other).all()
