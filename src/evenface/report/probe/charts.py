"""The charts of probed runs: the leak of each place beside its chance band, and maps of latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenface.report.charts import slug
from evenface.report.probe.rows import PROBES, Block, blocks, measure
from evenface.report.svg import HUES, Canvas, Figure, Scale, cut
from evenface.report.text import Record, number

WIDTH = 344
ROW = 34
MAP = 300  # height of a map without its legend
_DRAWN = ("linear", "mlp")


def figures(data: Mapping[str, Any]) -> dict[str, list[Figure]]:
    """Draw `leaks`, one per attribute and condition, and `maps`, one per run and colouring."""
    return {"leaks": [leak(block) for block in blocks(data)], "maps": maps(data)}


def leak(block: Block) -> Figure:
    """Each place's value with interval and chance band, from the pixels to the scores, run beside run."""
    rows = [
        (reading, probe, found)
        for reading in block.readings
        for probe in _DRAWN
        if (found := measure(reading, probe, block.main)) is not None and found["value"] is not None
    ]
    keys = ("value", "low", "high", "chance_low", "chance_high")
    ends = [found[key] for _, _, found in rows for key in keys if found[key] is not None]
    pad = 0.04 * (max(ends) - min(ends)) or 0.02
    scale = Scale(max(min(ends) - pad, -1.0), min(max(ends) + pad, 1.0), 14, WIDTH - 14)
    canvas = Canvas()
    name = "Balanced accuracy" if block.main == "accuracy" else "R²"
    canvas.text(0, 14, cut(f"{name}: {block.title}", 50), "h", hint=block.title)
    y, place = 24.0, None
    for reading, probe, found in rows:
        if reading["place"] != place:
            place = reading["place"]
            canvas.text(0, y + 16, cut(place, 44), "t b")
            y += 20
        _row(canvas, scale, y, f"{reading['run']}, {PROBES[probe]}", found)
        y += ROW
    for tick in scale.ticks():
        canvas.text(scale(tick), y + 14, f"{tick:g}", "xs", anchor="middle")
    alt = f"{name} with which probes read {block.title} at each place, beside the band of chance. Numbers: the table."
    return Figure(f"leak-{slug(block.attribute, block.given or 'all')}", block.title, alt, canvas.done(), WIDTH, y + 20)


def _row(canvas: Canvas, scale: Scale, y: float, label: str, found: Record) -> None:
    read = found["verdict"] == "read"
    canvas.text(8, y + 13, cut(label, 34), "si", hint=label)
    text = number(found["value"]) + (
        f" [{number(found['low'])}, {number(found['high'])}]" if found["low"] is not None else ""
    )
    canvas.text(WIDTH, y + 13, text, "s", anchor="end")
    low, high, middle = scale(found["chance_low"]), scale(found["chance_high"]), y + 24
    for tick in scale.ticks():
        canvas.line(scale(tick), y + 17, scale(tick), y + ROW - 2, "grid")
    canvas.rect(low, y + 17, max(high - low, 1), 14, "band")
    if found["low"] is not None:
        canvas.line(scale(found["low"]), middle, scale(found["high"]), middle, "ci worst-line" if read else "ci")
    if read:
        canvas.diamond(scale(found["value"]), middle, 6, "worst")
    else:
        canvas.circle(scale(found["value"]), middle, 4.5, "dot" if found["verdict"] == "not_read" else "open")


def maps(data: Mapping[str, Any]) -> list[Figure]:
    """Each run's latents in two directions, coloured by expression and by each attribute."""
    levels = {each["attribute"]: each["levels"] for each in data["attributes"]}
    classes = {run["run"]: run["classes"] for run in data["runs"]}
    drawn = []
    for found in data["maps"]:
        colourings = {"expression": (found["expression"], classes[found["run"]])}
        colourings |= {name: (codes, levels[name]) for name, codes in found["attributes"].items()}
        drawn += [_map(found, name, codes, names) for name, (codes, names) in colourings.items()]
    return drawn


def _map(found: Record, colouring: str, codes: Sequence[int], names: Sequence[str]) -> Figure:
    spans = [(min(axis), max(axis)) for axis in zip(*found["points"], strict=True)]
    wide = max(spans[0][1] - spans[0][0], (spans[1][1] - spans[1][0]) * WIDTH / MAP) or 1.0
    # One scale for both axes, so that distances are what they are.
    middle = [(low + high) / 2 for low, high in spans]
    side = wide / 2 * 1.04
    across = Scale(middle[0] - side, middle[0] + side, 4, WIDTH - 4)
    half = side * MAP / WIDTH
    down = Scale(middle[1] - half, middle[1] + half, 22 + MAP, 22)
    canvas = Canvas()
    canvas.text(0, 14, cut(f"{found['run']}: latents by {colouring}", 50), "h")
    canvas.rect(0, 22, WIDTH, MAP, "cell")
    for (x, y), code in zip(found["points"], codes, strict=True):
        canvas.circle(across(x), down(y), 2.4, f"c{code % HUES}" if code >= 0 else "open")
    y = _legend(canvas, names, 22 + MAP + 18)
    shares = " and ".join(f"{share:.0%}" for share in found["explained"])
    canvas.text(0, y + 18, f"Two main directions, with {shares} of the variance", "xs")
    alt = f"Latents of {found['run']} along their two main directions, coloured by {colouring}."
    return Figure(f"map-{slug(found['run'], colouring)}", found["run"], alt, canvas.done(), WIDTH, y + 24)


def _legend(canvas: Canvas, names: Sequence[str], y: float) -> float:
    """Write the names beside their colours, and give the last line's height."""
    x = 0.0
    for code, name in enumerate(names):
        text = cut(name, 18)
        if x and x + 16 + 7 * len(text) > WIDTH:
            x, y = 0.0, y + 18
        canvas.circle(x + 5, y - 4, 4, f"c{code % HUES}")
        canvas.text(x + 13, y, text, "si", hint=name)
        x += 26 + 6.5 * len(text)
    return y
