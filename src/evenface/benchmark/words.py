"""What the benchmark found, in words and in tables of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evenface.benchmark.results import MEASURES
from evenface.benchmark.statistics import PLAIN, below_zero, front
from evenface.report.text import listing, number, p_phrase

Data = Mapping[str, Any]
CLOSE = 0.01  # of accuracy: what a method may lose and still be named


class Block(NamedTuple):
    """A table: suite, heads, and a line of cells for each method."""

    suite: str
    head: tuple[str, ...]
    lines: list[tuple[str, ...]]


def entries(data: Data, suite: str, rule: str) -> dict[str, Data]:
    """Give the summary of each method on a suite under a selection rule."""
    return {each["method"]: each for each in data["summary"] if (each["suite"], each["rule"]) == (suite, rule)}


def with_spread(told: Data, digits: int = 3) -> str:
    """Write a mean with half the width of its interval."""
    if told["mean"] is None:
        return "–"
    half = "" if told["low"] is None else f" ± {number((told['high'] - told['low']) / 2, digits)}"
    return number(told["mean"], digits) + half


def table(data: Data, suite: str, rule: str, measures: Sequence[str]) -> Block:
    """Give the table of one suite and rule, smallest headline gap first."""
    mine = entries(data, suite, rule)
    there = [name for name in measures if any(each[name]["mean"] is not None for each in mine.values())]
    order = sorted(mine, key=lambda name: (mine[name]["gap"]["mean"] is None, mine[name]["gap"]["mean"]))
    lines = [
        (name, *(with_spread(mine[name][m], 1 if m in ("minutes", "peak_mb") else 3) for m in there)) for name in order
    ]
    return Block(suite, ("method", *(MEASURES[m][0] if m in MEASURES else m for m in there)), lines)


def brief(data: Data) -> list[Block]:
    """Give one short table for each suite, for a terminal, of the first selection rule."""
    rule = data["protocol"]["rules"][0]
    measures = ("accuracy", "worst_group", "gap", "leak_linear", "flip", "minutes")
    return [table(data, suite, rule, measures) for suite in data["suites"]]


def on_front(data: Data, suite: str, rule: str) -> list[str]:
    """Give the methods that no other beats on both mean accuracy and mean headline gap."""
    means = {name: (each["accuracy"]["mean"], each["gap"]["mean"]) for name, each in entries(data, suite, rule).items()}
    return front({name: point for name, point in means.items() if None not in point})


def paragraph(data: Data) -> list[str]:
    """Say what was found, a sentence or two for each suite, then over all; every number is in the tables."""
    rule = data["protocol"]["rules"][0]
    said = [sentence for suite in data["suites"] for sentence in _of_suite(data, suite, rule)]
    said += [
        f"By worst group over {each['blocks']} blocks of suite and seed, the best mean rank is that of "
        f"{each['methods'][0]} ({number(each['mean'][0], 1)} of {len(each['methods'])}; Friedman {_p(each['p'])})."
        for each in data["ranks"]
        if each["measure"] == "worst_group" and each["block"] == ["suite", "seed"]
    ]
    if data["failed"]:
        names = sorted({f"{each['method']} on {each['suite']}" for each in data["failed"]})
        said.append(f"Not trained, for the reasons given below: {listing(names)}.")
    if (left := data["cells"]["asked"] - data["cells"]["ended"]) > 0:
        said.append(f"{left:,} of {data['cells']['asked']:,} cells have not ended: what is shown is not yet all.")
    return said


def _of_suite(data: Data, suite: str, rule: str) -> list[str]:
    mine = entries(data, suite, rule)
    known = {name: each for name, each in mine.items() if each["gap"]["mean"] is not None}
    if PLAIN not in known:
        return []
    plain = known[PLAIN]
    emotion = data["suites"][suite]["emotion"]
    what = f"recall of {emotion}" if emotion else "accuracy"
    chance = data["chance"][suite].get("gap_chance_95")
    said = [
        f"{suite}: plain training reaches an accuracy of {number(plain['accuracy']['mean'])} with a gap of {what} of "
        f"{number(plain['gap']['mean'])}, where alike groups would show up to {number(chance)} by luck."
    ]
    kept = f"that accuracy and of its {what}" if emotion else "that accuracy"
    near = {n: e for n, e in known.items() if n != PLAIN and _keeps(e, plain)}
    if not near:
        return [*said, f"No method stayed within a point of {kept}."]
    best = min(near, key=lambda name: near[name]["gap"]["mean"])
    sure = below_zero(near[best]["gap"]["change"], len(near))
    said.append(
        f"Of the methods within a point of {kept}, {best} has the smallest gap, "
        f"{number(near[best]['gap']['mean'])} at {number(near[best]['accuracy']['mean'])}"
        + ("; over seeds the change is below 0" if sure else "; over seeds, no change was shown")
        + f", corrected for the {len(near)} it is the smallest of."
    )
    return said


def _keeps(each: Data, plain: Data) -> bool:
    """Whether a method is as accurate as plain training; a gap is small too where an expression is read in no group."""
    pairs = [(each[name]["mean"], plain[name]["mean"]) for name in ("accuracy", "recall")]
    return all(mine >= its - CLOSE for mine, its in pairs if None not in (mine, its))


def _p(p: float) -> str:
    return p_phrase(None if math.isnan(p) else p)
