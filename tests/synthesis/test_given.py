import numpy as np
import pytest

from evenface.core.errors import SettingsError
from evenface.synthesis.given import Given, unfit
from evenface.synthesis.laws import draw, faults_of
from evenface.synthesis.parameters import PARAMETERS

ROWS = np.arange(20_000)


@pytest.mark.parametrize(
    ("name", "given", "mean", "sd"),
    [
        ("yaw", {"value": 12}, 12, 0),
        ("yaw", {"low": -30, "high": 30}, 0, 60 / 12**0.5),
        ("pitch", {"mean": 5, "sd": 2}, 5, 2),
        ("jpeg", {"choices": (40, 80), "shares": (3, 1)}, 50, 3**0.5 * 10),
        ("glasses", {"choices": ("none", "dark")}, 1, 1),
        ("glasses", {"value": "clear"}, 1, 0),
    ],
)
def test_laws_are_drawn_as_given(name: str, given: dict[str, object], mean: float, sd: float) -> None:
    law = Given(**given).law(name)
    parameter = PARAMETERS[name]
    assert not faults_of(law, parameter.low, parameter.high)
    drawn = draw(law, name, ROWS, parameter.low, parameter.high)
    assert abs(drawn.mean() - mean) <= 4 * sd / len(ROWS) ** 0.5
    assert drawn.std() == pytest.approx(sd, rel=0.03)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "got nothing"),
        ({"low": 1}, "got low"),
        ({"value": 1, "low": 0, "high": 1}, "got value, low, high"),
        ({"low": 2, "high": 1}, "low 2 is above high 1"),
        ({"choices": (1, 2), "shares": (1,)}, "2 choices have 1 shares"),
        ({"choices": (1, 2), "shares": (0, 0)}, "all shares are 0"),
        ({"mean": 1, "sd": -1}, "sd: "),
        ({"mode": 1}, "mode: unknown key"),
    ],
)
def test_laws_that_are_none_are_told(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Given(**given)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("yaw", 91.0, "91 is out of range. Allowed: -90 to 90"),
        ("glasses", "cleer", "Did you mean 'clear'? Allowed: none, clear, dark"),
        ("glasses", 3.0, "3 is not possible"),
        ("yaw", "left", "Allowed: a number from -90 to 90"),
        ("glasses", "clear", ""),
        ("age", 4.0, ""),
    ],
)
def test_values_are_held_to_their_parameter(name: str, value: float | str, said: str) -> None:
    found = unfit(PARAMETERS[name], value)
    assert said in found and bool(said) == bool(found)
