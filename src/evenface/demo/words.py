"""What was found, in three sentences that say no more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.text import interval, listing, number, p_phrase

PROBES = {"linear": "linear probe", "mlp": "MLP", "knn": "nearest neighbours"}


def title(data: Mapping[str, Any]) -> str:
    """What the page is called."""
    return "A bias planted, found" + (" and reduced" if data["change"]["gap"]["verdict"] == "smaller" else "")


def sentences(data: Mapping[str, Any]) -> list[str]:
    """Tell the bias found, what alignment makes of it, and what that cost."""
    before, after = data["models"]
    emotion, attribute = data["suite"]["emotion"], data["suite"]["attribute"].replace("_", " ")
    recalls = [f"{number(each['value'], 2)} of {level} faces" for level, each in before["recall"].items()]
    read = [
        f"{PROBES[probe]} {_percent(leak)} rather than {_percent(before['leak'][probe])}"
        for probe, leak in after["leak"].items()
    ]
    change, spent = data["change"], [f"{model['seconds']:.0f}" for model in (before, after)]
    return [
        f"Found: {before['name']} recalls {emotion} in {listing(recalls)}, a gap of {_gap(before)}.",
        f"Aligned: the gap is {_gap(after)}, {p_phrase(change['gap']['p'])} for no change. Read from the latent, "
        f"{attribute} is told right by {listing(read)}; chance alone reaches {_reach(after)}.",
        f"Cost: accuracy {number(after['accuracy']['value'])} instead of {number(before['accuracy']['value'])} (change "
        f"{interval(change['accuracy'])}), and {spent[1]} seconds of training instead of {spent[0]}.",
    ]


def _gap(model: Mapping[str, Any]) -> str:
    gap = model["gap"]
    return f"{number(gap['value'], 2)} ({interval(gap, 2)}; chance alone stays below {number(gap['chance_95'], 2)})"


def _percent(leak: Mapping[str, Any]) -> str:
    return "–" if leak["value"] is None else f"{leak['value']:.0%}"


def _reach(model: Mapping[str, Any]) -> str:
    return f"{max(each['chance_high'] for each in model['leak'].values()):.0%}"
