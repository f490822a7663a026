"""Pictures of a data set: shares of groups beside the expressions that go with them, and similarity of data sets."""

from __future__ import annotations

from typing import Any

from evenface.audit.dataset.words import titled

_FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_STEP = 26
_INK, _BAR, _FAINT = "#1f2933", "#4878a8", "#8794a1"
_RATIOS = [0.25, 0.5, 1, 2, 4]
_COLOURS = ["#8c5109", "#dfc27e", "#f6f6f4", "#80cdc1", "#01665e"]


def data_set_picture(data: dict[str, Any]) -> dict[str, Any]:
    """Draw each single attribute of one data set: bars of shares with intervals, and a map of groups by labels.

    The map's colour is how many times as common a label is in a group as among the rest; cells that differ by more
    than chance (adjusted p at most 0.05) carry the number in bold, others in grey.

    Args:
        data: An entry of `datasets[]`.

    Returns:
        A Vega-Lite specification with its data inside.
    """
    links = {entry["by"]: entry for entry in data["stereotypes"]}
    entries = [entry for entry in data["profiles"] if " × " not in entry["by"] and entry["groups"]]
    groups = [group for entry in entries for group in entry["groups"]]
    top = max((group["high"] for group in groups), default=1.0)
    margin = min(220, 20 + 7 * max((len(_level(group)) for group in groups), default=0))
    rows = []
    for entry in entries:
        order = [_level(group) for group in entry["groups"]]
        views = [_bars(entry, order, top, margin)]
        if len(order) > 1 and entry["by"] in links and links[entry["by"]]["cells"]:
            views.append(_map(links[entry["by"]], order))
        rows.append({"hconcat": views, "spacing": 18, "resolve": {"scale": {"color": "shared"}}})
    subtitle = f"{data['input']['rows']:,} faces. Bars: share with 95 % interval; line: equal shares."
    if links:
        subtitle += " Map: times as common as among the rest; bold: beyond chance."
    return _page(f"{data['name']}: who is shown, and with which expression", subtitle, {"vconcat": rows, "spacing": 24})


def similarity_picture(result: dict[str, Any]) -> dict[str, Any]:
    """Draw the similarity of every pair of data sets, one map per grouping, with the numbers in the cells.

    Args:
        result: From `dataset_bias` with at least two tables.

    Returns:
        A Vega-Lite specification with its data inside.
    """
    names = [data["name"] for data in result["datasets"]]
    maps = []
    for by in dict.fromkeys(titled(pair) for pair in result["similarity"]):
        cells = [{"a": name, "b": name, "value": 1.0, "text": "1"} for name in names]
        for pair in (pair for pair in result["similarity"] if titled(pair) == by and pair["value"] is not None):
            text = f"{pair['value']:.2f}"
            cells += [
                {"a": a, "b": b, "value": pair["value"], "text": text}
                for a, b in ((pair["a"], pair["b"]), (pair["b"], pair["a"]))
            ]
        maps.append(_similarity_map(by, cells, names))
    subtitle = "Part of the two demographic profiles that is the same (DSAP): 1 the same shares, 0 no group in common."
    return _page(
        "How alike the data sets are in who they show", subtitle, {"concat": maps, "columns": 3, "spacing": 28}
    )


def _page(title: str, subtitle: str, body: dict[str, Any]) -> dict[str, Any]:
    axis = {
        "labelFont": _FONT,
        "titleFont": _FONT,
        "labelColor": _INK,
        "titleColor": _INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 220,
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": title,
            "subtitle": subtitle,
            "anchor": "start",
            "font": _FONT,
            "subtitleFont": _FONT,
            "fontSize": 16,
            "subtitleFontSize": 12,
            "subtitleColor": _INK,
            "color": _INK,
            "offset": 14,
        },
        "background": "white",
        "padding": 16,
        "config": {
            "view": {"stroke": None},
            "axis": axis,
            "legend": axis,
            "title": {"font": _FONT, "fontSize": 13, "color": _INK, "anchor": "start"},
            "text": {"font": _FONT},
        },
        **body,
    }


def _level(group: dict[str, Any]) -> str:
    return " ".join(group["levels"].values())


