"""A measured value beside those of attributes dealt to other persons."""

import numpy as np
import pytest

from evenface.probe.result import against


def test_of_forty_values_alike_one_is_above_the_band_and_one_below() -> None:
    found = against(np.array([50.0, *range(1, 40)]), np.zeros(0))
    assert (found.chance_low, found.chance_high) == (1, 39)
    assert found.p == pytest.approx(1 / 40)


@pytest.mark.parametrize("draws", [39, 100, 200])
def test_by_chance_one_in_forty_values_is_above_the_band(draws: int) -> None:
    values = np.random.default_rng(0).standard_normal((20_000, draws + 1))
    ends = np.quantile(values[:, 1:], 0.975, axis=1, method="weibull")
    found = [against(row, np.zeros(0)) for row in values[:20]]
    assert [each.chance_high for each in found] == pytest.approx(ends[:20])
    assert np.mean(values[:, 0] > ends) == pytest.approx(0.025, abs=0.004)
