"""Words: whom the paragraph names."""

from evenface.benchmark.words import paragraph


def told(method: str, **means: float) -> dict[str, object]:
    measures = {name: {"mean": mean, "low": None, "high": None} for name, mean in means.items()}
    measures["gap"]["change"] = {"high": None}
    return {"suite": "s", "rule": "r", "method": method, **measures}


def test_a_gap_that_is_small_because_an_expression_is_read_in_no_group_is_not_praised() -> None:
    data = {
        "protocol": {"rules": ["r"]},
        "suites": {"s": {"emotion": "angry"}},
        "chance": {"s": {"gap_chance_95": 0.08}},
        "summary": [
            told("erm", accuracy=0.7, gap=0.8, recall=0.4),
            told("blind", accuracy=0.73, gap=0.0, recall=0.0),
            told("aligned", accuracy=0.8, gap=0.2, recall=0.6),
        ],
        "ranks": [],
        "failed": [],
        "cells": {"asked": 3, "ended": 3},
    }
    said = " ".join(paragraph(data))
    assert "a point of that accuracy and of its recall of angry, aligned has the smallest gap" in said
    assert "blind" not in said