def _bars(entry: dict[str, Any], order: list[str], top: float, margin: int) -> dict[str, Any]:
    end = 1.3 * top  # room for the numbers, in a column of their own
    values = [
        {"group": _level(group), **{key: group[key] for key in ("share", "low", "high", "n")}}
        for group in entry["groups"]
    ]
    for value in values:
        value["text"] = f"{100 * value['share']:.1f} %"
    y = {
        "field": "group",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"ticks": False, "domain": False, "labelPadding": 8, "minExtent": margin},
    }
    x = {
        "field": "share",
        "type": "quantitative",
        "title": "share of faces",
        "scale": {"domain": [0, end], "nice": False},
        "axis": {
            "format": ".0%",
            "tickCount": 4,
            "gridColor": "#e8ebee",
            "domain": False,
            "ticks": False,
            "labelFlush": True,
        },
    }
    return {
        "title": titled(entry),
        "data": {"values": values},
        "width": 250,
        "height": {"step": _STEP},
        "layer": [
            {"mark": {"type": "bar", "color": _BAR, "height": 16}, "encoding": {"y": y, "x": x}},
            {
                "mark": {"type": "rule", "color": _FAINT, "strokeDash": [4, 3]},
                "encoding": {"x": {"datum": 1 / len(values)}},
            },
            {
                "mark": {"type": "rule", "color": _INK, "strokeWidth": 1.5},
                "encoding": {"y": y, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "text", "align": "right", "fontSize": 11, "color": _INK},
                "encoding": {"y": y, "x": {"datum": end}, "text": {"field": "text"}},
            },
        ],
    }


def _map(entry: dict[str, Any], order: list[str]) -> dict[str, Any]:
    values = [_map_cell(cell) for cell in entry["cells"]]
    x = {
        "field": "label",
        "type": "nominal",
        "sort": entry["labels"],
        "title": None,
        "axis": {"orient": "top", "labelAngle": 0, "ticks": False, "domain": False, "labelLimit": 62},
    }
    y = {"field": "group", "type": "nominal", "sort": order, "title": None, "axis": None}
    colour = {
        "field": "shown",
        "type": "quantitative",
        "scale": {"type": "log", "base": 2, "domain": _RATIOS, "range": _COLOURS, "clamp": True, "interpolate": "lab"},
        "legend": {"title": "times as common", "values": _RATIOS, "format": "~g", "gradientLength": 120},
    }
    return {
        "data": {"values": values},
        "width": {"step": 62},
        "height": {"step": _STEP},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 1},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "mark": {"type": "text", "fontSize": 11, "fontWeight": "bold"},
                "transform": [{"filter": "datum.beyond"}],
                "encoding": {"x": x, "y": y, "text": {"field": "text"}, "color": _on_dark(_INK)},
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "transform": [{"filter": "!datum.beyond"}],
                "encoding": {"x": x, "y": y, "text": {"field": "text"}, "color": _on_dark("#5b6773")},
            },
        ],
    }


def _on_dark(otherwise: str) -> dict[str, Any]:
    dark = "isValid(datum.shown) && (datum.shown > 3 || datum.shown < 0.35)"
    strong = "isValid(datum.shown) && (datum.shown > 1.6 || datum.shown < 0.6)"  # too dark a cell for faint text
    return {
        "condition": [{"test": dark, "value": "white"}, {"test": strong, "value": _INK}],
        "value": otherwise,
    }


def _map_cell(cell: dict[str, Any]) -> dict[str, Any]:
    ratio = cell["ratio"]
    return {
        "group": _level(cell),
        "label": cell["label"],
        "shown": None if ratio is None else max(ratio, _RATIOS[0]),
        "text": "–" if ratio is None else "0" if ratio == 0 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}",
        "beyond": cell["p_adjusted"] is not None and cell["p_adjusted"] <= 0.05,
    }


def _similarity_map(by: str, cells: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    x = {
        "field": "a",
        "type": "nominal",
        "sort": names,
        "title": None,
        "axis": {"labelAngle": -40, "ticks": False, "domain": False},
    }
    y = {"field": "b", "type": "nominal", "sort": names, "title": None, "axis": {"ticks": False, "domain": False}}
    colour = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": ["#f4f7fa", "#1d4e79"]},
        "legend": {"title": "similarity", "values": [0, 0.5, 1], "gradientLength": 120},
    }
    ink = {"condition": {"test": "datum.value > 0.55", "value": "white"}, "value": _INK}
    return {
        "title": by,
        "data": {"values": cells},
        "width": {"step": 42},
        "height": {"step": 30},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 1},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {"x": x, "y": y, "text": {"field": "text"}, "color": ink},
            },
        ],
    }
