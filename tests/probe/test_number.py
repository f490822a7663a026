import math

import numpy as np
import pytest

from evenface.core.errors import SettingsError
from evenface.probe.number import probe_number


def test_a_planted_number_is_recovered() -> None:
    rng = np.random.default_rng(0)
    value = rng.normal(40, 15, 1200)
    features = rng.normal(size=(1200, 20))
    features[:, 3] = value + rng.normal(0, 15, 1200)  # half of the variance is explained
    found = probe_number(features, value, permutations=40)
    assert found.leak("linear", "r2").value == pytest.approx(0.5, rel=0.1)
    assert found.leak("linear", "correlation").value == pytest.approx(math.sqrt(0.5), rel=0.1)
    assert not found.leak("linear", "r2").inside


def test_noise_is_inside_the_band_and_what_is_held_fixed_does_not_count() -> None:
    rng = np.random.default_rng(1)
    given = rng.integers(0, 2, 600)
    value = 10.0 * given + rng.normal(size=600)
    features = rng.normal(size=(600, 8))
    features[:, 0] += 3 * given
    assert probe_number(features, value, permutations=40).leak("linear", "r2").value > 0.5
    held = probe_number(features, value, given=given, permutations=40)
    assert held.leak("linear", "r2").inside
    assert held.strata == (0, 1)


def test_what_cannot_be_measured_has_a_reason() -> None:
    features = np.zeros((30, 2))
    assert probe_number(features, np.full(30, 2.0)).undefined == "one value"
    few = probe_number(features, np.where(np.arange(30) < 5, np.arange(30), np.nan))
    assert few.undefined == "5 persons have a number, 20 are needed"
    assert few.left_out == 25
    with pytest.raises(SettingsError, match="one entry for each face"):
        probe_number(features, np.zeros(29))
    with pytest.raises(SettingsError, match="permutations is 5; a band of 95 % needs 39 at least"):
        probe_number(features, np.arange(30), permutations=5)
