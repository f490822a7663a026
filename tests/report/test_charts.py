from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from evenface.report.charts import MOST_ROWS, figures, forest, slug
from evenface.report.words import Findings


def test_every_chart_is_xml_with_a_name_of_its_own(big: dict[str, Any]) -> None:
    drawn = [figure for charts in figures(Findings(big)).values() for figure in charts]
    assert len({figure.name for figure in drawn}) == len(drawn)
    for figure in drawn:
        assert re.fullmatch("[a-z0-9-]+", figure.name)
        assert figure.alt
        assert "nan" not in figure.body
        ElementTree.fromstring(figure.standalone())  # noqa: S314 - our own


def test_charts_fit_a_phone(big: dict[str, Any]) -> None:
    drawn = figures(Findings(big))
    assert all(figure.width <= 358 for kind in ("forest", "flows", "calibration") for figure in drawn[kind])


def test_a_forest_plot_shows_overall_chance_band_and_worst(big: dict[str, Any]) -> None:
    body = forest(Findings(big), "race", "accuracy").body
    assert body.count('class="band"') == 1
    assert body.count('class="worst"') == 1
    assert body.count('class="dot"') == 3
    assert f"all {big['overall']['metrics']['accuracy']['value']:.3f}" in body


def test_no_group_is_called_worst_where_chance_explains_the_gap(big: dict[str, Any]) -> None:
    quiet = [gap | {"p_adjusted": 0.4, "p_holm": 0.4} for gap in big["gaps"]]
    assert 'class="worst"' not in forest(Findings(big | {"gaps": quiet}), "race", "accuracy").body


def test_many_groups_are_cut_and_the_rest_counted(big: dict[str, Any]) -> None:
    groups = [g | {"by": "race", "group": f"race={i}", "levels": {"race": str(i)}, "small": False} for i in range(7)
              for g in big["groups"] if g["by"] == "race"]  # fmt: skip
    groups = [g | {"group": f"race={i}"} for i, g in enumerate(groups)]
    found = Findings(big | {"groups": groups})
    body = forest(found, "race", "accuracy").body
    assert body.count('class="ci') == MOST_ROWS
    assert f"{len(groups) - MOST_ROWS} more in the table" in body


def test_names_that_become_the_same_file_are_numbered(audit: dict[str, Any]) -> None:
    for key in ("groups", "gaps", "worst", "flows"):
        for record in audit[key]:
            record["by"] = {"gender": "sex!", "race": "sex?"}.get(record["by"], record["by"])
    names = [figure.name for charts in figures(Findings(audit)).values() for figure in charts]
    assert "forest-sex-accuracy-2" in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "safe"), [("../../etc/passwd", "etc-passwd"), ("年齢", "x"), ("a × b", "a-by-b")])
def test_file_names_are_safe(name: str, safe: str) -> None:
    assert slug(name) == safe
