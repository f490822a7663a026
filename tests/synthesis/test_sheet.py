from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from evenface.synthesis.plan import Plan
from evenface.synthesis.sheet import LIGHTS, write_sheet
from evenface.synthesis.spec import Spec


def test_a_sheet_shows_people_with_each_expression_and_in_each_light(draw: Callable, tmp_path: Path) -> None:
    shown: list[pl.DataFrame] = []

    def watched(faces: pl.DataFrame, size: int) -> np.ndarray:
        shown.append(faces)
        return draw(faces, size)

    plan = Plan(Spec(count=200, emotions=["happy", "sad", "angry"]))
    path = write_sheet(plan, tmp_path / "sheet.png", watched, people=6, size=32)
    (faces,) = shown
    assert faces.height == 6 * (3 + len(LIGHTS))
    people = faces[:: 3 + len(LIGHTS)]
    assert people["person"].n_unique() == 6 and people["attr:ethnicity"].n_unique() == 3
    assert people["attr:gender"].value_counts()["count"].to_list() == [3, 3]
    assert faces[:3].select("person", "yaw", "light_azimuth").unique().height == 1
    assert faces[3:6]["light_azimuth"].to_list() == [light["light_azimuth"] for light in LIGHTS.values()]
    with Image.open(path) as image:
        assert image.width > 6 * 32 and image.height > 6 * 32 and image.mode == "RGB"


def test_the_same_sheet_twice(draw: Callable, tmp_path: Path) -> None:
    plan = Plan(Spec(count=20))
    one, two = (write_sheet(plan, tmp_path / name, draw, people=2, size=16).read_bytes() for name in "ab")
    assert one == two
