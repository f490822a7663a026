"""What is drawn and written of a study, from a document made by hand."""

from typing import Any

import pytest

from evenface.report.transfer.charts import Shown, figures, heat, percent, points
from evenface.report.transfer.files import to_html
from evenface.report.transfer.markdown import render
from evenface.report.transfer.tables import tables


def told(**changes: Any) -> dict[str, Any]:
    """A document of two regions and two cues; nothing but accuracies was measured."""
    rows = [
        {"split": "person", "source": s, "test": t, "regime": "lam", "fusion": "gated", "subset": subset,
         "accuracy": value, "low": None if value is None else value - 0.1,
         "high": None if value is None else value + 0.05, "answered": 1.0, "faces": 40, "persons": 8}
        for s, t, subset, value in (
            ("<b>", "<b>", "A", 0.9), ("<b>", "west", "A", 0.6), ("west", "<b>", "A", None), ("west", "west", "A", 0.8),
            ("<b>", "<b>", "f", 0.5), ("west", "west", "f", 0.85),
        )
    ]  # fmt: skip
    regions = [
        {"region": name, "faces": 40, "persons": 8, "learnt": True, "classes": [20, 20], "read": {"f": 1.0, "u": 0.5}}
        for name in ("<b>", "west")
    ]
    falls = [{"rank": rank, "difference": 0.2 / rank, "low": 0.05, "high": 0.3} for rank in (1, 2)]
    data: dict[str, Any] = {
        "schema": "evenface.transfer/1", "evenface": "0", "classes": ["happy", "sad"], "notices": [], "models": 6,
        "settings": {
            "name": "made", "seeds": [0, 1], "draws": 100, "data": {"test_share": 0.25, "validation_share": 0.15},
            "detectors": {"source": "west"}, "published": None,
        },
        "cues": [{"cue": c, "channels": 3, "read": 1.0, "enters_lam": "answers"} for c in ("f", "u")],
        "regions": regions, "subsets": {"A": ["f", "u"], "f": ["f"]}, "sources": {"<b>": ["<b>"], "west": ["west"]},
        "accuracy": rows, "shapley": [], "comparisons": [], "gaps": [], "flattery": [], "published": [],
        "forgetting": None, "summary": [],
        "weights": [{"region": "west", "regime": "lam", "fusion": "gated", "cue": c, "weight": 0.5, "low": 0.4,
                     "high": 0.6} for c in ("f", "u")],
        "calibration": [{"regime": "lam", "fusion": "gated", "before": {"value": 0.2, "luck": 0.07, "answers": 40},
                         "after": {"value": None, "luck": None, "answers": 0}}],
        "deletion": [{"region": "west", "regime": "lam", "fusion": "gated", "falls": falls, "beyond": 0.1, "low": 0.02,
                      "high": 0.2}],
    }  # fmt: skip
    return data | changes


def test_signs_are_written_out() -> None:
    assert [points(value) for value in (0.034, -0.034, 0.001, -0.001)] == ["+3", "−3", "0", "0"]
    assert percent(0.876) == "88"


def test_an_accuracy_that_is_undefined_is_a_dash() -> None:
    matrix = figures(told())["matrices"][0]
    assert "–" in matrix.body
    assert ">90<" in matrix.body
    own = tables(told())["own"]
    assert tables(told())["calibration"].rows == [("gated, LAM", "0", "20.0 (luck 7.0)", "–")]
    assert own.rows[0] == ("gated, LAM", "90.0 [80.0, 95.0]", "80.0 [70.0, 85.0]")


def test_a_subset_is_shown_against_all_cues() -> None:
    (subsets,) = figures(told())["subsets"]
    assert "−40" in subsets.body
    assert "+5" in subsets.body


def test_without_cells_there_is_no_chart() -> None:
    assert heat("x", "t", ["a"], ["b"], {}, 0, foot="", say=percent) == []
    assert len(heat("x", "t", ["a"], ["b"], {("a", "b"): Shown(0.0)}, 0, foot="", say=percent)) == 1


def test_names_of_regions_are_escaped() -> None:
    page = to_html(told())
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in render(told())


def test_published_numbers_stand_beside_ours_with_their_caution() -> None:
    ours = {"accuracy": 0.8, "low": 0.7, "high": 0.85}
    rows = [
        {"model": "LAM, all cues", "region": "<b>", "published": 0.9244, "random": {**ours, "accuracy": 0.84},
         "person": ours},
        {"model": "earlier best", "region": "west", "published": 0.913, "random": None, "person": None},
    ]  # fmt: skip
    settings = told()["settings"] | {"published": {"source": "A and B (2023)", "caution": "Few faces."}}
    data = told(published=rows, settings=settings)
    table = tables(data)["published"]
    assert table.rows == [
        ("LAM, all cues", "<b>", "92.44", "84.0 [70.0, 85.0]", "80.0 [70.0, 85.0]"),
        ("earlier best", "west", "91.3", "–", "–"),
    ]
    for text in (to_html(data), render(data)):
        assert "Published beside ours" in text
        assert "A and B (2023). Few faces." in text


@pytest.mark.parametrize("low", [None, 0.01])
def test_remedies_and_few_faces_are_drawn(low: float | None) -> None:
    number = {"value": 0.1, "low": low, "high": None if low is None else 0.2}
    keys = ("new", "last", "forgetting", "backward", "forward", "forgets_less", "new_more")
    remedies = [{"remedy": name, "keeps": "nothing", **dict.fromkeys(keys, number)} for name in ("fine_tuning", "ewc")]
    few = [{"faces": n, "start": start, **number} for n in (0, 8) for start in ("other regions", "nothing")]
    data = told(forgetting={"fusion": "gated", "orders": [], "remedies": remedies, "few": few})
    drawn = figures(data)
    assert [figure.name for figure in drawn["forgetting"] + drawn["few"]] == [
        "remedies-forgetting",
        "remedies-new",
        "few",
    ]
    assert "fine_tuning" in to_html(data)
    assert "## Few faces of a new region" in render(data)
