"""The charts of a counterfactual audit; every number drawn also stands in the page's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenface.audit.counterfactual.words import is_firm
from evenface.report.svg import Canvas, Figure, Scale, cut
from evenface.report.text import Record, number

WIDTH = 344
ROW = 34
CELL_WIDTH, CELL_HEIGHT, NAMES = 50, 30, 170
MOST_ROWS = 15  # pairs drawn per attribute; the table has all
MOST_MOVES = 8


def figures(data: Mapping[str, Any]) -> dict[str, list[Figure]]:
    """Draw flips, accuracy, class shifts and transitions; a list is empty where there is nothing to draw."""
    tested = [each for each in data["attributes"] if not each["control"]]
    level = data["settings"]["level"]
    return {
        "flips": flips(data),
        "accuracy": [f for each in tested for f in accuracy(_pairs(data, each), each["attribute"], level)],
        "shifts": [f for each in tested for f in shifts(_pairs(data, each), each["attribute"], level)],
        "transitions": transitions([move for move in data["transitions"] if not move["control"]], level),
    }


def _pairs(data: Mapping[str, Any], attribute: Record) -> list[Record]:
    return [pair for pair in data["pairs"] if pair["attribute"] == attribute["attribute"]]


def short(variant: str, attribute: str) -> str:
    """A variant without the names of the attributes that are known to be set.

    Example:
        >>> short("age=20", "age"), short("base", "age"), short("age=20, gender=male", "age × gender")
        ('20', 'base', '20, male')
    """
    parts = [part.strip() for part in variant.split(",")]
    for name in attribute.split(" × "):
        parts = [part.removeprefix(f"{name}=") for part in parts]
    return ", ".join(parts)


def _row(
    canvas: Canvas, y: float, label: str, cell: Record, value: str, scale: Scale, *, firm: bool, open_: bool
) -> None:
    """A name and its numbers above; an interval and a dot below."""
    canvas.text(0, y + 13, cut(label, 34), "t b" if firm else "t", hint=label)
    text = number(cell[value])
    if cell["low"] is not None:
        text += f" [{number(cell['low'])}, {number(cell['high'])}]"
        canvas.line(scale(cell["low"]), y + 23, scale(cell["high"]), y + 23, "ci worst-line" if firm else "ci")
    canvas.text(WIDTH, y + 13, text, "s", anchor="end")
    if cell[value] is None:
        return
    if firm:
        canvas.diamond(scale(cell[value]), y + 23, 6, "worst")
    else:
        canvas.circle(scale(cell[value]), y + 23, 4.5, "open" if open_ else "dot")


def _axis(canvas: Canvas, scale: Scale, top: float, bottom: float, row: float = ROW) -> None:
    """Draw the scale below, and lines below each row's words only, so that none runs through letters."""
    for tick in scale.ticks():
        for y in range(int(top), int(bottom), int(row)):
            canvas.line(scale(tick), y + row - 18, scale(tick), y + row, "grid")
        canvas.text(scale(tick), bottom + 14, f"{tick:g}", "xs", anchor="middle")


def flips(data: Mapping[str, Any]) -> list[Figure]:
    """Each attribute's flip rate, beside the rate of rendering noise where that is known."""
    rows = [each for each in data["attributes"] if each["flip"]["value"] is not None]
    if not rows:
        return []
    roof = max(each["flip"]["high"] or each["flip"]["value"] for each in rows)
    scale = Scale(0, max(1.08 * roof, 0.02), 14, WIDTH - 14)
    top, bottom = 28, 28 + ROW * len(rows)
    canvas = Canvas()
    canvas.text(0, 14, "Share of pairs of images that flip", "h")
    noise = data["baseline"]["flip"]
    if noise and noise["low"] is not None:
        canvas.rect(scale(noise["low"]), top, scale(noise["high"]) - scale(noise["low"]), bottom - top, "band")
    _axis(canvas, scale, top, bottom)
    for i, each in enumerate(rows):
        firm = not each["control"] and each["excess"]["low"] is not None and each["excess"]["low"] > 0
        name = each["attribute"] + (" (control)" if each["control"] else "")
        _row(canvas, top + ROW * i, name, each["flip"], "value", scale, firm=firm, open_=each["control"])
    alt = "Flip rate of each changed attribute with its interval. Numbers: table of attributes."
    return [Figure("flips", "Flip rates", alt, canvas.done(), WIDTH, bottom + 20)]


