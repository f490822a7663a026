"""The parameters of a face: defaults, ranges, choices, and errors that name all that is wrong."""

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, UnknownNameError
from evenface.synthesis.parameters import ACTIONS, ETHNICITIES, HAIR_STYLES, PARAMETERS, columns


def test_there_are_52_actions_with_both_sides_of_each() -> None:
    assert len(ACTIONS) == len(set(ACTIONS)) == 52
    for name in ACTIONS:
        for side, other in (("Left", "Right"), ("Right", "Left")):
            if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
                assert name.removesuffix(side) + other in ACTIONS


@pytest.mark.parametrize("name", PARAMETERS)
def test_defaults_are_allowed_and_meanings_are_given(name: str) -> None:
    parameter = PARAMETERS[name]
    assert parameter.low <= parameter.default <= parameter.high
    assert parameter.meaning
    if parameter.choices:
        assert (parameter.low, parameter.high) == (0, len(parameter.choices) - 1)


def test_what_is_left_out_has_its_default_and_other_columns_are_ignored() -> None:
    values = columns(pl.DataFrame({"label": ["a", "b"], "age": [20, 70]}))
    assert set(values) == set(PARAMETERS)
    assert values["age"].tolist() == [20, 70]
    assert values["yaw"].tolist() == [0, 0]


def test_choices_are_names_or_numbers() -> None:
    by_name = columns(pl.DataFrame({"hair_style": list(HAIR_STYLES)}))["hair_style"]
    by_number = columns(pl.DataFrame({"hair_style": np.arange(len(HAIR_STYLES))}))["hair_style"]
    assert (by_name == by_number).all()


def test_every_fault_is_named_with_its_row() -> None:
    faces = pl.DataFrame(
        {"age": [30.0, 300.0], "hair_style": ["mohawk", "bob"], "yaw": [None, 0.0], "person": [0.5, 1]}
    )
    with pytest.raises(InputError) as told:
        columns(faces)
    message = str(told.value)
    assert "age is 300.0 in row 1" in message
    assert "'mohawk' in row 0" in message and "afro" in message
    assert "yaw is None in row 0" in message
    assert "person is 0.5" in message


def test_not_a_number_is_not_a_parameter() -> None:
    with pytest.raises(InputError, match="age is nan"):
        columns(pl.DataFrame({"age": [float("nan")]}))


def test_an_unknown_action_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="mouthSmileLeft"):
        columns(pl.DataFrame({"action:mouthSmileLef": [1.0]}))


def test_the_poles_are_parameters() -> None:
    assert set(ETHNICITIES) <= set(PARAMETERS)
