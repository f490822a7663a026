"""Looks: colours that are what their parameters say."""

import numpy as np
import polars as pl

from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import HAIR_COLOURS, columns
from evenface.synthesis.render.look import Look
from evenface.synthesis.render.looks import _SWATCH_LIGHT, MONK, exposure_gain, flesh, linear, make_looks, skin_albedo


def looks(**values: object) -> np.ndarray:
    made = columns(pl.DataFrame(values))
    return make_looks(made, make_heads(made), Look.numpy_dtype())


def test_skin_is_the_swatch_times_the_documented_factors() -> None:
    steps = np.arange(1.0, 11.0)
    swatches = np.stack([linear(code) for code in MONK])
    assert np.allclose(skin_albedo(steps), swatches)
    made = looks(skin_tone=steps)["skin"]
    assert np.allclose(made, swatches * _SWATCH_LIGHT * flesh(steps), rtol=1e-5)


def test_skin_darkens_step_by_step_and_stays_redder_than_blue() -> None:
    made = looks(skin_tone=np.linspace(1, 10, 91))["skin"]
    luminance = made @ [0.2126, 0.7152, 0.0722]
    from_second = luminance[20:]  # the first three steps of the scale are about equally light
    assert (np.diff(from_second) < 0).all()
    assert (made[:, 0] > made[:, 2]).all()
    assert np.abs(np.diff(np.cbrt(made), axis=0)).max() < 0.03


def test_skin_tone_changes_skin_lips_and_stubble_alone() -> None:
    one = looks(person=[4, 4], skin_tone=[2.0, 9.0])
    changed = {name for name in one.dtype.names if (one[name][0] != one[name][1]).any()}
    assert changed == {"skin", "lips", "stubble"}


def test_shape_changes_no_colour() -> None:
    one = looks(person=[4, 4], african=[1.0, 0.0], asian=[0.0, 1.0], caucasian=[0.0, 0.0])
    assert all((one[name][0] == one[name][1]).all() for name in ("skin", "hair", "iris", "brow", "lips", "cloth"))


def test_brows_are_darker_than_light_hair() -> None:
    made = looks(person=np.full(8, 2), hair_colour=list(HAIR_COLOURS))
    assert (made["brow"].sum(1) <= made["hair"].sum(1) * 1.01).all()


def test_children_have_thin_brows_and_few_blemishes() -> None:
    made = looks(age=[5.0, 30.0], brows=[0.6, 0.6], blemishes=[0.5, 0.5])
    assert (made["brows"][0] < made["brows"][1]) and (made["blemishes"][0] < made["blemishes"][1])
    assert made["old"].tolist() == [0.0, 0.0]


def test_metering_lifts_dark_skin_only_as_far_as_it_is_set() -> None:
    gains = exposure_gain(columns(pl.DataFrame({"skin_tone": [9.0, 9.0, 9.0], "metering": [0.0, 0.5, 1.0]})))
    assert gains[0] == 1.0 < gains[1] < gains[2]
    assert np.isclose(gains[1] ** 2, gains[2])
