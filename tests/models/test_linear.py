"""The linear reader: what its features ignore, what it learns, and what it refuses."""

import numpy as np
import pytest

from evenface.core.errors import InputError
from evenface.models.linear import LinearReader, edge_histograms

CLASSES = ("flat", "upright")


def stripes(count: int, upright: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    wave = 120 + 60 * np.sin(np.arange(32) * 0.8)
    images = np.where(upright[:, None, None], wave[None, None, :], wave[None, :, None]) + rng.normal(
        0, 20, (count, 32, 32)
    )
    return np.repeat(np.clip(images, 0, 255)[..., None], 3, -1).astype(np.uint8)


def test_features_have_length_one_and_ignore_exposure() -> None:
    dark = np.random.default_rng(1).integers(0, 100, (4, 32, 32, 3), dtype=np.uint8)
    features = edge_histograms(dark)
    assert features.shape == (4, 512)
    assert np.allclose(np.linalg.norm(features, axis=1), 1)
    assert np.allclose(edge_histograms(dark * 2 + 20), features)


def test_edges_keep_their_direction_when_light_and_dark_are_swapped() -> None:
    image = stripes(1, np.array([True]))
    assert np.allclose(edge_histograms(255 - image), edge_histograms(image), atol=1e-6)


def test_a_flat_picture_has_no_edges() -> None:
    assert not edge_histograms(np.full((1, 16, 16, 3), 7, np.uint8)).any()


def test_it_learns_what_differs() -> None:
    upright = np.arange(60) % 2 == 1
    reader = LinearReader.fit(stripes(60, upright), upright.astype(np.int64), CLASSES)
    unseen = np.arange(20) % 3 == 0
    chances = reader.predict(stripes(20, unseen)[::-1])[::-1]
    assert np.allclose(chances.sum(1), 1)
    assert (chances.argmax(1) == unseen).all()


def test_a_picture_does_not_depend_on_the_others() -> None:
    upright = np.arange(30) % 2 == 1
    images = stripes(30, upright)
    reader = LinearReader.fit(images, upright.astype(np.int64), CLASSES)
    assert np.allclose(reader.predict(images)[3], reader.predict(images[3:4])[0], atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (2, 32, 16, 3), (2, 32, 32), (2, 32, 32, 1)])
def test_other_shapes_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected"):
        edge_histograms(np.zeros(shape, np.uint8))
