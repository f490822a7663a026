"""Glasses and masks: what they must cover, and that nothing comes through them."""

import numpy as np
import polars as pl

from evenface.synthesis.head import load_head
from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import ACTIONS, columns
from evenface.synthesis.render import worn
from evenface.synthesis.render.draw import render

COUNT = 40


def anybody() -> dict:
    """Random people with random faces."""
    rng = np.random.default_rng(2)
    table = {"person": np.arange(COUNT), "age": rng.uniform(4, 90, COUNT), "gender": rng.random(COUNT)}
    table |= {name: rng.random(COUNT) for name in ("african", "asian", "caucasian", "weight")}
    table |= {"mask": np.ones(COUNT), "glasses": np.ones(COUNT)}
    table |= {f"action:{name}": rng.random(COUNT) ** 4 for name in ACTIONS if name != "tongueOut"}
    return columns(pl.DataFrame(table))


def test_mask_lies_before_nose_and_mouth() -> None:
    values = anybody()
    heads = make_heads(values)
    mask = worn.mask_points(values, heads)[:, : worn._ROWS * worn._COLUMNS].reshape(COUNT, worn._ROWS, worn._COLUMNS, 3)
    head = load_head()
    mouth = np.flatnonzero(head.masks["lips"] > 0.9)
    tip = np.flatnonzero((np.abs(head.canon[:, 0]) < 0.05) & (head.canon[:, 2] > 0.38))
    for face in range(COUNT):
        for vertex in (*mouth[::7], *tip[::3]):
            x, y, z = heads.posed[face, vertex]
            near = np.argsort((mask[face, :, :, 0].ravel() - x) ** 2 + (mask[face, :, :, 1].ravel() - y) ** 2)[:4]
            assert mask[face].reshape(-1, 3)[near, 2].max() > z
            assert mask[face, 0, worn._COLUMNS // 2, 1] > y > mask[face, -1, worn._COLUMNS // 2, 1]


def test_no_lips_are_seen_under_a_mask() -> None:
    rng = np.random.default_rng(4)
    bare = {"person": np.arange(12), "mask": np.ones(12), "grey": np.zeros(12), "action:jawOpen": rng.random(12)}
    plain, painted = (render(pl.DataFrame(bare | {"lip_colour": np.full(12, colour)}), 64) for colour in (0.0, 1.0))
    assert np.abs(plain.astype(int) - painted).max() <= 4


def test_no_mask_is_made_for_who_wears_none() -> None:
    values = columns(pl.DataFrame({"person": [0, 1, 2], "mask": [0.0, 1.0, 0.0]}))
    made = worn.mask_points(values, make_heads(values))
    assert (made[[0, 2]] == 0).all() and (made[1] != 0).any()


def test_a_mask_does_not_depend_on_who_else_wears_one() -> None:
    values = anybody()
    together = worn.mask_points(values, make_heads(values))
    alone = {name: column[7:8] for name, column in values.items()}
    assert (worn.mask_points(alone, make_heads(alone))[0] == together[7]).all()


def test_glasses_stand_clear_of_the_eyes_and_hang_on_the_ears() -> None:
    heads = make_heads(anybody())
    points, _, glass = worn.glasses()
    assert set(np.unique(glass)) == {0, 1}
    made = worn.glasses_points(heads)
    front = np.flatnonzero(points[:, 2] > 0.1)
    eyes = heads.eye_centres[..., 2].max(1) + heads.eye_radii.max(1)
    assert (made[:, front, 2].min(1) > eyes - 0.12).all()
    back = made[:, np.abs(points[:, 2] - worn._EAR_TOP[2]) < 0.03]
    canon = load_head().canon
    for side in (1, -1):
        root = np.argmin(((canon - np.array(worn._EAR_TOP) * (side, 1, 1)) ** 2).sum(1))
        ends = back[:, np.sign(points[np.abs(points[:, 2] - worn._EAR_TOP[2]) < 0.03, 0]) == side].mean(1)
        assert np.linalg.norm(ends - heads.posed[:, root], axis=1).max() < 0.08


def test_glasses_are_mirrored() -> None:
    points, _, _ = worn.glasses()
    mirrored = points * (-1, 1, 1)
    nearest = np.sqrt(((points[:, None] - mirrored) ** 2).sum(-1)).min(1)
    assert nearest.max() < 0.02
