from __future__ import annotations

from typing import Any

import pytest

from evenface.report.text import number
from evenface.report.words import Findings, corrected_p, verdict

GAP: dict[str, Any] = {"value": 0.1, "p_adjusted": 0.01, "p_holm": 0.02, "chance_95": 0.05, "undefined": None}
GAP |= {"kind": "difference", "smallest_detectable": 0.08}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({}, "larger"),
        ({"p_adjusted": 0.05}, "within"),
        ({"p_adjusted": 50 / 1001}, "larger"),
        ({"p_adjusted": 0.3, "smallest_detectable": 0.21}, "unclear"),
        ({"p_adjusted": 0.3, "smallest_detectable": None}, "unclear"),
        ({"p_adjusted": 0.3, "smallest_detectable": None, "kind": "between"}, "within"),
        ({"p_adjusted": None}, "larger"),
        ({"p_adjusted": 0.3, "p": 0.01}, "unclear"),
        ({"p_adjusted": None, "p_holm": None}, "unclear"),
        ({"value": None, "undefined": "one group"}, "unclear"),
    ],
)
def test_a_verdict_follows_the_corrected_p_alone(change: dict[str, Any], key: str) -> None:
    judged = verdict(GAP | change)
    assert judged.key == key
    assert "fair" not in judged.words
    assert judged.mark in "▲○?"


def test_a_raw_p_never_decides() -> None:
    assert corrected_p({"p": 0.001, "p_adjusted": None, "p_holm": None}) is None


def test_within_chance_says_what_could_have_been_missed() -> None:
    assert "0.080" in verdict(GAP | {"p_adjusted": 0.5}).detail
    assert verdict(GAP | {"value": None, "undefined": "one group"}).detail == "one group"


def test_where_every_face_is_read_rightly_the_interval_says_what_could_be_missed(
    audit: dict[str, Any],
) -> None:
    alike = GAP | {
        "value": 0.0,
        "p_adjusted": 1.0,
        "smallest_detectable": None,
        "high": 0.009,
        "undefined": "all alike",
    }
    assert verdict(alike).key == "within"
    assert verdict(alike).detail == "a true gap up to 0.009 could have been missed"
    assert verdict(alike | {"high": 0.4}).key == "unclear"
    assert verdict(alike | {"high": None}).detail == "all alike"
    known = Findings(audit)
    gap = next(g for g in known.headline_gaps if g["metric"] == known.headline[0])
    gap |= {"smallest_detectable": None, "high": 0.009, "undefined": "all alike", "p": 1.0, "p_adjusted": 1.0}
    assert f"is the same for every face by {gap['by']} (0.009)" in " ".join(Findings(audit).summary())


def test_the_summary_names_gap_interval_chance_and_the_unanswered(big: dict[str, Any]) -> None:
    text = " ".join(Findings(big).summary())
    parts = ("3,000 faces", "95 % interval", "with no true difference it would stay below", "got no answer")
    assert all(part in text for part in (*parts, "worst-off group with probability", "Errors of the estimate"))
    assert 3 <= len(Findings(big).summary()) <= 7


def test_the_group_that_gets_hardly_any_answer_is_named(audit: dict[str, Any]) -> None:
    """Of 300 dark faces 5 got an answer: too few to compare their errors, and all the more to be told."""
    sizes = {"dark": (300, 5), "light": (300, 290), "medium": (300, 297), "blue": (12, 0)}
    audit["groups"] = [
        {"by": "skin", "group": f"skin={name}", "levels": {"skin": name}, "n": n, "answered": k, "small": k < 50}
        for name, (n, k) in sizes.items()
    ]
    audit["input"] |= {"rows": 912, "answered": 592}
    text = Findings(audit)._unanswered()
    assert text == "320 faces (35.1 %) got no answer; answered were from 1.7 % for skin=dark to 99.0 % for skin=medium."
    audit["groups"] = audit["groups"][:1]
    audit["input"] |= {"rows": 300, "answered": 299}
    assert Findings(audit)._unanswered() == "1 face (0.3 %) got no answer."


def test_the_clearest_gap_is_the_surest_then_the_most_times_its_chance_level(big: dict[str, Any]) -> None:
    found = Findings(big)
    larger = [g for g in found.headline_gaps if found.judge(g).key == "larger"]
    surest = min(corrected_p(g) for g in larger)
    first = max((g for g in larger if corrected_p(g) == surest), key=lambda g: g["value"] / g["chance_95"])
    sentence = next(s for s in found.summary() if s.startswith("Surest"))
    assert f"a gap of {number(first['value'])}" in sentence
    assert first["worst"] in sentence


