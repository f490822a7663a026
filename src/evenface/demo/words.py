"""What was found, in three sentences that say no more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.text import interval, listing, number

PROBES = {"linear": "Linear probe", "mlp": "MLP", "knn": "Nearest neighbours"}


def title(data: Mapping[str, Any]) -> str:
    """What the page is called."""
    return "A bias planted, found" + (" and reduced" if data["change"]["gap"]["verdict"] == "smaller" else "")


def sentences(data: Mapping[str, Any]) -> list[str]:
    """Tell the bias found, what alignment makes of it, and what that cost."""
    before, after = data["models"]
    emotion, attribute = data["suite"]["emotion"], data["suite"]["attribute"].replace("_", " ")
    recalls = [f"{number(each['value'], 2)} of {level} faces" for level, each in before["recall"].items()]
    read = [
        f"{percent(after['leak'][probe])} rather than {percent(before['leak'][probe])} by {said}"
        for probe, said in (("linear", "a linear probe"), ("mlp", "an MLP"))
    ]
    change, spent = data["change"], [f"{model['seconds']:.0f}" for model in (before, after)]
    return [
        f"Found: {before['name']} recalls {emotion} in {listing(recalls)}, a gap of {_gap(before)}.",
        f"Aligned: the gap is {_gap(after)}. From the latent {attribute} is read right in {listing(read)}; by "
        f"chance in up to {_reach(after)}.",
        f"Cost: accuracy {number(after['accuracy']['value'])} instead of {number(before['accuracy']['value'])} (change "
        f"{interval(change['accuracy'])}), and {spent[1]} seconds of training instead of {spent[0]}.",
    ]


def _gap(model: Mapping[str, Any]) -> str:
    gap = model["gap"]
    return f"{number(gap['value'], 2)} ({interval(gap, 2)}; chance alone stays below {number(gap['chance_95'], 2)})"


def percent(leak: Mapping[str, Any]) -> str:
    """How often a probe is right."""
    return "–" if leak["value"] is None else f"{leak['value']:.0%}"


def _reach(model: Mapping[str, Any]) -> str:
    return f"{max(model['leak'][probe]['chance_high'] for probe in ('linear', 'mlp')):.0%}"
