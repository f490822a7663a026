"""Pictures: the same whatever is drawn beside them, different where a parameter differs, honest about bad input."""

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.synthesis.parameters import ACTIONS, HAIR_STYLES, PARAMETERS
from evenface.synthesis.render.draw import render, samples_of

SIZE = 48


def people(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    frame = {
        "person": np.arange(count),
        "skin_tone": rng.uniform(1, 10, count),
        "hair_style": np.arange(count) % len(HAIR_STYLES),
    }
    frame |= {
        name: rng.random(count) for name in ("african", "asian", "caucasian", "gender", "beard", "freckles", "noise")
    }
    frame |= {"glasses": np.arange(count) % 3, "mask": np.arange(count) % 7 == 6, "yaw": rng.uniform(-40, 40, count)}
    frame |= {f"action:{name}": rng.random(count) * 0.5 for name in ACTIONS[::5]}
    return pl.DataFrame(frame).with_columns(pl.col("mask").cast(pl.Int64))


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return render(people(37), SIZE)


def test_pictures_are_pictures(drawn: np.ndarray) -> None:
    assert drawn.shape == (37, SIZE, SIZE, 3) and drawn.dtype == np.uint8
    assert (drawn.reshape(37, -1).std(1) > 10).all()
    assert len({picture.tobytes() for picture in drawn}) == 37


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (3, 20), (16, 17), (30, 37)])
def test_a_picture_does_not_depend_on_the_others(drawn: np.ndarray, start: int, stop: int) -> None:
    assert (render(people(37)[start:stop], SIZE) == drawn[start:stop]).all()


def test_no_faces_give_no_pictures() -> None:
    assert render(pl.DataFrame({"age": pl.Series([], dtype=pl.Float64)}), SIZE).shape == (0, SIZE, SIZE, 3)


# What a change of each parameter needs to show; anything else shows on a plain face.
SETTING = {
    "freckles": {"skin_tone": 3},
    "hair_colour": {"hair_style": 2},
    "lip_colour": {},
    "metering": {"skin_tone": 9},
    "background_hue": {"background_saturation": 1.0},
    "background_saturation": {"background_level": 0.9},
    "image_seed": {"noise": 0.5},
    "light_softness": {"light_azimuth": 70, "ambient": 0.1},
}
CHANGED = {"person": 5, "image_seed": 4, "low_resolution": 4, "jpeg": 20, "zoom": 1.5}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_shows(name: str) -> None:
    parameter = PARAMETERS[name]
    base = {"person": 3, "caucasian": 1.0, "african": 0.0, "asian": 0.0, "brows": 0.6} | SETTING.get(name, {})
    if name in ("african", "asian", "caucasian"):
        base |= {"african": 0.3, "asian": 0.3, "caucasian": 0.3}
    if name in ("mouthClose",):
        base |= {"action:jawOpen": 0.8}
    low = base.get(name, parameter.default)
    far = parameter.high if parameter.high - low > low - parameter.low else parameter.low
    other = CHANGED.get(name, far)
    pictures = render(
        pl.DataFrame([base | {name: float(value)} for value in (low, other)], infer_schema_length=None), 96
    )
    change = np.abs(pictures[0].astype(int) - pictures[1])
    assert change.max() > 8, f"{name} from {low} to {other} changes no pixel"


def test_skin_tone_changes_skin_and_leaves_hair_and_background() -> None:
    same = {"person": [1, 1], "hair_style": ["short"] * 2, "metering": [0.0] * 2, "zoom": [0.8] * 2}
    tones = render(pl.DataFrame(same | {"skin_tone": [2, 8]}), 128)
    change = np.abs(tones[0].astype(int) - tones[1]).max(-1)
    assert np.median(change[60:76, 52:76]) > 60  # cheeks and nose
    assert change[:80, :24].max() == 0  # beside the head
    assert np.percentile(change[8:22, 54:74], 25) < 8  # hair and what is above it


def test_darker_tones_are_darker_and_none_is_cut_off() -> None:
    tones = render(pl.DataFrame({"skin_tone": np.arange(1.0, 11.0), "metering": [0.0] * 10}), 64)
    cheek = tones[:, 30:40, 26:38].astype(float).mean((1, 2))
    assert (np.diff(cheek.mean(1)[2:]) < 0).all()  # the first three steps of the scale are nearly one
    assert tones[:, 20:44, 24:40].max() < 255
    assert cheek.min() > 15


def test_a_mirrored_face_is_a_mirrored_picture() -> None:
    sides = {
        "person": [0, 0],
        "distinctness": [0.0, 0.0],
        "blemishes": [0.0, 0.0],
        "light_azimuth": [-40.0, 40.0],
        "yaw": [20.0, -20.0],
    }
    sides |= {"action:mouthSmileLeft": [1.0, 0.0], "action:mouthSmileRight": [0.0, 1.0]}
    one, other = render(pl.DataFrame(sides), 96).astype(int)
    difference = np.abs(one - other[:, ::-1]).mean()
    assert difference < 0.25 * np.abs(one - one[:, ::-1]).mean()


@pytest.mark.parametrize("size", [16, 33, 128, 131])
def test_any_size_can_be_drawn(size: int) -> None:
    assert render(people(2), size).shape == (2, size, size, 3)
    assert samples_of(size) >= 1.24 * size


@pytest.mark.parametrize("size", [0, 15, 1025])
def test_sizes_out_of_range_are_told(size: int) -> None:
    with pytest.raises(SettingsError, match="16 to 1024"):
        render(people(1), size)


def test_bad_parameters_are_told() -> None:
    with pytest.raises(InputError, match="skin_tone is 11"):
        render(pl.DataFrame({"skin_tone": [11]}), SIZE)
    with pytest.raises(UnknownNameError, match="jawOpen"):
        render(pl.DataFrame({"action:jawOpn": [0.5]}), SIZE)


def test_extremes_can_be_drawn() -> None:
    ends = [
        {name: float(end) for name, p in PARAMETERS.items() for end in (getattr(p, side),)} for side in ("low", "high")
    ]
    pictures = render(pl.DataFrame(ends), SIZE)
    assert pictures.shape == (2, SIZE, SIZE, 3)