def accuracy(pairs: Sequence[Record], attribute: str, level: float) -> list[Figure]:
    """How accuracy changes from the first to the second variant of each pair."""
    known = [pair for pair in pairs if pair["accuracy"]["change"] is not None]
    known = sorted(known, key=lambda pair: -abs(pair["accuracy"]["change"]))[:MOST_ROWS]
    if not known:
        return []
    ends = [v for pair in known for v in (pair["accuracy"]["low"], pair["accuracy"]["high"]) if v is not None]
    reach = max([0.02, *map(abs, ends), *(abs(pair["accuracy"]["change"]) for pair in known)]) * 1.08
    scale = Scale(-reach, reach, 14, WIDTH - 14)
    top, bottom = 28, 28 + ROW * len(known)
    canvas = Canvas()
    canvas.text(0, 14, cut(f"Change of accuracy by {attribute}", 50), "h")
    _axis(canvas, scale, top, bottom)
    for i, pair in enumerate(known):
        cell = pair["accuracy"]
        canvas.line(scale(0), top + ROW * i + 16, scale(0), top + ROW * (i + 1), "mean")
        firm = is_firm(cell, level)
        label = f"{short(pair['a'], attribute)} → {short(pair['b'], attribute)}" + (" †" if pair["small"] else "")
        _row(canvas, top + ROW * i, label, cell, "change", scale, firm=firm, open_=pair["small"])
    alt = f"Change of accuracy between {len(known)} pairs of variants of {attribute}. Numbers: table of pairs."
    return [Figure("accuracy", f"Accuracy by {attribute}", alt, canvas.done(), WIDTH, bottom + 20, attribute)]


def shifts(pairs: Sequence[Record], attribute: str, level: float) -> list[Figure]:
    """How much more often each class is answered to the second variant of each pair, in points."""
    shown = [pair for pair in pairs if pair["n"]][:MOST_ROWS]
    if not shown:
        return []
    names = [shift["class"] for shift in shown[0]["shifts"]]
    reach = max(abs(s["change"] or 0) for pair in shown for s in pair["shifts"]) or 1
    top = 96
    canvas = Canvas()
    canvas.text(0, 14, cut(f"Shift of each answer by {attribute}, in points", 60), "h")
    for j, name in enumerate(names):
        canvas.slanted(NAMES + CELL_WIDTH * (j + 0.4), top - 6, cut(name, 12), hint=name)
    for i, pair in enumerate(shown):
        y = top + CELL_HEIGHT * i
        label = f"{short(pair['a'], attribute)} → {short(pair['b'], attribute)}"
        canvas.text(NAMES - 8, y + 19, cut(label, 27), "s", anchor="end", hint=label)
        for j, shift in enumerate(pair["shifts"]):
            _shift(canvas, NAMES + CELL_WIDTH * j, y, shift, reach, level)
    alt = f"How much more often each class is answered to one variant of {attribute} than to another."
    width = max(WIDTH, NAMES + CELL_WIDTH * len(names) + 40)
    height = top + CELL_HEIGHT * len(shown) + 4
    return [Figure("shifts", f"Shifts by {attribute}", alt, canvas.done(), width, height, attribute)]


def _shift(canvas: Canvas, x: float, y: float, shift: Record, reach: float, level: float) -> None:
    width, height, change = CELL_WIDTH - 3, CELL_HEIGHT - 3, shift["change"]
    if change is None:
        canvas.rect(x, y, width, height, "small")
        return
    firm = is_firm(shift, level)
    canvas.shade(x, y, width, height, change, reach)
    canvas.rect(x, y, width, height, "strong" if firm else "cell")
    text = f"{100 * change:+.1f}".replace("-", "−") if change else "0"
    canvas.text(x + width / 2, y + 18, text, "si b" if firm else "si", anchor="middle")


def transitions(moves: Sequence[Record], level: float) -> list[Figure]:
    """The most one-sided changes of answer: families that went, and families that went back."""
    shown = moves[:MOST_MOVES]
    if not shown:
        return []
    scale = Scale(0, 1.05 * max(move["count"] for move in shown), 14, WIDTH - 14)
    top, bottom = 28, 28 + 48 * len(shown)
    canvas = Canvas()
    canvas.text(0, 14, "Changes of answer: families", "h")
    _axis(canvas, scale, top, bottom, 48)
    for i, move in enumerate(shown):
        y = top + 48 * i
        firm = is_firm(move, level)
        canvas.text(0, y + 13, f"{cut(move['from'], 14)} → {cut(move['to'], 14)}", "t b" if firm else "t")
        canvas.text(WIDTH, y + 13, f"{move['count']:,}, back {move['back']:,}", "s", anchor="end")
        names = " → ".join(short(move[key], move["attribute"]) for key in ("a", "b"))
        canvas.text(0, y + 27, cut(f"{move['attribute']}: {names}", 52), "xs", hint=names)
        canvas.line(scale(move["back"]), y + 38, scale(move["count"]), y + 38, "ci worst-line" if firm else "ci")
        canvas.circle(scale(move["back"]), y + 38, 4.5, "open")
        if firm:
            canvas.diamond(scale(move["count"]), y + 38, 6, "worst")
        else:
            canvas.circle(scale(move["count"]), y + 38, 4.5, "dot")
    alt = "The most one-sided changes of answer. Numbers: table of transitions."
    return [Figure("transitions", "Changes of answer", alt, canvas.done(), WIDTH, bottom + 20)]
