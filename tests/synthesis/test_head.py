"""The head's data: what a mesh must be, and how large a head is."""

import numpy as np
import pytest

from evenface.synthesis.head import AGES, GENDERS, PARTS, WEIGHTS, load_head
from evenface.synthesis.parameters import ACTIONS, ETHNICITIES

HEAD = load_head()


def vertices_of(*parts: str) -> np.ndarray:
    return np.unique(HEAD.triangles[np.isin(HEAD.parts, [PARTS.index(part) for part in parts])])


def test_shapes_fit_together() -> None:
    count = len(HEAD.canon)
    assert HEAD.corners.shape == (len(ETHNICITIES), len(GENDERS), len(AGES), count, 3)
    assert HEAD.weights.shape == (len(GENDERS), len(AGES), len(WEIGHTS), count, 3)
    assert HEAD.actions.shape == (len(ACTIONS), count, 3)
    assert HEAD.local.shape == (len(HEAD.local_names), count, 3)
    assert HEAD.triangles.min() >= 0 and HEAD.triangles.max() == count - 1
    assert set(HEAD.parts) == set(range(len(PARTS)))


def test_the_mean_adult_is_the_mean_of_the_adult_corners_with_the_eyes_in_the_middle() -> None:
    adults = HEAD.corners[:, :, AGES.index(25)].reshape(-1, *HEAD.canon.shape)
    assert np.abs(adults.mean(0) - HEAD.canon).max() < 1e-3
    for corner in HEAD.corners.reshape(-1, *HEAD.canon.shape):
        assert np.abs(corner[HEAD.eyes.ravel()].mean(0)).max() < 1e-3


def test_faces_look_along_z_and_left_is_left() -> None:
    skin = HEAD.canon[vertices_of("skin")]
    nose = skin[skin[:, 2].argmax()]
    assert abs(nose[0]) < 0.02 and -0.6 < nose[1] < -0.2
    left, right = (HEAD.canon[eye].mean(0) for eye in HEAD.eyes)
    assert left[0] > 0 > right[0]
    assert 0.55 < left[0] - right[0] < 0.68  # 58 to 68 mm between the pupils of adults


def test_triangles_are_seen_from_outside() -> None:
    corner = HEAD.canon[HEAD.triangles[HEAD.parts == 0]]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    middle = corner.mean(1)
    forehead = (middle[:, 1] > 0.3) & (middle[:, 1] < 0.6) & (middle[:, 2] > 0)
    assert (normal[forehead, 2] > 0).all()


@pytest.mark.parametrize("action", [name for name in ACTIONS if name.endswith("Left")])
def test_sided_actions_mirror_each_other(action: str) -> None:
    other = action.removesuffix("Left") + "Right"
    left, right = (np.abs(HEAD.actions[ACTIONS.index(name)]).sum() for name in (action, other))
    assert left > 0 and abs(left - right) < 0.12 * left


def test_jaw_opens_downwards_and_smiles_go_up() -> None:
    chin = np.flatnonzero((np.abs(HEAD.canon[:, 0]) < 0.1) & (HEAD.canon[:, 1] < -0.9) & (HEAD.canon[:, 2] > 0))
    assert HEAD.actions[ACTIONS.index("jawOpen")][chin, 1].mean() < -0.1
    lips = HEAD.masks["lips"] > 0.5
    corner = np.flatnonzero(lips & (HEAD.canon[:, 0] > 0.2))
    assert HEAD.actions[ACTIONS.index("mouthSmileLeft")][corner, 1].mean() > 0.02


def test_masks_and_open_air_are_shares() -> None:
    for values in (*HEAD.masks.values(), HEAD.open_air):
        assert values.min() >= 0 and values.max() <= 1
    inside = HEAD.masks["inside_mouth"] > 0.9
    nose = HEAD.canon[:, 2] > 0.38
    assert HEAD.open_air[inside].mean() < 0.5 < 0.8 < HEAD.open_air[nose].mean()
