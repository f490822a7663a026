"""What a comparison found, in sentences that say no more than the numbers do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evenface.audit.metric import Metric
from evenface.core.words import alpha, counted, p_digits, percent

Verdict = str  # "smaller", "larger", "not firm", "within luck", "undefined"


def is_share(metric: Metric) -> bool:
    """Whether values are shares, so that changes read best in percentage points."""
    return metric.low >= -1 and metric.high == 1


def amount(value: float, *, points: bool, sign: bool = False) -> str:
    """A change in words: `2.1 points`, or `0.034`.

    Example:
        >>> amount(-0.0213, points=True), amount(0.0213, points=True, sign=True), amount(0.5, points=False)
        ('2.1 points', '+2.1 points', '0.5')
    """
    number = value * 100 if points else value
    number = number if sign else abs(number)
    digits = f"{number:{'+' if sign else ''}.1f}" if points else f"{number:{'+' if sign else ''}.3g}"
    return f"{digits} points" if points else digits


def lowered(title: str) -> str:
    """A title in the middle of a sentence; abbreviations and names keep their capitals.

    Example:
        >>> lowered("Balanced accuracy"), lowered("F1"), lowered("Cohen's kappa")
        ('balanced accuracy', 'F1', "Cohen's kappa")
    """
    first = title.split(" ")[0]
    plain = first[1:].islower() and first.isalpha()
    return title[0].lower() + title[1:] if plain else title


def p_text(p: float) -> str:
    """`p = .02`, `p < .001`.

    Example:
        >>> p_text(0.0213), p_text(0.0004), p_text(1.0)
        ('p = .021', 'p < .001', 'p = 1')
    """
    if p >= 0.9995:
        return "p = 1"
    return "p < .001" if p < 0.001 else f"p = {p_digits(p, 3, 'f')}".replace("0.", ".", 1)


def verdict(gap: Mapping[str, Any], level: float) -> Verdict:
    """Judge the change of one gap.

    Args:
        gap: An entry of `gaps[]` with `departure` numbers turned so that less is more even (`even_low`, `even_high`).
        level: Confidence of its interval.
    """
    if gap["change"] is None or gap["p"] is None or math.isnan(gap["even_low"]):
        return "undefined"
    clear = (gap["even_low"] > 0 or gap["even_high"] < 0) and gap["p"] < alpha(level)
    if not clear:
        return "within luck"
    if gap["p_adjusted"] >= alpha(level):
        return "not firm"
    return "smaller" if gap["even_high"] < 0 else "larger"


def gap_words(gap: Mapping[str, Any], title: str, *, points: bool, family: int, level: float) -> str:
    """The sentence of one gap.

    Args:
        gap: As for `verdict`, with `verdict`, `how`, `best`, `worst`, `ceiling` and `floor`.
        title: The metric's title.
        points: Whether to speak of percentage points.
        family: Number of gaps corrected together.
        level: Confidence of its interval.
    """
    what = f"{'gap in ' if gap['kind'] == 'difference' else ''}{lowered(title)} over {gap['by']}"
    if gap["change"] is None:
        return f"The {what} is not defined: {gap['undefined']}."
    even = gap["even_change"]
    start = f"B's {what} is as large as A's"
    if even != 0:
        more, less = ("smaller", "larger") if gap["kind"] == "difference" else ("more even", "less even")
        start = f"B's {what} is {amount(even, points=points)} {more if even < 0 else less}"
    p = f"{p_text(gap['p'])}, {p_text(gap['p_adjusted'])} after correction for {counted(family, 'gap')}"
    if gap["verdict"] == "undefined":
        return f"{start} ({p}); whether by luck cannot be told: {gap['undefined']}."
    if gap["low"] is None:
        return f"{start} ({p}): the models never differ in it, so draws cannot tell what could have been seen."
    interval = _interval(gap["even_low"], gap["even_high"], level, turned=even < 0, points=points)
    if gap["verdict"] == "within luck":
        end = "within what luck alone gives"
        if gap["p_adjusted"] < alpha(level):
            end = "the models differ in how they treat groups, but the gap's size may be the same"
        elif gap["p"] < alpha(level):
            end += ", after correction"
        if (least := gap["smallest_detectable"]) is not None:
            end += f"; a change smaller than {amount(least, points=points)} would probably not have been seen"
        end += "."
        return f"{start} ({interval}; {p}): {end}"
    if gap["verdict"] == "not firm":
        return f"{start} ({interval}; {p}): beyond luck if it were the only gap looked at, but not after correction."
    return f"{start} ({interval}; {p}): {_firm_words(gap, points=points)}"


def _interval(low: float, high: float, level: float, *, points: bool, turned: bool = False) -> str:
    """The interval in words; `turned` if a fall is spoken of as a positive amount."""
    low, high = (-high, -low) if turned else (low, high)
    scale, digits = (100, ".1f") if points else (1, ".3g")
    return f"{percent(level)}: {low * scale:{digits}} to {high * scale:{digits}}"


def _firm_words(gap: Mapping[str, Any], *, points: bool) -> str:
    """Say what a change beyond luck is; a gap made smaller by a fall of the best group is not called fairer."""
    if gap["verdict"] == "larger":
        return "less fair on this sample by more than luck."
    if gap["how"] is None:
        return "fairer on this sample by more than luck."
    fall, rise = amount(gap["ceiling"], points=points), amount(gap["floor"], points=points)
    best, worst = _move(gap["best"]), _move(gap["worst"])
    if gap["how"] == "raised":
        return f"fairer on this sample by more than luck. The worst group got better by {rise} ({worst})."
    start = "a smaller gap by more than luck, but"
    end = f"the best group got worse by {fall} ({best})"
    if gap["how"] == "levelled down":
        return f"{start} by levelling down: {end}, and the worst group did not get better ({worst})."
    return f"{start} mostly by levelling down: {end}, the worst group got better by only {rise} ({worst})."


def _move(pair: Mapping[str, str]) -> str:
    return pair["a"] if pair["a"] == pair["b"] else f"{pair['a']} under A, {pair['b']} under B"


def overall_words(entry: Mapping[str, Any], title: str, only: tuple[int, int], level: float, *, points: bool) -> str:
    """The sentence about all faces together."""
    if entry["change"] is None:
        return f"{title} over all faces is not defined: {entry['undefined']}."
    interval = _interval(entry["low"], entry["high"], level, points=points)
    firm = entry["p"] < alpha(level) and (entry["low"] > 0 or entry["high"] < 0)
    end = "more than luck gives" if firm else "within what luck alone gives"
    size = amount(entry["change"], points=points, sign=True)
    return (
        f"{title} over all faces: B - A = {size} ({interval}; {p_text(entry['p'])}), {end}. "
        f"A alone is right on {counted(only[0], 'face')}, B alone on {only[1]:,}."
    )