def test_nothing_found_is_not_called_fair(audit: dict[str, Any]) -> None:
    for gap in audit["gaps"]:
        gap |= {"p": 0.5, "p_adjusted": 0.9, "p_holm": 0.9, "smallest_detectable": 0.07}
    text = " ".join(Findings(audit).summary())
    assert "none is larger than chance explains" in text
    assert "That is not evidence that groups are treated alike." in text
    assert "gender (0.070)" in text
    assert "80 % power" in text
    assert "Surest" not in text


def test_what_correction_leaves_open_is_said(audit: dict[str, Any]) -> None:
    for gap in audit["gaps"]:
        gap |= {"p": 0.01, "p_adjusted": 0.9, "p_holm": 0.9}
    text = " ".join(Findings(audit).summary())
    assert "p = 0.01) is beyond chance on its own, but not among all comparisons of its family" in text
    assert "shows no gap beyond chance" not in text


def test_the_surest_other_comparison_is_told_where_the_headline_shows_nothing(audit: dict[str, Any]) -> None:
    between = [gap for gap in audit["gaps"] if gap["kind"] == "between"]
    for gap in audit["gaps"]:
        gap |= {"p": 0.5, "p_adjusted": 0.001 if gap in between else 0.9, "p_holm": 0.9, "chance_95": 0.1}
    between[1] |= {"value": 0.9}
    text = " ".join(Findings(audit).summary())
    assert "none is larger than chance explains; of all 27 main comparisons, 3." in text
    assert f"The surest of them: Equalized odds difference by {between[1]['by']} (between) is 0.900, its chance" in text
    between[2] |= {"p_adjusted": 0.0005, "value": 0.2}
    text = " ".join(Findings(audit).summary())
    assert f"The surest of them: Equalized odds difference by {between[2]['by']} (between) is 0.200" in text


def test_little_data_is_measured_against_the_range_of_the_metric() -> None:
    weak = GAP | {"p_adjusted": 0.5, "smallest_detectable": 0.3}
    assert [verdict(weak, span=span).key for span in (1.0, 2.0, None)] == ["unclear", "within", "within"]
    assert verdict(weak | {"kind": "ratio"}).key == "within"


def test_of_two_groups_a_confusion_is_told_once(audit: dict[str, Any]) -> None:
    flow = audit["flows"][0] | {"by": "gender", "group": "gender=Female", "p_adjusted": 0.001, "ratio": 4.0}
    audit["flows"] = [flow | {"group": "gender=Male", "ratio": 0.25}, flow]
    assert Findings(audit).notable_flows() == [flow]


def test_the_confusion_that_differs_most_is_that_of_all_groupings(audit: dict[str, Any]) -> None:
    flow = audit["flows"][0] | {"by": "race", "p_adjusted": 0.001}
    first = flow | {"by": "age", "p_adjusted": 0.03, "ratio": 9.0, "low": 7.0, "high": 12.0, "words": "unsure"}
    wide = flow | {"ratio": 6.0, "low": 1.1, "high": 30.0, "words": "wide"}
    rare = flow | {"ratio": 0.2, "low": 0.1, "high": 0.4, "words": "rare"}
    none = flow | {"ratio": None, "low": 1.9, "high": 99.0, "words": "never elsewhere"}
    audit["flows"] = [first, wide, none, rare]
    found = Findings(audit)
    assert [f["words"] for f in found.notable_flows()] == ["rare", "never elsewhere", "wide", "unsure"]
    assert "The confusion that differs most: rare (p = 0.001" in " ".join(found.summary())


def test_titles_of_single_classes(big: dict[str, Any]) -> None:
    found = Findings(big)
    assert found.title("tpr[happy]") == "True positive rate, happy"
    assert found.title("unheard_of") == "unheard_of"
    assert found.lower_is_better("equalized_odds")
    assert not found.lower_is_better("tpr[happy]")


def test_a_p_at_the_level_is_not_below_it(audit: dict[str, Any]) -> None:
    """1 - 0.95 is a little more than 0.05."""
    found = Findings(audit)
    gap = found.headline_gaps[0] | {"value": 0.1, "p": 0.05, "p_adjusted": 0.05, "smallest_detectable": 0.1}
    assert found.judge(gap).key == "within"
    assert found.judge(gap | {"p": 0.04995, "p_adjusted": 0.04995}).key == "larger"
