from types import SimpleNamespace

import numpy as np

from evenface.probe.pictures import _taught


def test_a_level_that_no_training_face_has_is_neither_told_nor_drawn() -> None:
    attributes = np.array([[0, 1], [2, 0], [1, -1], [2, 1]])
    levels = {"gender": ("female", "unsure", "male"), "age": ("young", "old")}
    data = SimpleNamespace(attributes=attributes, levels=levels, splits={"train": np.array([0, 1, 3])})
    told, names = _taught(data, np.array([2, 3]))
    assert told.tolist() == [[-1, -1], [2, 1]]
    assert names == {"gender": ("female", None, "male"), "age": ("young", "old")}
    assert attributes[2, 0] == 1, "the faces stay as they are"
