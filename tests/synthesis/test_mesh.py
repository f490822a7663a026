"""Heads: blends of corners, actions on top, and nothing that depends on the size of a batch."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.head import AGES, load_head
from evenface.synthesis.lips import closed
from evenface.synthesis.mesh import AT_REST, REACH, make_heads
from evenface.synthesis.parameters import ACTIONS, ETHNICITIES, columns


def heads(**values: object):  # type: ignore[no-untyped-def]
    return make_heads(columns(pl.DataFrame(values)))


def test_poles_without_details_are_the_corner_heads_with_closed_lips() -> None:
    made = heads(
        african=[1.0, 0.0], asian=[0.0, 1.0], caucasian=[0.0, 0.0], gender=[0, 1], age=[25, 11], distinctness=[0, 0]
    )
    head = load_head()
    corners = closed(head.corners.astype(float), offsets=False)
    local = closed(head.local.astype(float), offsets=True)
    for face, pole, gender, age in ((0, "african", 0, 25), (1, "asian", 1, 11)):
        wanted = corners[ETHNICITIES.index(pole), gender, AGES.index(age)].copy()
        for name, amount in AT_REST[pole].items():
            wanted += amount * local[head.local_names.index(name)]
        assert np.abs(made.rest[face] - wanted).max() < 1e-5


def test_shares_that_sum_to_nothing_are_even() -> None:
    made = heads(african=[0.0, 0.2], asian=[0.0, 0.2], caucasian=[0.0, 0.2])
    assert (made.rest[0] == made.rest[1]).all()


def test_a_head_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"person": np.arange(40), "age": rng.uniform(4, 90, 40), "action:jawOpen": rng.random(40)})
    together = make_heads(columns(table))
    for start, stop in ((0, 1), (5, 12), (12, 40)):
        part = make_heads(columns(table[start:stop]))
        assert (part.posed == together.posed[start:stop]).all()


@pytest.mark.parametrize("action", ["jawOpen", "mouthPucker", "noseSneerLeft"])
def test_an_action_moves_the_mesh_by_its_reach(action: str) -> None:
    made = heads(person=[1, 1], **{f"action:{action}": [0.0, 0.5]})
    stem = action.removesuffix("Left")
    expected = 0.5 * REACH.get(stem, 1.0) * load_head().actions[ACTIONS.index(action)]
    assert np.abs((made.posed - made.rest)[1] - expected).max() < 1e-5
    assert (made.posed[0] == made.rest[0]).all()


def test_a_frown_draws_the_inner_brow_down_unless_it_is_raised() -> None:
    brow = np.flatnonzero((np.abs(load_head().canon - [0.12, 0.16, 0.2])).sum(1) < 0.12)
    made = heads(**{"action:browDownLeft": [1.0, 1.0], "action:browInnerUp": [0.0, 1.0]})
    drop = (made.posed - made.rest)[:, brow, 1].mean(1)
    assert drop[0] < -0.03 < drop[1]


def test_gaze_follows_the_actions() -> None:
    made = heads(**{"action:eyeLookOutLeft": [0.5], "action:eyeLookInRight": [0.5], "action:eyeLookUpLeft": [1.0]})
    assert made.gaze[0, 0, 0] > 0 and made.gaze[0, 0, 0] == made.gaze[0, 1, 0]
    assert made.gaze[0, 0, 1] > 0 == made.gaze[0, 1, 1]


def test_children_have_larger_eyes_for_their_heads() -> None:
    made = heads(age=[5, 30], distinctness=[0, 0])
    share = made.eye_radii.mean(1) / -made.chin
    assert share[0] > 1.1 * share[1]
