"""The whole mesh: parts that are where they should be, and indices that fit."""

import numpy as np
import polars as pl

from evenface.synthesis.head import load_head
from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import ACTIONS, columns
from evenface.synthesis.render import look
from evenface.synthesis.render.scene import SCENE_PARTS, scene, scene_points


def some_heads():  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    table = {
        "person": np.arange(8),
        "age": rng.uniform(5, 80, 8),
        "hair_style": np.arange(8),
        "action:jawOpen": rng.random(8),
    }
    values = columns(pl.DataFrame(table))
    return values, make_heads(values)


def test_indices_fit() -> None:
    fixed = scene()
    values, heads = some_heads()
    points = scene_points(values, heads)
    assert points.shape == (8, len(fixed.where), 3)
    assert np.isfinite(points).all()
    assert fixed.triangles.min() >= 0 and fixed.triangles.max() < len(fixed.where)
    assert set(np.unique(fixed.parts)) <= set(range(len(SCENE_PARTS)))


def test_parts_are_numbered_as_the_shader_numbers_them() -> None:
    for name, number in {
        "skin": look.PART_SKIN, "tongue": look.PART_TONGUE,
        "eye_left": look.PART_EYE_LEFT, "eye_right": look.PART_EYE_RIGHT,
        "teeth_lower": look.PART_TEETH_LOWER, "teeth_upper": look.PART_TEETH_UPPER, "lashes": look.PART_LASHES,
        "hair": look.PART_HAIR, "glasses": look.PART_GLASSES, "lens": look.PART_LENS, "mask": look.PART_MASK,
    }.items():  # fmt: skip
        assert SCENE_PARTS.index(name) == int(number), name


def test_triangles_around_each_vertex_are_those_that_use_it() -> None:
    fixed = scene()
    for vertex in range(0, len(fixed.where), 997):
        around = fixed.around[fixed.first[vertex] : fixed.first[vertex + 1]]
        assert sorted(around) == sorted(np.flatnonzero((fixed.triangles == vertex).any(1)))


def test_lid_margins_lie_above_and_below_the_eye_and_close_on_a_blink() -> None:
    values = columns(pl.DataFrame({"action:eyeBlinkLeft": [0.0, 1.0], "action:eyeBlinkRight": [0.0, 1.0]}))
    heads = make_heads(values)
    margins = scene().margins
    upper, lower = np.moveaxis(heads.posed[:, margins, 1], 2, 0)
    assert (upper[0] > lower[0] + 0.04).all()
    assert (upper[1] < lower[1] + 0.01).all()


def test_eyeballs_lie_in_their_sockets() -> None:
    values, heads = some_heads()
    canon = load_head().canon
    assert np.abs(heads.eye_centres[:, 0, 0] + heads.eye_centres[:, 1, 0]).max() < 0.05
    assert (heads.eye_centres[:, 0, 0] > 0.2).all()
    assert len(ACTIONS) == 52 and len(canon) < scene_points(values, heads).shape[1]
