"""The pictures: accuracy against gap, and ranks with the difference that is critical. Drawn as SVG (docs/adr/0006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.benchmark.statistics import PLAIN
from evenface.benchmark.words import entries, on_front
from evenface.report.svg import Canvas, Figure, Scale, cut
from evenface.report.text import number, p_phrase

WIDTH = 790
_PLOT = 430  # height of the square of a Pareto picture
_LEFT = 46
_KEY = 296  # width of the list of names beside it
_ROW = 15


def pareto(data: Mapping[str, Any], suite: str, rule: str) -> Figure:
    """Draw each method at its accuracy and headline gap, with a cross of intervals; up and left is better.

    Crosses of methods on the front and of plain training are in colour, those of others grey.
    """
    mine = {
        n: e for n, e in entries(data, suite, rule).items() if None not in (e["gap"]["mean"], e["accuracy"]["mean"])
    }
    best = on_front(data, suite, rule)
    order = sorted(mine, key=lambda name: mine[name]["gap"]["mean"])
    height = max(_PLOT, 60 + _ROW * len(order))
    across = _scale([e["gap"] for e in mine.values()], _LEFT, WIDTH - _KEY - 16, floor=0.0)
    up = _scale([e["accuracy"] for e in mine.values()], height - 36, 34)
    canvas = Canvas()
    what = data["suites"][suite]["emotion"]
    canvas.text(0, 14, f"{suite}: accuracy against gap of {f'recall of {what}' if what else 'accuracy'}", "h")
    chance = data["chance"][suite].get("gap_chance_95")
    if chance is not None and chance > across.low:
        canvas.rect(across(across.low), 34, across(chance) - across(across.low), height - 70, "band")
    _axes(canvas, across, up, height)
    steps = sorted(best, key=lambda name: mine[name]["gap"]["mean"])
    canvas.polyline([(across(mine[n]["gap"]["mean"]), up(mine[n]["accuracy"]["mean"])) for n in steps], "line")
    canvas.text(WIDTH - _KEY, 30, "gap, accuracy (◆ on the front)", "xs")
    for name in sorted(order, key=lambda name: (name in best, name == PLAIN)):  # what stands out lies on top
        _point(canvas, across, up, mine[name], order.index(name) + 1, name in best, name == PLAIN)
    for place, name in enumerate(order):
        label = f"{place + 1}  {'◆ ' if name in best else ''}{cut(name, 40)}"
        y = 46 + _ROW * place
        canvas.text(WIDTH - _KEY, y, label, "xi b" if name in best or name == PLAIN else "xi", hint=name)
        numbers = f"{number(mine[name]['gap']['mean'])}  {number(mine[name]['accuracy']['mean'])}"
        canvas.text(WIDTH, y, numbers, "xs", anchor="end")
    alt = f"Accuracy against gap on {suite}: {', '.join(best)} are beaten by no other method on both. Numbers: table."
    return Figure(f"pareto-{suite}-{rule}", f"Accuracy against gap, {suite}", alt, canvas.done(), WIDTH, height)


def _scale(told: list[Mapping[str, Any]], start: float, end: float, floor: float | None = None) -> Scale:
    """Give a scale of shares that holds the means, and intervals as far as they do not dwarf them."""
    means = [each["mean"] for each in told]
    reach = max(max(means) - min(means), 0.02)
    ends = [each[key] for each in told for key in ("low", "high") if each[key] is not None]
    low = max(min([*means, *ends]), min(means) - reach / 2) - 0.05 * reach
    high = min(max([*means, *ends]), max(means) + reach / 2) + 0.05 * reach
    return Scale(low if floor is None else max(floor, low), min(high, 1.0), start, end)


def _axes(canvas: Canvas, across: Scale, up: Scale, height: float) -> None:
    for tick in across.ticks():
        canvas.line(across(tick), 34, across(tick), height - 36, "grid")
        canvas.text(across(tick), height - 22, f"{tick:g}", "xs", anchor="middle")
    for tick in up.ticks():
        canvas.line(across.start, up(tick), across.end, up(tick), "grid")
        canvas.text(across.start - 5, up(tick) + 3, f"{tick:g}", "xs", anchor="end")
    canvas.text((across.start + across.end) / 2, height - 6, "gap (shaded: luck alone)", "s", anchor="middle")
    canvas.text(0, 30, "accuracy", "xs")


def _point(canvas: Canvas, across: Scale, up: Scale, told: Mapping[str, Any], n: int, best: bool, plain: bool) -> None:
    x, y = across(told["gap"]["mean"]), up(told["accuracy"]["mean"])
    accent = "wide worst-line" if plain else "wide" if best else "grid"  # all crosses alike would hide the points
    if told["gap"]["low"] is not None:
        canvas.line(across(told["gap"]["low"]), y, across(told["gap"]["high"]), y, accent)
    if told["accuracy"]["low"] is not None:
        canvas.line(x, up(told["accuracy"]["low"]), x, up(told["accuracy"]["high"]), accent)
    if best:
        canvas.diamond(x, y, 6, "worst" if plain else "dot")
    else:
        canvas.circle(x, y, 4, "worst" if plain else "open")
    canvas.text(x + 6, y - 5, str(n), "xs")


def critical(each: Mapping[str, Any], title: str) -> Figure:
    """Draw mean ranks of methods, best first; the bar is as long as ranks must differ to differ at 5 %."""
    names, mean = each["methods"], each["mean"]
    rows = len(names)
    across = Scale(1, max(rows, 2), 262, WIDTH - 60)
    height = 66 + 20 * rows
    canvas = Canvas()
    canvas.text(0, 14, f"Mean ranks by {title}, {each['blocks']} blocks ({' and '.join(each['block'])})", "h")
    reach = each["critical"]
    if reach == reach:  # undefined with two methods
        canvas.rect(across(mean[0]), 44, across(mean[0] + reach) - across(mean[0]), 20 * rows, "band")
        said = f"shaded: not shown to differ from the best (critical difference {number(reach, 1)}); "
    else:
        said = ""
    canvas.text(
        0,
        30,
        f"{said}Friedman {p_phrase(None if each['p'] != each['p'] else each['p'])}; † differs from the best, Holm",
        "xs",
    )
    for tick in across.ticks():
        if tick >= 1:
            canvas.line(across(tick), 44, across(tick), 44 + 20 * rows, "grid")
            canvas.text(across(tick), height - 6, f"{tick:g}", "xs", anchor="middle")
    for row, (name, rank, p) in enumerate(zip(names, mean, each["holm"], strict=True)):
        y = 54 + 20 * row
        canvas.text(0, y + 4, cut(name, 40) + (" †" if p < 0.05 else ""), "t b" if name == PLAIN else "t", hint=name)
        canvas.line(across(1), y, across(rank), y, "wide worst-line" if name == PLAIN else "wide")
        canvas.circle(across(rank), y, 4.5, "worst" if name == PLAIN else "dot")
        canvas.text(WIDTH, y + 4, number(rank, 1), "s", anchor="end")
    alt = f"Mean ranks by {title}: {names[0]} {number(mean[0], 1)} to {names[-1]} {number(mean[-1], 1)}."
    return Figure(f"ranks-{each['measure']}-{'-'.join(each['block'])}", title, alt, canvas.done(), WIDTH, height)
