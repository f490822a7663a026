import numpy as np

from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.parameters import HAIR_COLOURS, PARAMETERS
from evenface.synthesis.population import PERSONAL, population

ROWS = 40_000


def people(looks: str = "linked", laws: dict | None = None, **levels: str) -> dict[str, np.ndarray]:
    chosen = {"ethnicity": "caucasian", "gender": "female", "age": "20-39", "skin_tone": "light"} | levels
    codes = {name: np.full(ROWS, LEVELS[name].index(chosen[name]), np.uint8) for name in LEVELS}
    return population(codes, 0, np.arange(ROWS) // 4, np.arange(ROWS), laws or {}, looks)


def test_every_parameter_is_there_and_in_range() -> None:
    found = people(laws={"yaw": ("normal", 0, 60)})
    assert set(found) == {name for name in PARAMETERS if not name.startswith("action:")}
    for name, values in found.items():
        assert (values >= PARAMETERS[name].low).all() and (values <= PARAMETERS[name].high).all(), name


def test_a_person_stays_the_same_from_picture_to_picture() -> None:
    found = people(laws={"yaw": ("uniform", -9, 9), "glasses": ("choice", 1, 1)})
    for name in (*PERSONAL, "person", "skin_tone", "age", "african"):
        assert (found[name].reshape(-1, 4) == found[name][::4, None]).all(), name
    for name in ("yaw", "image_seed"):
        assert len(np.unique(found[name])) == ROWS
    assert len(np.unique(found["person"])) == ROWS / 4


def test_hair_greys_with_age_and_beards_are_for_grown_men() -> None:
    grey = [HAIR_COLOURS.index(name) for name in ("grey", "white")]
    shares = [np.isin(people(age=age)["hair_colour"], grey).mean() for age in LEVELS["age"]]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] > 0.8
    assert people()["beard"].max() == 0 and people(gender="male")["beard"].max() > 0.9
    young = people(gender="male", age="4-19")
    assert (young["beard"][young["age"] < 18] == 0).all()


def test_looks_are_linked_to_ethnicity_or_not() -> None:
    def dark(looks: str) -> list[float]:
        return [(people(looks, ethnicity=name)["hair_colour"] < 2).mean() for name in LEVELS["ethnicity"][:3]]

    assert dark("linked")[0] > 0.9 > 0.5 > dark("linked")[2]
    assert len(set(dark("independent"))) == 1


def test_hair_is_not_tied_to_gender() -> None:
    for gender in ("female", "male"):
        styles = people(gender=gender)["hair_style"]
        assert {0, 2, 4, 7} <= set(styles.astype(int))
