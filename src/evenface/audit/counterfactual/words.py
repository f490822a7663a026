"""What a counterfactual audit found, in sentences that say no more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenface.core.words import alpha, p_digits

MOST_TRANSITIONS = 3


def summary(data: Mapping[str, Any]) -> list[str]:
    """Say what was compared, how often answers flipped, who is read worse, and what is not known."""
    tested = [each for each in data["attributes"] if not each["control"]]
    lines = [_scope(data), _noise(data)]
    lines += [_flips(each, data) for each in tested]
    lines += _accuracy(tested, data)
    lines += [_transitions(data), _lost(tested)]
    return [line for line in lines if line]


def percent(value: float | None) -> str:
    """A share as per cent with one decimal, or a dash.

    Example:
        >>> percent(0.1234), percent(None)
        ('12.3 %', '–')
    """
    return "–" if value is None else f"{100 * value:.1f} %"


def p_words(p: float) -> str:
    """Write p with as many digits as show on which side of the usual levels it lies.

    Example:
        >>> p_words(0.0213), p_words(0.0496), p_words(0.0004)
        ('p = 0.021', 'p = 0.0496', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p_digits(p)}"


def is_firm(found: Mapping[str, Any], level: float) -> bool:
    """Whether a change is more than luck: its corrected p is below 1 - level."""
    return found["p_adjusted"] is not None and found["p_adjusted"] < alpha(level)


def _interval(entry: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    if entry["low"] is None:
        return "no interval"
    return f"{100 * data['settings']['level']:g} %: {100 * entry['low']:.1f} to {100 * entry['high']:.1f}".replace(
        "-", "−"
    )


def _scope(data: Mapping[str, Any]) -> str:
    given = data["input"]
    names = [each["attribute"] for each in data["attributes"] if not each["control"]]
    who = "" if given["subjects"] is None else f" of {given['subjects']:,} persons"
    return (
        f"{given['rows']:,} images in {given['families']:,} families{who}, alike in everything but what was changed: "
        f"{', '.join(names) or 'nothing but rendering'}."
    )


def _noise(data: Mapping[str, Any]) -> str:
    flip = data["baseline"]["flip"]
    if flip is None:
        return (
            "The set holds no control, such as the same face with other noise: how many of the flips are mere "
            "rendering noise is not known."
        )
    if flip["value"] is None:
        return f"The control {data['baseline']['attribute']} has no flip rate: {flip['undefined']}."
    return (
        f"Changing nothing but {data['baseline']['attribute']} changes the answer in "
        f"{percent(flip['value'])} of pairs of images ({_interval(flip, data)}): the rate of rendering noise alone."
    )


def _flips(each: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    flip, several = each["flip"], each["any_flip"]
    if flip["value"] is None:
        return f"No flip rate for {each['attribute']}: {flip['undefined']}."
    text = (
        f"Changing {each['attribute']} changes the answer in {percent(flip['value'])} of pairs of images "
        f"({_interval(flip, data)}); in {percent(several['value'])} of {several['n']:,} families not all answers agree."
    )
    excess = each["excess"]
    if data["baseline"]["flip"] is None or excess["low"] is None:
        return text
    size = (
        f"{100 * excess['value']:+.1f}".replace("-", "−")
        + f" points against rendering noise ({_interval(excess, data)})"
    )
    if excess["low"] > 0:
        return f"{text} That is more than rendering noise: {size}."
    if excess["high"] < 0:
        return f"{text} That is less than rendering noise: {size}."
    return f"{text} This set cannot tell it from rendering noise: {size}."


def _accuracy(tested: Sequence[Mapping[str, Any]], data: Mapping[str, Any]) -> list[str]:
    """Who is read as intended less often; attributes of which nothing can be said, together."""
    lines: list[str] = []
    alike: list[str] = []
    untested: list[str] = []
    level = data["settings"]["level"]
    for each in tested:
        name = each["attribute"]
        moves = [pair for pair in data["pairs"] if pair["attribute"] == name]
        moves = [pair for pair in moves if pair["accuracy"]["p_adjusted"] is not None]
        firm = [pair for pair in moves if is_firm(pair["accuracy"], level) and pair["accuracy"]["change"]]
        if firm:
            lines.append(_worse(firm, len(moves), data))
        else:
            (alike if moves else untested).append(name)
    if alike:
        lines.append(
            f"Accuracy does not differ by more than luck, after correction for all pairs, between variants of "
            f"{', '.join(alike)}. That does not show that there is no difference."
        )
    if untested:
        lines.append(f"Accuracy was not tested, as no pair of variants has enough families: {', '.join(untested)}.")
    return lines


def _worse(firm: Sequence[Mapping[str, Any]], tests: int, data: Mapping[str, Any]) -> str:
    """The largest change of accuracy that is more than luck."""
    pair = max(firm, key=lambda found: abs(found["accuracy"]["change"]))
    move = pair["accuracy"]
    worse, better = (pair["b"], pair["a"]) if move["change"] < 0 else (pair["a"], pair["b"])
    sign = -1 if move["change"] < 0 else 1
    low, high = sorted(sign * move[end] for end in ("low", "high"))
    more = f"; {len(firm)} of {tests} pairs differ by more than luck" if tests > 1 else ""
    return (
        f"The same faces are read as intended {100 * abs(move['change']):.1f} points less often as {worse} than as "
        f"{better} ({_interval({'low': low, 'high': high}, data)}; {p_words(move['p_adjusted'])} after "
        f"correction{more})."
    )


def transition_words(move: Mapping[str, Any]) -> str:
    """One transition in words.

    Example:
        >>> move = {"from": "happy", "to": "sad", "a": "age=20", "b": "age=80", "count": 9, "back": 1}
        >>> transition_words(move)
        'happy → sad as age=20 becomes age=80: 9 families, 1 back'
    """
    ending = "y" if move["count"] == 1 else "ies"
    return (
        f"{move['from']} → {move['to']} as {move['a']} becomes {move['b']}: {move['count']:,} famil{ending}, "
        f"{move['back']:,} back"
    )


def _transitions(data: Mapping[str, Any]) -> str:
    moves = [m for m in data["transitions"] if not m["control"]]
    firm = [m for m in moves if is_firm(m, data["settings"]["level"])]
    if not moves:
        return "No answer changed at all."
    if not firm:
        return "No change of answer is more one-sided than luck, after correction for all of them."
    shown = "; ".join(f"{transition_words(m)} ({p_words(m['p_adjusted'])})" for m in firm[:MOST_TRANSITIONS])
    return f"Most one-sided, of {len(firm):,} that are so by more than luck: {shown}."


def _lost(tested: list[Mapping[str, Any]]) -> str:
    found = [each for each in tested if each["lost"]["value"]]
    if not found:
        return ""
    said = ", ".join(f"{percent(each['lost']['value'])} of families when {each['attribute']} changes" for each in found)
    return f"Some variants got an answer and others none in {said}."
