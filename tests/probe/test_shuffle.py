import numpy as np

from evenface.probe.shuffle import parts, shuffled

PEOPLE = np.repeat(np.arange(40), 3)
GENDER = np.repeat(np.arange(40) % 2, 3)
EXPRESSION = np.tile(np.arange(3), 40)


def test_a_person_is_in_one_part() -> None:
    part = parts(PEOPLE, 2, np.random.default_rng(0))
    assert (part.reshape(40, 3) == part.reshape(40, 3)[:, :1]).all()
    assert np.bincount(part).tolist() == [60, 60]


def test_a_dealt_attribute_is_a_persons_in_every_stratum() -> None:
    dealt = GENDER[shuffled(GENDER, PEOPLE, EXPRESSION, 30, np.random.default_rng(0))]
    assert (dealt.reshape(40, 3, 30) == dealt.reshape(40, 3, 30)[:, :1]).all()
    assert (dealt.sum(0) == GENDER.sum()).all()


def test_strata_keep_what_they_hold() -> None:
    rng = np.random.default_rng(1)
    codes, strata = rng.integers(0, 4, 120), rng.integers(0, 5, 120)
    dealt = codes[shuffled(codes, np.arange(120), strata, 20, rng)]
    for stratum in range(5):
        mine = np.sort(dealt[strata == stratum], axis=0)
        assert (mine == np.sort(codes[strata == stratum])[:, None]).all()


def test_dealing_forgets_the_attribute() -> None:
    dealt = GENDER[shuffled(GENDER, PEOPLE, np.zeros(120, np.int64), 400, np.random.default_rng(0))]
    assert abs(np.corrcoef(dealt.mean(1), GENDER)[0, 1]) < 0.5
    assert abs((dealt == GENDER[:, None]).mean() - 0.5) < 0.02


def test_what_varies_within_a_person_is_dealt_too() -> None:
    dealt = EXPRESSION[shuffled(EXPRESSION, PEOPLE, np.zeros(120, np.int64), 400, np.random.default_rng(0))]
    assert abs((dealt == EXPRESSION[:, None]).mean() - 1 / 3) < 0.02
