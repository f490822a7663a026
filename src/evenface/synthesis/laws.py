"""Laws of chance for one number, written as plain tuples, so that a table or a TOML file can hold them.

("fixed", 0.5)                      always the same
("uniform", low, high)              spread evenly
("log_uniform", low, high)          each doubling equally likely; above 0
("normal", mean, deviation)         bell-shaped, values beyond the range allowed set to its ends
("some", chance, else, low, high)   spread evenly with this chance, otherwise `else`
("choice", share, share, …)         0, 1, 2, … as often as its share; shares need not sum to 1
("one_of", value, share, …)         each value as often as its share; shares need not sum to 1
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import did_you_mean
from evenface.synthesis import dice

Law: TypeAlias = Sequence[str | float]
"""A law: its kind, then its numbers."""

KINDS: dict[str, str] = {
    "fixed": "value",
    "uniform": "low, high",
    "log_uniform": "low, high",
    "normal": "mean, deviation",
    "some": "chance, else, low, high",
    "choice": "share, share, …",
    "one_of": "value, share, value, share, …",
}
"""Each kind of law with its numbers."""


def faults_of(law: Law, low: float, high: float) -> list[str]:
    """Tell what is wrong with a law for a number that may be `low` to `high`; an empty list if nothing is."""
    kind, *numbers = law if law and not isinstance(law, str) else (str(law),)
    if kind not in KINDS:
        return [f"unknown law {kind!r}.{did_you_mean(str(kind), tuple(KINDS))} Laws: {', '.join(KINDS)}"]
    if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
        return [f"{kind} takes numbers ({KINDS[str(kind)]}), got {numbers}"]
    if kind == "one_of" and len(numbers) % 2:
        return [f"one_of takes {KINDS['one_of']}, got {len(numbers)} numbers"]
    if kind not in ("choice", "one_of") and len(numbers) != KINDS[str(kind)].count(",") + 1:
        return [f"{kind} takes {KINDS[str(kind)]}, got {len(numbers)} numbers"]
    return _faults_of_numbers(str(kind), [float(n) for n in numbers], low, high)


def _faults_of_numbers(kind: str, numbers: list[float], low: float, high: float) -> list[str]:
    by_kind = {"normal": numbers[:1], "some": numbers[1:], "choice": [0.0, len(numbers) - 1.0], "one_of": numbers[::2]}
    ends = by_kind.get(kind, numbers)
    found = [f"{kind} gives {end:g}, allowed: {low:g} to {high:g}" for end in ends if not low <= end <= high]
    if kind in ("uniform", "log_uniform", "some") and numbers[-2] > numbers[-1]:
        found.append(f"{kind} runs from {numbers[-2]:g} down to {numbers[-1]:g}; the lower end comes first")
    if kind == "log_uniform" and numbers[0] <= 0:
        found.append("log_uniform must stay above 0")
    if kind == "normal" and numbers[1] < 0:
        found.append("normal has a deviation below 0")
    if kind == "some" and not 0 <= numbers[0] <= 1:
        found.append(f"some has the chance {numbers[0]:g}, allowed: 0 to 1")
    shares = {"choice": numbers, "one_of": numbers[1::2]}.get(kind, [1.0])
    if not shares or min(shares) < 0 or sum(shares) <= 0:
        found.append(f"{kind} needs shares of at least 0, one of them above 0")
    return found


def draw(law: Law, name: str, seeds: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Give one number for each of `seeds`, between `low` and `high`.

    Args:
        law: A law in which `faults_of` finds no fault.
        name: What is drawn; other names give independent numbers.
        seeds: (element,) whole numbers of at least 0.
        low: Least value allowed.
        high: Greatest value allowed.

    Example:
        >>> draw(("uniform", -10, 10), "yaw", [0, 1, 2], -90, 90).round(1)
        array([7. , 2.2, 4.2])
    """
    kind, numbers = law[0], [float(n) for n in law[1:]]
    if kind == "choice":
        return dice.choice(numbers, name, seeds).astype(np.float64)
    if kind == "one_of":
        return np.array(numbers[::2])[dice.choice(numbers[1::2], name, seeds)]
    if kind == "normal":
        return np.clip(numbers[0] + numbers[1] * dice.normal(name, seeds), low, high)
    place = dice.uniform(name, seeds)
    if kind == "log_uniform":
        return np.asarray(numbers[0] * (numbers[1] / numbers[0]) ** place)
    if kind == "some":
        chance, otherwise, start, end = numbers
        return np.where(dice.uniform(f"{name}: whether", seeds) < chance, start + (end - start) * place, otherwise)
    start, end = numbers[0], numbers[-1]
    return np.asarray(start + (end - start) * place)
