"""What a camera does to light, held against closed forms."""

import numpy as np
import polars as pl
import pytest

from evenface.synthesis.parameters import columns
from evenface.synthesis.render.photo import develop


def shot(light: np.ndarray, **values: float) -> np.ndarray:
    table = pl.DataFrame({name: [value] * len(light) for name, value in values.items()} or {"age": [30.0] * len(light)})
    return develop(light.astype(np.float32).copy(), columns(table))


def card(level: float, size: int = 64) -> np.ndarray:
    return np.full((1, size, size, 3), level)


def test_a_grey_card_is_shown_as_it_is() -> None:
    assert (shot(card(0.18)) == 118).all()  # 0.18 in sRGB


def test_bright_light_is_compressed_and_never_cut_off_before_white() -> None:
    levels = [int(shot(card(level))[0, 0, 0, 0]) for level in (0.5, 0.8, 1.0, 1.5, 3.0)]
    assert levels == sorted(levels) and len(set(levels[:4])) == 4
    assert levels[0] == 188


def test_noise_has_the_deviation_that_is_said_and_none_beyond() -> None:
    noisy = shot(card(0.2, 128), noise=0.5, image_seed=3)[0].astype(float)
    clean = shot(card(0.2, 128))[0].astype(float)
    assert abs((noisy - clean).std() / 255 - 0.06) < 0.004
    assert abs((noisy - clean).mean()) < 1
    assert (shot(card(0.2, 128), noise=0.5, image_seed=3)[0] == noisy).all()
    assert (shot(card(0.2, 128), noise=0.5, image_seed=4)[0] != noisy).any()


def test_grey_has_three_equal_channels_with_and_without_noise() -> None:
    light = np.random.default_rng(0).random((1, 32, 32, 3))
    for picture in (shot(light, grey=1), shot(light, grey=1, noise=1)):
        assert (picture[..., 0] == picture[..., 1]).all() and (picture[..., 0] == picture[..., 2]).all()


def test_blur_is_a_gaussian_of_the_width_that_is_said() -> None:
    light = np.zeros((1, 101, 101, 3))
    light[0, 50, 50] = 0.79
    light[0] *= 1.0
    from evenface.synthesis.render.photo import _blurred

    spread = _blurred(light[0].astype(np.float32), 4.0)[..., 0]
    at = np.arange(101) - 50
    assert abs((spread.sum(0) * at**2).sum() / spread.sum() - 16) < 0.4
    assert abs(spread.sum() - 0.79) < 1e-3


def test_low_resolution_keeps_the_mean_and_drops_detail() -> None:
    stripes = np.zeros((1, 64, 64, 3))
    stripes[:, :, ::2] = 0.4
    coarse = shot(stripes, low_resolution=4)
    assert coarse.std() < 2 < shot(stripes).std()


def test_jpeg_changes_little_at_high_quality_and_more_at_low() -> None:
    light = np.random.default_rng(1).random((1, 64, 64, 3)) * 0.3
    clean = shot(light).astype(int)
    errors = [np.abs(shot(light, jpeg=quality) - clean).mean() for quality in (95, 30)]
    assert 0 < errors[0] < errors[1]


@pytest.mark.parametrize("name", ["noise", "blur", "low_resolution", "jpeg"])
def test_one_picture_does_not_touch_the_next(name: str) -> None:
    light = np.random.default_rng(2).random((2, 32, 32, 3)).astype(np.float32) * 0.5
    low = {"low_resolution": 1.0}.get(name, 0.0)
    table = pl.DataFrame({name: [{"low_resolution": 4.0, "jpeg": 30.0}.get(name, 0.5), low]})
    both = develop(light.copy(), columns(table))
    assert (both[1] == develop(light[1:].copy(), columns(table[1:]))).all()
