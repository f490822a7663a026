import math

import numpy as np
import pytest
import torch

from evenface.core.errors import SettingsError, UnknownNameError
from evenface.probe import Probe, probe


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shift(n: int, distance: float, features: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two normal clouds, `distance` deviations apart along the first feature."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, n)
    seen = rng.standard_normal((n, features))
    seen[:, 0] += distance * codes
    return seen, codes


def bits_of_shift(distance: float) -> float:
    """Mutual information of cloud and place, by a sum over a fine grid."""
    x = np.linspace(-12, 12 + distance, 200_001)
    densities = np.exp(-0.5 * (x[:, None] - [0, distance]) ** 2) / math.sqrt(2 * math.pi)
    whole = densities.mean(1)
    share = np.where(densities > 0, densities / np.maximum(whole, 1e-300)[:, None], 1)
    return float((densities * np.log2(share)).mean(1).sum() * (x[1] - x[0]))


@pytest.mark.parametrize("distance", [1.0, 2.0])
def test_the_leak_of_a_shift_is_found_within_a_tenth(distance: float) -> None:
    found = probe(*shift(3000, distance), kinds=["linear", "mlp"], permutations=39)
    best = 0.5 * (1 + math.erf(distance / 2 / math.sqrt(2)))
    for kind in ("linear", "mlp"):
        assert found.leak(kind, "accuracy").value - 0.5 == pytest.approx(best - 0.5, rel=0.1)
        assert found.leak(kind).value == pytest.approx(bits_of_shift(distance), rel=0.1)
    assert found.leak("linear", "mdl").value == pytest.approx(bits_of_shift(distance), rel=0.1)
    assert found.entropy == pytest.approx(1, abs=0.01)


def test_the_leak_of_a_symmetric_channel_is_found_within_a_tenth() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 2, 3000)
    said = np.where(rng.permutation(3000) < 300, 1 - codes, codes)
    features = said[:, None] + 0.01 * rng.standard_normal((3000, 2))
    found = probe(features, codes, permutations=39)
    bits = 1 + 0.1 * math.log2(0.1) + 0.9 * math.log2(0.9)
    for kind in ("linear", "mlp", "knn"):
        assert found.leak(kind, "accuracy").value - 0.5 == pytest.approx(0.4, rel=0.1)
        assert found.leak(kind).value == pytest.approx(bits, rel=0.1)
    # The first block of the online code, one person in 32, saves nothing.
    assert found.leak("linear", "mdl").value == pytest.approx(31 / 32 * bits, rel=0.1)


def test_the_leak_of_an_exclusive_or_is_found_within_a_tenth_by_those_that_bend() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.integers(0, 2, (2, 1500))
    # Each four times: the MLP learns with half of its inputs dropped, and of two alone it counts 0.8 bits.
    features = np.repeat(np.stack([one, other], 1), 4, 1) + 0.05 * rng.standard_normal((1500, 8))
    found = probe(features, one ^ other, permutations=39)
    assert found.leak("linear").inside
    for kind in ("mlp", "knn"):
        assert found.leak(kind, "accuracy").value - 0.5 == pytest.approx(0.5, rel=0.1)
        assert found.leak(kind).value == pytest.approx(1, rel=0.1)


def test_without_a_leak_the_measured_value_is_one_of_chance() -> None:
    inside = [
        leak.p
        for seed in range(12)
        for leak in probe(*shift(160, 0, 6, seed), permutations=39, seed=seed, kinds=["linear", "knn"])
        .readings["linear"]
        .measures.values()
    ]
    assert np.mean(np.array(inside) <= 0.05) < 0.15
    assert 0.3 < np.mean(inside) < 0.75


def test_only_the_mlp_and_neighbours_see_what_is_not_linear() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((1500, 4))
    found = probe(features, (features[:, 0] * features[:, 1] > 0).astype(int), permutations=39)
    assert found.leak("linear").inside
    assert found.leak("mlp", "accuracy").value > 0.75
    assert found.leak("knn", "accuracy").low > 0.6


def test_a_group_confounded_with_the_expression_is_not_found_within_it() -> None:
    rng = np.random.default_rng(1)
    expression = rng.integers(0, 3, 1200)
    group = (rng.random(1200) < np.array([0.15, 0.5, 0.85])[expression]).astype(int)
    features = np.eye(3)[expression] * 3 + rng.standard_normal((1200, 3))
    kinds = ["linear", "mlp", "knn"]
    plain = probe(features, group, permutations=40, kinds=kinds)
    within = probe(features, group, given=expression, permutations=40, kinds=kinds)
    for kind in kinds:
        assert not plain.leak(kind).inside
        assert within.leak(kind).inside
        assert within.leak(kind, "accuracy").inside
    assert within.entropy < plain.entropy
    assert within.strata == (0, 1, 2)


def test_a_leak_within_each_expression_is_found() -> None:
    features, group = shift(1200, 1.5)
    expression = np.random.default_rng(2).integers(0, 6, 1200)
    found = probe(features + expression[:, None], group, given=expression, permutations=39, kinds=["linear"])
    assert found.leak().value == pytest.approx(bits_of_shift(1.5), rel=0.1)


def test_knowing_a_person_again_is_no_leak() -> None:
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(60), 10)
    faces = rng.standard_normal((60, 8))[people] + 0.1 * rng.standard_normal((600, 8))
    codes = rng.integers(0, 2, 60)[people]
    assert probe(faces, codes, subjects=people, permutations=40).leak("knn", "accuracy").inside
    assert not probe(faces, codes, permutations=40, kinds=["knn"]).leak("knn", "accuracy").inside


def test_numbers_and_names_do_not_depend_on_who_asks() -> None:
    features, codes = shift(200, 1.0)
    assert probe(features, codes, permutations=39) == probe(features, codes, permutations=39)
    named = probe(features, codes, subjects=[f"p{i:03}" for i in range(200)], permutations=39, kinds=["linear"])
    assert named == probe(features, codes, permutations=39, kinds=["linear"])


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        (np.zeros(30), "one value"),
        (np.full(30, -1), "no value"),
        ((np.arange(30) < 3).astype(int), "fewer than two levels have 5 persons"),
    ],
)
def test_what_cannot_be_measured_is_nan_with_a_reason(codes: np.ndarray, why: str) -> None:
    found = probe(np.random.default_rng(0).standard_normal((30, 3)), codes)
    assert why in found.undefined
    assert math.isnan(found.leak().value)
    assert not found.leak().inside


def test_unknown_and_unusable_faces_are_left_out_and_counted() -> None:
    features, codes = shift(100, 1.0)
    features[0, 0], codes[1], codes[2:5] = np.nan, -1, 2
    found = probe(features, codes, permutations=39, kinds=["linear"])
    assert (found.faces, found.left_out, found.levels) == (95, 5, (0, 1))


def test_bad_arguments_are_named() -> None:
    features, codes = shift(50, 1.0)
    with pytest.raises(SettingsError, match="features 50, codes 49"):
        probe(features, codes[1:])
    with pytest.raises(SettingsError, match="39 at least"):
        probe(features, codes, permutations=5)
    with pytest.raises(UnknownNameError, match="Did you mean 'linear'"):
        probe(features, codes, kinds=["liner"])


def test_a_latent_that_says_nothing_is_measured() -> None:
    found: Probe = probe(np.ones((60, 4)), np.arange(60) % 2, permutations=39)
    assert found.leak("linear").inside
    assert found.leak("mlp").inside
    assert found.leak("knn").inside
