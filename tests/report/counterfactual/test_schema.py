"""The schema catches what a reader would trip over."""

import copy
import re
from pathlib import Path

import pytest

from evenface.report.counterfactual import validate_counterfactual
from evenface.report.counterfactual.schema import SHAPE
from evenface.report.serial import plain

DOC = Path(__file__).parents[3] / "docs" / "COUNTERFACTUAL_SCHEMA.md"


@pytest.fixture
def data(found) -> dict:
    return copy.deepcopy(plain(found.data))


def test_a_real_audit_keeps_it(data) -> None:
    assert validate_counterfactual(data) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), "evenface.counterfactual/2", "must be evenface.counterfactual/1|"),
        (("pairs", 0, "flips"), 10_000, "counts do not add up"),
        (("pairs", 0, "flip", "value"), None, "gives no reason"),
        (("pairs", 0, "accuracy", "p"), 1.5, "must be in 0..1"),
        (("pairs", 0, "accuracy", "low"), 0.9, "is above high"),
        (("pairs", 0, "a"), "nobody", "no variant 'nobody'"),
        (("pairs", 0, "shifts", 0, "class"), "bored", "no class 'bored'"),
        (("transitions", 0, "from"), "bored", "no class 'bored'"),
        (("attributes", 0, "variants", 0, "accuracy", "n"), "3", "must be int"),
        (("attributes", 0, "cochran", "undefined"), None, "gives no reason"),
        (("attributes", 1, "attribute"), None, "must be str"),
        (("examples", 0, "family"), 3, "must be str"),
        (("settings", "unit"), "face", "must be family|subject"),
        (("extra",), 1, "unknown key"),
    ],
)
def test_faults_are_named(data, path, value, said) -> None:
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    problems = validate_counterfactual(data)
    assert problems
    assert said in problems[0]


def test_the_document_names_every_key() -> None:
    text = DOC.read_text("utf-8")
    missing = {key for shape in SHAPE.values() for key in shape if not re.search(rf"`{key}`", text)}
    assert not missing
