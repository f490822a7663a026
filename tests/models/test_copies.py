"""Vectors of pictures: a changed copy lies near, another picture does not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from evenface.models.copies import CopyVectors


@pytest.fixture(scope="module")
def embed() -> CopyVectors:
    return CopyVectors()


def pictures(count: int) -> list[Image.Image]:
    """Smooth pictures of their own: blobs of light."""
    small = np.random.default_rng(0).integers(0, 256, (count, 7, 7), np.uint8)
    return [Image.fromarray(each).resize((96, 96), Image.Resampling.BICUBIC) for each in small]


def grey(images: list[Image.Image], box: tuple[int, int, int, int] | None = None) -> NDArray[np.uint8]:
    return np.stack([np.asarray(each.resize((48, 48), Image.Resampling.BICUBIC, box=box)) for each in images])


def test_a_changed_copy_is_nearer_than_any_other_picture(embed: CopyVectors) -> None:
    images = pictures(20)
    plain = embed(grey(images))
    changed = [
        embed(grey(images, (4, 2, 94, 92)))[0],
        embed(grey([each.rotate(3, Image.Resampling.BICUBIC) for each in images], (4, 4, 92, 92)))[0],
        embed(grey([ImageOps.mirror(each) for each in images]))[1],
        embed((grey(images) // 2 + 60).astype(np.uint8))[0],
    ]
    for vectors in changed:
        alike = vectors @ plain[0].T
        own = np.diag(alike)
        assert (own > 0.6).all() and (alike - np.diag(own)).max() < own.min()


def test_vectors_have_length_one_and_do_not_depend_on_the_others(embed: CopyVectors) -> None:
    many = grey(pictures(19))
    views = embed(many)
    assert views.shape == (2, 19, 384)
    assert np.linalg.norm(views, axis=2) == pytest.approx(1, abs=1e-5)
    assert embed(many[18:])[:, 0] == pytest.approx(views[:, 18], abs=1e-4)
    assert embed(many[:, :, ::-1])[0] == pytest.approx(views[1], abs=1e-4)
