"""The page: pictures, two charts and a table, and few words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from evenface.demo.words import PROBES, percent, title
from evenface.report.page import style, template
from evenface.report.svg import Canvas, Figure, Scale
from evenface.report.text import interval, number

_WIDTH, _ROW = 520, 62
_NAME = 100  # room for what stands beside a dot


class _Dot(NamedTuple):
    """A value with its interval, and what stands beside it."""

    found: Mapping[str, Any]
    name: str
    style: str


class _Line(NamedTuple):
    """What stands on one line of a chart; `band` is that of chance."""

    label: str
    said: str
    dots: list[_Dot]
    band: tuple[float, float] | None


def to_html(data: Mapping[str, Any], said: list[str], strips: Mapping[str, bytes]) -> str:
    """Write the page, which holds everything it needs and asks nothing of a network.

    Args:
        data: As `demo.json` has it.
        said: Findings in sentences.
        strips: Name -> PNG of faces side by side.
    """
    return template("demo.html.jinja").render(
        data=data,
        title=title(data),
        said=said,
        charts={"recall": recall(data).inline(), "leak": leak(data).inline()},
        strips={name: base64.b64encode(picture).decode("ascii") for name, picture in strips.items()},
        rows=_costs(data),
        style=style(),
    )


def recall(data: Mapping[str, Any]) -> Figure:
    """Draw how much of the expression each net finds in each group."""
    lines = []
    for model in data["models"]:
        levels = enumerate(model["recall"].items())
        dots = [_Dot(found, level, "worst" if place else "dot") for place, (level, found) in levels]
        lines.append(_Line(model["name"], f"gap {number(model['gap']['value'], 2)}", dots, None))
    emotion, attribute = data["suite"]["emotion"], data["suite"]["attribute"].replace("_", " ")
    told = [
        f"{line.label}: " + ", ".join(f"{dot.name} {number(dot.found['value'], 2)}" for dot in line.dots)
        for line in lines
    ]
    alt = f"Recall of {emotion}. {'; '.join(told)}."
    return _chart(f"Share of {emotion} faces that are recalled, by {attribute}", lines, alt)


def leak(data: Mapping[str, Any]) -> Figure:
    """Draw how well the attribute is read from each net's latent, beside the band of chance."""
    before, after = data["models"]
    lines = []
    for probe, name in PROBES.items():
        first, last = before["leak"][probe], after["leak"][probe]
        dots = [
            _Dot(found, model["name"], how) for found, model, how in ((last, after, "dot"), (first, before, "worst"))
        ]
        said = f"{percent(first)}, then {percent(last)}; chance to {last['chance_high']:.0%}"
        lines.append(_Line(name, said, dots, (last["chance_low"], last["chance_high"])))
    attribute = data["suite"]["attribute"].replace("_", " ")
    alt = "; ".join(f"{line.label}: {line.said}" for line in lines)
    return _chart(f"{attribute.capitalize()} read right from the latent; shaded: chance", lines, f"Probes. {alt}.")


def _chart(name: str, lines: list[_Line], alt: str) -> Figure:
    ends = [
        end
        for line in lines
        for end in (*(dot.found[key] for dot in line.dots for key in ("value", "low", "high")), *(line.band or ()))
        if end is not None
    ]
    pad = 0.05 * (max(ends) - min(ends)) or 0.02
    scale = Scale(max(min(ends) - pad, 0), min(max(ends) + pad, 1), 8, _WIDTH - 8)
    canvas = Canvas()
    canvas.text(0, 14, name, "h")
    for number_, line in enumerate(lines):
        _line(canvas, scale, 26 + _ROW * number_, line)
    bottom = 26 + _ROW * len(lines)
    for tick in scale.ticks():
        canvas.text(scale(tick), bottom + 12, f"{tick:g}", "xs", anchor="middle")
    return Figure(name, name, alt, canvas.done(), _WIDTH, bottom + 18)


def _line(canvas: Canvas, scale: Scale, top: float, line: _Line) -> None:
    canvas.text(0, top + 12, line.label, "t b")
    canvas.text(_WIDTH, top + 12, line.said, "si", anchor="end")
    middle = top + 42
    for tick in scale.ticks():
        canvas.line(scale(tick), middle - 12, scale(tick), middle + 12, "grid")
    if line.band is not None:
        canvas.rect(scale(line.band[0]), middle - 11, max(scale(line.band[1]) - scale(line.band[0]), 1), 22, "band")
    at = [scale(dot.found["value"]) for dot in line.dots if dot.found["value"] is not None]
    canvas.line(min(at), middle, max(at), middle, "mean")
    for dot in line.dots:
        found = dot.found
        if found["value"] is None:
            continue
        if found["low"] is not None:
            accent = "ci worst-line" if dot.style == "worst" else "ci"
            canvas.line(scale(found["low"]), middle, scale(found["high"]), middle, accent)
        canvas.circle(scale(found["value"]), middle, 6, dot.style)
        x = scale(found["value"])
        outward = (
            "start" if x < _NAME else "end" if x == min(at) else "middle"
        )  # so that names of near dots stand apart
        canvas.text(x, middle - 10, dot.name, "xi", anchor=outward)


def _costs(data: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Rows of the table: what, and its value for each net."""
    models = data["models"]

    def told(key: str) -> list[str]:
        return [f"{number(model[key]['value'])} ({interval(model[key])})" for model in models]

    return [
        ("Accuracy", told("accuracy")),
        (f"Gap of {data['suite']['emotion']}'s recall", told("gap")),
        ("Answers that change with the attribute alone", told("flip")),
        ("… with nothing but other noise", told("flip_noise")),
        ("Seconds of training", [f"{m['seconds']:.0f}" for m in models]),
        ("Numbers learnt", [f"{m['parameters']:,}" for m in models]),
    ]
