from itertools import product

import numpy as np

from evenface.synthesis.attributes import LEVELS, TYPICAL, drawn, levels_of
from evenface.synthesis.parameters import ETHNICITIES, PARAMETERS


def every_level(times: int) -> dict[str, np.ndarray]:
    cells = np.array(list(product(*(range(len(levels)) for levels in LEVELS.values()))), np.uint8)
    return {name: np.tile(cells[:, i], times) for i, name in enumerate(LEVELS)}


def test_people_of_a_level_are_of_that_level() -> None:
    codes = every_level(100)
    found = drawn(codes, 3, np.arange(len(codes["age"])))
    for name, levels in levels_of(found).items():
        assert (levels == codes[name]).all(), name
    for name, values in found.items():
        assert (values >= PARAMETERS[name].low).all() and (values <= PARAMETERS[name].high).all()
    np.testing.assert_allclose(sum(found[pole] for pole in ETHNICITIES), 1)


def test_skin_tone_is_set_apart_from_ethnicity() -> None:
    codes = every_level(1)
    person = np.zeros(len(codes["age"]), np.int64)
    found = drawn(codes, 0, person)
    for tone in range(3):
        assert len(np.unique(found["skin_tone"][codes["skin_tone"] == tone])) == 1


def test_a_person_depends_on_seed_number_and_levels_alone() -> None:
    codes, person = every_level(2), np.arange(192)
    whole, part = drawn(codes, 5, person), drawn({name: code[50:60] for name, code in codes.items()}, 5, person[50:60])
    assert all((whole[name][50:60] == part[name]).all() for name in whole)
    other = drawn(codes, 6, person)
    assert all((whole[name] != other[name]).any() for name in whole)


def test_what_stands_for_a_level_is_of_it() -> None:
    usual = {name: np.array([PARAMETERS[name].default]) for name in PARAMETERS}
    for name, levels in TYPICAL.items():
        for code, values in enumerate(levels):
            changed = usual | {key: np.array([value]) for key, value in values.items()}
            assert levels_of(changed)[name][0] == code
