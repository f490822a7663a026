from __future__ import annotations

from typing import Any

from evenface.report.charts import figures
from evenface.report.words import Findings


def test_a_heat_map_for_each_crossing_of_two(big: dict[str, Any]) -> None:
    heat = figures(Findings(big))["heat"]
    assert [figure.by for figure in heat] == ["gender × race", "gender × age", "race × age"]
    cells = [g for g in big["groups"] if g["by"] == "race × age"]
    assert heat[2].body.count(">n ") == len(cells)


def test_a_crossing_without_faces_is_a_dash(big: dict[str, Any]) -> None:
    groups = [g for g in big["groups"] if g["group"] != "gender=Female, race=Black"]
    body = figures(Findings(big | {"groups": groups, "flows": []}))["heat"][0].body
    assert ">–<title>no faces</title>" in body


def test_the_overall_matrix_is_in_per_cent_of_each_true_class(big: dict[str, Any]) -> None:
    row = big["overall"]["confusion"][0]
    body = figures(Findings(big))["confusion"][0].body
    assert f">{round(100 * row[0] / sum(row))}</text>" in body


def test_the_difference_matrix_is_of_the_clearest_flow(big: dict[str, Any]) -> None:
    found = Findings(big)
    drawn = figures(found)["confusion"]
    assert drawn[1].title == f"{found.notable_flows()[0]['group']} minus all others"
    quiet = [flow | {"p_adjusted": 0.9} for flow in big["flows"]]
    assert len(figures(Findings(big | {"flows": quiet}))["confusion"]) == 1


def test_a_class_without_faces_has_no_share(audit: dict[str, Any]) -> None:
    audit["overall"]["confusion"][3] = [0] * 8
    assert figures(Findings(audit))["confusion"][0].body.count(">–</text>") == 8
