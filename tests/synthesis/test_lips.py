"""Lips: closed at rest in every blend, and open when the jaw is."""

import numpy as np
import polars as pl

from evenface.synthesis.lips import _CROSSED, _pairs, closed
from evenface.synthesis.mesh import make_heads
from evenface.synthesis.parameters import columns


def gaps(**values: object) -> np.ndarray:
    heads = make_heads(columns(pl.DataFrame(values)))
    upper, lower = _pairs()
    return heads.posed[:, upper, 1] - heads.posed[:, lower, 1]


def test_lips_just_cross_at_rest_whoever_it_is() -> None:
    rng = np.random.default_rng(0)
    faces = {"person": np.arange(60), "age": rng.uniform(4, 90, 60), "gender": rng.random(60), "weight": rng.random(60)}
    faces |= {name: rng.random(60) for name in ("african", "asian", "caucasian")}
    rest = gaps(**faces)
    assert np.allclose(rest, -_CROSSED, atol=1e-5)
    assert gaps(**faces, **{"action:jawOpen": np.ones(60)})[:, 2:5].min() > 0.15


def test_closing_moves_only_the_lips() -> None:
    rng = np.random.default_rng(1)
    from evenface.synthesis.head import load_head

    head = load_head()
    moved = closed(head.corners.astype(float), offsets=False) - head.corners
    far = np.abs(head.canon[:, 1] + 0.668) > 0.3
    assert (moved[..., [0, 2]] == 0).all() and np.abs(moved[..., far, 1]).max() < 1e-6
    offsets = rng.normal(size=(2, len(head.canon), 3)) * 0.01
    twice = closed(2 * offsets, offsets=True)
    assert np.allclose(twice, 2 * closed(offsets, offsets=True))
