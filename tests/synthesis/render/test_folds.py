"""Folds: none where nothing moves, deeper with action and age, and each side its own."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.parameters import columns
from evenface.synthesis.render.folds import GROUPS, face_relief, fold_depths, relief_maps

SMILE = {"action:mouthSmileLeft": [1.0], "action:mouthSmileRight": [1.0]}


def depths(**values: object) -> dict[str, np.ndarray]:
    made = fold_depths(columns(pl.DataFrame({"person": [0], "age": [20.0]} | values)))
    return dict(zip(GROUPS, made.reshape(len(GROUPS), 2), strict=True))


def test_a_young_face_at_rest_has_no_fold_but_that_of_the_lid() -> None:
    assert all((depth == 0).all() for name, depth in depths().items() if name != "lid")


def test_folds_deepen_with_age() -> None:
    young, old = depths(age=[30.0]), depths(age=[80.0])
    for name in ("forehead", "glabella", "crows_feet", "nasolabial", "under_eye", "mouth_corner", "jowl"):
        assert (old[name] > young[name]).all(), name


@pytest.mark.parametrize(
    ("action", "group"),
    [
        ("browDown", "glabella"),
        ("mouthSmile", "nasolabial"),
        ("noseSneer", "nose"),
        ("cheekSquint", "crows_feet"),
        ("mouthFrown", "mouth_corner"),
    ],
)
def test_an_action_of_one_side_folds_that_side(action: str, group: str) -> None:
    left = depths(**{f"action:{action}Left": [1.0]})[group]
    assert left[0] > 0.3 and left[1] == 0.0


def test_children_fold_less() -> None:
    assert (depths(age=[5.0], **SMILE)["nasolabial"] < 0.6 * depths(age=[25.0], **SMILE)["nasolabial"]).all()


def test_depth_changes_little_where_actions_change_little() -> None:
    steps = np.linspace(0, 1, 101)
    values = columns(
        pl.DataFrame({"age": np.full(101, 50.0), "action:mouthSmileLeft": steps, "action:browDownLeft": steps})
    )
    assert np.abs(np.diff(fold_depths(values), axis=0)).max() < 0.03


def test_relief_is_flat_far_from_any_line() -> None:
    maps = relief_maps()
    assert np.isfinite(maps).all() and maps[..., 2].min() >= 0
    assert np.abs(maps[:10]).max() < 5e-3 and np.abs(maps[:, -10:]).max() < 1e-3


def test_both_halves_of_an_even_smile_are_alike() -> None:
    relief = face_relief(columns(pl.DataFrame({"age": [60.0]} | SMILE)))
    assert (relief[:, 0] == relief[:, 1]).all()
