"""One picture: each group's value under A and under B, and beside it the change with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.audit.compare.tables import first_metric
from evenface.core.words import percent

_FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_INK, _FAINT, _GRID = "#1f2933", "#5f6c79", "#dfe3e8"
_A, _B, _UP, _DOWN, _NONE = "#8794a1", "#0b5394", "#0b7a5b", "#a94412", "#5f6c79"
_STEP = 24
_LONGEST = 26


def picture(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Draw every single attribute's groups by the first metric.

    Left: A (open) and B (filled), joined. Right: B - A with its interval (thick) and the one that holds for all
    groups of the attribute at once (thin); coloured where the thin one excludes 0.

    Returns:
        A Vega-Lite specification with its data inside; None if there is nothing to draw.
    """
    name = first_metric(data)
    if name is None:
        return None
    rows: dict[str, list[dict[str, Any]]] = {}
    for group in data["groups"]:
        if len(group["levels"]) == 1 and group["metrics"][name]["change"] is not None:
            rows.setdefault(group["by"], []).append(_row(group, name, data))
    if not rows:
        return None
    metric = next(m for m in data["metrics"] if m["name"] == name)
    values = [value for each in rows.values() for row in each for value in (row["a"], row["b"])]
    ends = [value for each in rows.values() for row in each for value in (row["low_all"], row["high_all"])]
    title = f"{metric['title']}: B against A on the same {data['input']['faces']:,} faces"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "subtitle": _subtitle(data), "anchor": "start", "fontSize": 15, "offset": 14},
        "background": "white",
        "padding": 16,
        "vconcat": [_attribute(by, each, _span(values), _span([*ends, 0.0])) for by, each in rows.items()],
        "spacing": 18,
        "config": _config(),
    }


def _row(group: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    m = group["metrics"][name]
    sign = -1 if next(x for x in data["metrics"] if x["name"] == name)["direction"] == "lower" else 1
    low, high = (m["low_simultaneous"] or 0.0, m["high_simultaneous"] or 0.0)
    colour = _NONE if low <= 0 <= high else (_UP if sign * m["change"] > 0 else _DOWN)
    label = ", ".join(group["levels"].values())
    label = label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
    return {
        "group": f"{label} (n {group['n']:,})" + (" †" if group["small"] else ""),
        **{k: m[k] for k in ("a", "b", "change", "low", "high")},
        "low_all": low,
        "high_all": high,
        "colour": colour,
    }


def _subtitle(data: Mapping[str, Any]) -> list[str]:
    names = [f"{which} = {data['input'][which.lower()]['source'].rsplit('/', 1)[-1]}" for which in "AB"]
    return [
        ", ".join(name if len(name) < 60 else name[:58] + "…" for name in names),
        f"Left: A open, B filled. Right: change with {percent(data['settings']['level'])} interval (thick) and one for "
        "all groups at once (thin);",
        "coloured only where the thin one excludes no change: green better, orange worse.",
    ]


def _span(values: list[float]) -> list[float]:
    pad = 0.06 * (max(values) - min(values)) or 0.05
    return [min(values) - pad, max(values) + pad]


def _attribute(by: str, rows: list[dict[str, Any]], span: list[float], changes: list[float]) -> dict[str, Any]:
    order = [row["group"] for row in rows]
    y = {"field": "group", "type": "nominal", "sort": order, "title": None}
    bare = {**y, "axis": {"labels": False, "ticks": False, "domain": False, "grid": True}}
    named = {**y, "axis": {"labelLimit": 260, "minExtent": 220, "ticks": False, "domain": False, "grid": True}}
    x = {"type": "quantitative", "scale": {"domain": span, "nice": False}, "axis": {"tickCount": 5, "grid": False}}
    move = {**x, "scale": {"domain": changes, "nice": False}}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    at_a, at_b = ({"y": named, "x": _on(x, which, by)} for which in "ab")
    left = [
        _layer({"type": "rule", "strokeWidth": 2, "color": _A}, **at_a, x2={"field": "b"}),
        _layer({"type": "point", "filled": True, "size": 70, "opacity": 1, "color": "white"}, **at_a),
        _layer({"type": "point", "filled": False, "size": 70, "opacity": 1, "strokeWidth": 2, "color": _A}, **at_a),
        _layer({"type": "point", "filled": True, "size": 70, "opacity": 1, "color": _B}, **at_b),
    ]
    zero = {"mark": {"type": "rule", "color": _FAINT, "strokeDash": [3, 3]}, "encoding": {"x": {"datum": 0, **move}}}
    both = {"y": bare, "color": colour}
    wide = {"x": _on(move, "low_all", "change"), "x2": {"field": "high_all"}}
    right = [
        zero,
        _layer({"type": "rule", "strokeWidth": 1.2}, **both, **wide),
        _layer({"type": "rule", "strokeWidth": 4}, **both, x=_on(move, "low", "change"), x2={"field": "high"}),
        _layer({"type": "point", "filled": True, "size": 60, "opacity": 1}, **both, x=_on(move, "change", "change")),
    ]
    panels = [{"width": 250, "layer": left}, {"width": 250, "layer": right}]
    height = {"height": {"step": _STEP}}
    return {"data": {"values": rows}, "hconcat": [{**panel, **height} for panel in panels], "spacing": 24}


def _on(x: Mapping[str, Any], field: str, title: str) -> dict[str, Any]:
    titles = {"change": "B - A"}
    return {**x, "field": field, "title": titles.get(title, title)}


def _layer(mark: Mapping[str, Any], **encoding: Any) -> dict[str, Any]:
    return {"mark": dict(mark), "encoding": encoding}


def _config() -> dict[str, Any]:
    axis = {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 12, "titleFontSize": 12, "gridColor": _GRID}
    axis |= {"domainColor": _GRID, "tickColor": _GRID, "titleFontWeight": "bold"}
    title = {"color": _INK, "subtitleColor": _FAINT, "subtitleFontSize": 12}
    return {"font": _FONT, "axis": axis, "view": {"stroke": None}, "title": title}
