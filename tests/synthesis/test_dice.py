"""Random numbers depend on their name and seeds alone, and follow their laws."""

import numpy as np
import pytest
from scipy import stats

from evenface.synthesis.dice import bits, choice, normal, uniform

ROWS = np.arange(20_000)


def test_a_number_does_not_depend_on_what_else_is_drawn() -> None:
    together = uniform("yaw", 3, ROWS)
    assert uniform("yaw", 3, 700) == together[700]
    assert (uniform("yaw", 3, ROWS[5000:5100]) == together[5000:5100]).all()


def test_names_and_seeds_tell_numbers_apart() -> None:
    streams = [uniform(name, seed, ROWS) for name in ("yaw", "pitch") for seed in (0, 1)]
    assert np.abs(np.corrcoef(streams)[np.triu_indices(4, 1)]).max() < 0.03
    assert len(np.unique(bits("yaw", 0, ROWS))) == len(ROWS)


def test_order_of_seeds_matters() -> None:
    assert uniform("yaw", 1, 2) != uniform("yaw", 2, 1)


def test_seeds_broadcast() -> None:
    assert normal("shape", ROWS[:3, None], ROWS[:4]).shape == (3, 4)
    assert normal("shape", ROWS[:3, None], ROWS[:4])[2, 3] == normal("shape", 2, 3)


@pytest.mark.parametrize(("draw", "law"), [(uniform, stats.uniform()), (normal, stats.norm())])
def test_laws_hold(draw, law) -> None:  # type: ignore[no-untyped-def]
    assert stats.kstest(draw("x", 11, ROWS), law.cdf).pvalue > 1e-3


def test_normal_inverts_the_law_to_nine_digits() -> None:
    from evenface.synthesis.dice import _inverse_normal

    chance = np.linspace(1e-12, 1 - 1e-12, 5001)
    assert np.abs(_inverse_normal(chance) - stats.norm.ppf(chance)).max() < 1e-7
    assert np.abs(_inverse_normal(np.array([0.5, 0.975])) - [0, 1.959963984540054]).max() < 1e-8


def test_choice_follows_its_shares_and_never_takes_what_has_none() -> None:
    drawn = choice([1, 0, 3], "class", 5, ROWS)
    counts = np.bincount(drawn, minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] / len(ROWS) - 0.75) < 0.02


def test_choice_takes_a_law_for_each_row() -> None:
    shares = np.where((ROWS % 2)[:, None] == 0, [1.0, 0.0], [0.0, 1.0])
    assert (choice(shares, "class", 5, ROWS) == ROWS % 2).all()
