"""Charts draw what the tables say."""

from copy import deepcopy
from xml.etree import ElementTree

import pytest

from evenface.audit.counterfactual.words import summary
from evenface.report.counterfactual.charts import figures, short, transitions
from evenface.report.counterfactual.tables import tables


@pytest.fixture(scope="module")
def drawn(found):
    return figures(found.data)


def test_every_chart_is_sound_svg(drawn) -> None:
    made = [figure for charts in drawn.values() for figure in charts]
    assert {kind for kind, charts in drawn.items() if charts} == {"flips", "accuracy", "shifts", "transitions"}
    for figure in made:
        ElementTree.fromstring(figure.inline())  # noqa: S314  # our own
        assert figure.alt


def test_flip_rates_and_changes_stand_in_the_charts(found, drawn) -> None:
    for each in found["attributes"]:
        assert f"{each['flip']['value']:.3f}" in drawn["flips"][0].body
    for pair in found["pairs"]:
        if not pair["control"]:
            assert f"{abs(pair['accuracy']['change']):.3f}" in drawn["accuracy"][0].body


def test_controls_are_drawn_as_baseline_alone(found, drawn) -> None:
    assert len(drawn["accuracy"]) == len(drawn["shifts"]) == 1
    assert 'class="band"' in drawn["flips"][0].body
    assert not any("image_seed" in row[0] for row in tables(found.data)["pairs"].rows)


def test_nothing_to_draw() -> None:
    assert transitions([], 0.95) == []
    assert short("age=20", "age") == "20"


@pytest.mark.parametrize(("level", "firm"), [(0.95, True), (0.99, False)])
def test_what_is_more_than_luck_goes_by_the_level(found, level: float, firm: bool) -> None:
    data = deepcopy(found.data)
    data["settings"]["level"] = level
    for pair in data["pairs"]:
        for entry in (pair["accuracy"], *pair["shifts"]):
            entry["p_adjusted"] = 0.03
    for move in data["transitions"]:
        move["p_adjusted"] = 0.03
    said = " ".join(summary(data))
    assert ("points less often" in said, "Most one-sided" in said) == (firm, firm)
    drawn = figures(data)
    for kind, mark in (("accuracy", "worst"), ("shifts", "strong"), ("transitions", "worst")):
        assert (f'class="{mark}"' in drawn[kind][0].body) == firm
