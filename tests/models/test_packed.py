"""Weights that ship: pinned, each by whom it is read, and refused when they are not what they were."""

from importlib.resources import files
from pathlib import Path

import pytest

from evenface.core.errors import InputError
from evenface.cues import action_units, micro
from evenface.models import attributes, copies, macro
from evenface.models.packed import packed_weights, read_safetensors

SHIPPED = {**attributes.WEIGHTS, **copies.WEIGHTS, **macro.WEIGHTS, **action_units.WEIGHTS, **micro.WEIGHTS}


def test_every_file_that_ships_is_pinned_and_has_a_card() -> None:
    folder = Path(str(files("evenface.models") / "weights"))
    assert sorted(SHIPPED) == sorted(path.stem for path in folder.glob("*.safetensors"))
    cards = {path.stem for path in folder.glob("*.md")}
    assert {name.removesuffix("_plus") for name in SHIPPED} == cards


@pytest.mark.parametrize("name", SHIPPED)
def test_its_hash_is_the_pinned_one(name: str) -> None:
    packed, where = packed_weights(name, SHIPPED)
    assert where == f"weights {name!r}"
    assert read_safetensors(packed, where)[0]


def test_another_hash_is_refused() -> None:
    with pytest.raises(InputError, match="'micro' of this installation are damaged"):
        packed_weights("micro", {"micro": SHIPPED["macro"]})
