"""Charts draw what the tables say."""

from xml.etree import ElementTree

import pytest

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
    assert transitions([]) == []
    assert short("age=20", "age") == "20"
