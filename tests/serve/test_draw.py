from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evenface.core.errors import InputError
from evenface.faces.face import Face
from evenface.serve.draw import draw, save
from evenface.serve.table import Answer

CLASSES = ("happy", "sad")
FACE = Face((50, 40, 120, 130), 0.9, np.zeros((5, 2)))


def answer(reason: str | None = None, found: Face | None = FACE) -> Answer:
    scores = None if found is None else np.array([0.9, 0.1])
    return Answer("f", "f.jpg", {}, found, None, scores, None if reason else "happy", reason)


def test_answers_are_drawn_and_the_picture_is_left_as_it_was() -> None:
    image = np.full((200, 300, 3), 128, np.uint8)
    shown = draw(image, [answer()], CLASSES)
    assert shown.shape == image.shape
    assert (image == 128).all()
    assert (shown[40, 60:110] != 128).any(1).all()  # the box
    assert (shown[135:160, 55:110] != 128).any()  # bars and words
    assert (draw(image, [answer("not sure")], CLASSES) != shown).any()
    assert (draw(image, [answer("no face found", None)], CLASSES)[:30, :80] != 128).any()


@pytest.mark.parametrize("box", [(-50, -50, 10, 10), (290, 190, 400, 400), (0, 0, 300, 200)])
def test_boxes_may_reach_beyond_the_picture(box: tuple[float, float, float, float]) -> None:
    image = np.full((200, 300, 3), 128, np.uint8)
    assert draw(image, [answer(found=Face(box, 0.9, np.zeros((5, 2))))], CLASSES).shape == image.shape


def test_names_become_plain_file_names(tmp_path: Path) -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    path = save(tmp_path / "new", "../../etc/a b:c.jpg@12", image)
    assert path.parent == tmp_path / "new"
    assert path.name == "etc_a_b_c.jpg@12.jpg"
    with Image.open(path) as written:
        assert written.size == (20, 20)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--draw"):
        save(tmp_path / "file" / "x", "a", np.zeros((2, 2, 3), np.uint8))
