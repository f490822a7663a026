"""How counts and levels are written."""

import pytest

from evenface.core.words import alpha, counted, p_digits, percent


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_a_p_at_the_level_is_not_below_it(level: float) -> None:
    p = {0.5: 0.5, 0.8: 0.2, 0.9: 0.1, 0.95: 0.05, 0.99: 0.01, 0.999: 0.001}[level]
    assert not p < alpha(level)
    assert p * (1 - 1e-9) < alpha(level)


def test_one_is_not_many() -> None:
    assert [counted(n, "face") for n in (0, 1, 2, 1000)] == ["0 faces", "1 face", "2 faces", "1,000 faces"]
    assert counted(2, "person is", "persons are") == "2 persons are"
    assert percent(0.975) == "97.5 %"


@pytest.mark.parametrize(
    ("p", "shown"), [(0.5, "0.5"), (0.05, "0.05"), (50 / 1001, "0.04995"), (0.0504, "0.05"), (0.0999999, "0.0999999")]
)
def test_p_shows_on_which_side_of_a_level_it_lies(p: float, shown: str) -> None:
    assert p_digits(p) == shown
