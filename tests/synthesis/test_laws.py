"""Laws of one number: their mean and spread, their range, and what is said of bad ones."""

import numpy as np
import pytest
from scipy import stats

from evenface.synthesis.laws import KINDS, Law, draw, faults_of

SEEDS = np.arange(20000)


@pytest.mark.parametrize(
    ("law", "peer"),
    [
        (("uniform", -3, 5), stats.uniform(-3, 8)),
        (("normal", 1, 2), stats.norm(1, 2)),
        (("log_uniform", 1, 16), stats.loguniform(1, 16)),
    ],
)
def test_continuous_laws_are_those_of_a_peer(law: Law, peer: stats.rv_continuous) -> None:
    assert stats.kstest(draw(law, "x", SEEDS, -100, 100), peer.cdf).pvalue > 0.001


def test_other_laws_have_their_shares() -> None:
    assert (draw(("fixed", 0.5), "x", SEEDS, 0, 1) == 0.5).all()
    some = draw(("some", 0.3, 7, 1, 2), "x", SEEDS, 0, 10)
    assert (some == 7).mean() == pytest.approx(0.7, abs=0.02)
    assert some[some != 7].min() >= 1
    assert some[some != 7].mean() == pytest.approx(1.5, abs=0.02)
    listed = draw(("one_of", 0.5, 1, 0.9, 3), "x", SEEDS, 0, 1)
    assert (listed == 0.5).mean() == pytest.approx(0.25, abs=0.02)
    assert set(listed) == {0.5, 0.9}
    chosen = draw(("choice", 3, 0, 1), "x", SEEDS, 0, 2)
    assert np.bincount(chosen.astype(int)) / len(SEEDS) == pytest.approx([0.75, 0, 0.25], abs=0.02)


def test_values_beyond_the_range_are_its_ends() -> None:
    values = draw(("normal", 0.9, 0.5), "x", SEEDS, 0, 1)
    assert values.min() == 0
    assert values.max() == 1


def test_a_draw_depends_on_name_and_seed_alone() -> None:
    law = ("normal", 0, 1)
    assert (draw(law, "x", SEEDS[5:9], -9, 9) == draw(law, "x", SEEDS, -9, 9)[5:9]).all()
    assert abs(np.corrcoef(draw(law, "x", SEEDS, -9, 9), draw(law, "y", SEEDS, -9, 9))[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("law", "said"),
    [
        (("gauss", 1, 2), "unknown law 'gauss'"),
        (("unifrom", 1, 2), "Did you mean 'uniform'"),
        (("uniform", 1), "got 1 numbers"),
        (("uniform", 2, 1), "lower end comes first"),
        (("uniform", "a", 1), "takes numbers"),
        (("uniform", 0, float("nan")), "takes numbers"),
        (("uniform", 0, 11), "gives 11, allowed: 0 to 10"),
        (("normal", 5, -1), "deviation below 0"),
        (("log_uniform", 0, 1), "above 0"),
        (("some", 2, 0, 1, 2), "has the chance 2"),
        (("choice",), "needs shares"),
        (("choice", 0, 0), "needs shares"),
        (("choice", *[1] * 12), "gives 11"),
        (("one_of", 1), "takes value, share"),
        (("one_of", 11, 1), "gives 11"),
        ((), "unknown law"),
    ],
)
def test_faults_are_told(law: Law, said: str) -> None:
    assert any(said in fault for fault in faults_of(law, 0, 10)), faults_of(law, 0, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_good_laws_have_no_faults(kind: str) -> None:
    good = {"fixed": (1,), "normal": (1, 2), "some": (0.5, 0, 1, 2), "choice": (1, 2, 3)}.get(kind, (1, 2))
    assert faults_of((kind, *good), 0, 10) == []
