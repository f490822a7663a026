"""Which charts an audit gets, and the forest plot and the confusions that differ.

Each function gives a `Figure` 344 pixels wide, which a phone shows without shrinking its letters;
only matrices may be wider. Every number drawn also stands in the report's tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evenface.report.matrices import confusion_matrices, heat_maps
from evenface.report.svg import Canvas, Figure, Scale, cut
from evenface.report.text import Record, number, short_levels
from evenface.report.words import Findings

WIDTH = 344
ROW = 34
MOST_ROWS = 24  # a forest plot shows no more groups: the worst 18 and the best 6
WORST_ROWS = 18
MOST_PANELS = 3  # headline metrics drawn per grouping
MOST_FLOWS = 12
MOST_SQUARES = 12
FIRM_BIN = 10  # a calibration bin of fewer faces is drawn open, and no line leads to it


def slug(*names: str) -> str:
    """Make a file name of names that a user chose: only a-z, 0-9 and dashes."""
    return "-".join(
        re.sub(r"[^a-z0-9]+", "-", name.lower().replace("×", "by")).strip("-")[:40] or "x" for name in names
    )


def figures(found: Findings) -> dict[str, list[Figure]]:
    """Draw everything that the audit has data for.

    Returns:
        Lists under `forest`, `heat`, `flows`, `confusion` and `calibration`; a list is empty where data are missing.
        File names are unique.
    """
    drawn = {
        "forest": [forest(found, by, metric) for by in found.groups for metric in _panels(found, by)],
        "heat": list(heat_maps(found, slug)),
        "flows": list(flow_chart(found)),
        "confusion": list(confusion_matrices(found)),
        "calibration": list(calibration(found)),
    }
    return _with_unique_names(drawn)


def _panels(found: Findings, by: str) -> Sequence[str]:
    """The metrics drawn for a grouping: a crossing gets the first only, or the page would be too long to read."""
    return found.headline[: MOST_PANELS if len(found.groups[by][0]["levels"]) == 1 else 1]


def _with_unique_names(drawn: dict[str, list[Figure]]) -> dict[str, list[Figure]]:
    """Number the names that two groupings share once made safe."""
    seen: dict[str, int] = {}
    for charts in drawn.values():
        for i, chart in enumerate(charts):
            seen[chart.name] = seen.get(chart.name, 0) + 1
            if seen[chart.name] > 1:
                fields = {name: getattr(chart, name) for name in ("title", "alt", "body", "width", "height", "by")}
                charts[i] = Figure(name=f"{chart.name}-{seen[chart.name]}", **fields)
    return drawn


def _rows(found: Findings, by: str, metric: str) -> tuple[list[Record], int]:
    """Groups in the order drawn, worst first and small ones last, and how many are left out."""
    known = [g for g in found.groups[by] if metric in g["metrics"] and g["metrics"][metric]["value"] is not None]
    sign = -1 if found.lower_is_better(metric) else 1
    known.sort(key=lambda g: (g["small"], sign * g["metrics"][metric]["value"], g["group"]))
    left = len(found.groups[by]) - len(known)
    if len(known) <= MOST_ROWS:
        return known, left
    firm = [g for g in known if not g["small"]] or known
    shown = firm if len(firm) <= MOST_ROWS else firm[:WORST_ROWS] + firm[WORST_ROWS - MOST_ROWS :]
    return shown, len(found.groups[by]) - len(shown)


def _span(found: Findings, metric: str, rows: Sequence[Record], extra: Sequence[float]) -> tuple[float, float]:
    """A range that holds every interval shown, with a little air, inside what the metric can be."""
    values = [v for g in rows for v in (g["metrics"][metric][k] for k in ("value", "low", "high")) if v is not None]
    low, high = min([*values, *extra]), max([*values, *extra])
    pad = 0.06 * (high - low) or 0.05
    limits = found.about(metric)
    floor, roof = limits.get("low"), limits.get("high")
    low = low - pad if floor is None else max(low - pad, floor)
    high = high + pad if roof is None else min(high + pad, roof)
    return (low, high) if high > low else (low - 0.05, high + 0.05)


def forest(found: Findings, by: str, metric: str) -> Figure:
    """Draw each group's value and interval beside the overall value and the spread that chance makes."""
    rows, left = _rows(found, by, metric)
    overall = found.audit["overall"]["metrics"].get(metric, {}).get("value")
    gap = found.gap(by, metric)
    chance = gap["chance_95"] if gap else None
    band = (overall - chance / 2, overall + chance / 2) if overall is not None and chance is not None else ()
    extra = [*band, *([overall] if overall is not None else [])] or [0.0, 1.0]
    scale = Scale(*_span(found, metric, rows, extra), 14, WIDTH - 14)
    top, bottom = 34, 34 + ROW * len(rows)
    canvas = Canvas()
    canvas.text(0, 14, cut(f"{found.title(metric)} by {by}", 50), "h")
    if band:
        canvas.rect(scale(band[0]), top, scale(band[1]) - scale(band[0]), bottom - top, "band")
    for tick in scale.ticks():
        canvas.text(scale(tick), bottom + 14, f"{tick:g}", "xs", anchor="middle")
    if overall is not None:
        canvas.text(
            scale(overall),
            top - 7,
            f"all {number(overall)}",
            "xs",
            anchor="end" if scale(overall) > WIDTH / 2 else "start",
        )
    worst = gap["worst"] if gap and found.judge(gap).key == "larger" else None  # else chance alone may have picked it
    for i, group in enumerate(rows):
        _lines(canvas, scale, top + ROW * i, overall)
        _forest_row(canvas, scale, top + ROW * i, group, metric, worst=group["group"] == worst)
    height = bottom + 20.0
    if left:
        canvas.text(0, height + 10, f"{left} more in the table (undefined, small or in between)", "xs")
        height += 16
    return Figure(
        f"forest-{slug(by, metric)}",
        f"{found.title(metric)} by {by}",
        _forest_alt(found, by, metric, rows),
        canvas.done(),
        WIDTH,
        height,
        by,
    )


def _lines(canvas: Canvas, scale: Scale, y: float, overall: float | None = None, *, high: float = 18) -> None:
    """Draw the grid, and the overall value, below a row's words only, so that no line runs through letters."""
    for tick in scale.ticks():
        canvas.line(scale(tick), y + 34 - high, scale(tick), y + 34, "grid")
    if overall is not None:
        canvas.line(scale(overall), y + 34 - high, scale(overall), y + 34, "mean")


def _forest_row(canvas: Canvas, scale: Scale, y: float, group: Record, metric: str, *, worst: bool) -> None:
    cell = group["metrics"][metric]
    numbers = f"{number(cell['value'])}"
    if cell["low"] is not None:
        numbers += f" [{number(cell['low'])}, {number(cell['high'])}]"
    label = short_levels(group["levels"].values(), 32) + (" †" if group["small"] else "")
    canvas.text(0, y + 13, label, "t b" if worst else "t", hint=f"{group['group']}, n = {group['answered']}")
    canvas.text(WIDTH, y + 13, numbers, "s", anchor="end")
    middle = y + 23
    accent = " worst-line" if worst else ""
    if cell.get("low_simultaneous") is not None and cell.get("high_simultaneous") is not None:
        canvas.line(scale(cell["low_simultaneous"]), middle, scale(cell["high_simultaneous"]), middle, "wide" + accent)
    if cell["low"] is not None and cell["high"] is not None:
        canvas.line(scale(cell["low"]), middle, scale(cell["high"]), middle, "ci" + accent)
    if worst:
        canvas.diamond(scale(cell["value"]), middle, 6, "worst")
    else:
        canvas.circle(scale(cell["value"]), middle, 4.5, "open" if group["small"] else "dot")


def _forest_alt(found: Findings, by: str, metric: str, rows: Sequence[Record]) -> str:
    firm = [g for g in rows if not g["small"]] or rows
    if not firm:
        return f"{found.title(metric)} by {by}: undefined in every group."
    ends = [f"{number(g['metrics'][metric]['value'])} for {g['group']}" for g in (firm[0], firm[-1])]
    return (
        f"{found.title(metric)} of {len(rows)} groups by {by}, from {ends[0]} to {ends[1]}. Numbers: table of "
        f"all groups."
    )


def flow_chart(found: Findings) -> Iterator[Figure]:
    """Draw the rates of the confusions that differ most: the group's (filled) and everyone else's (open)."""
    flows = (found.notable_flows() or found.flows())[:MOST_FLOWS]
    if not flows:
        return
    roof = max(max(f["rate"] or 0, f["rest_rate"] or 0) for f in flows)
    scale = Scale(0, max(roof * 1.08, 0.01), 14, WIDTH - 14)
    top, bottom = 30, 30 + 40 * len(flows)
    levels = {(g["by"], g["group"]): g["levels"].values() for g in found.audit["groups"]}
    canvas = Canvas()
    canvas.text(0, 14, "Confusions that differ most", "h")
    for tick in scale.ticks():
        canvas.text(scale(tick), bottom + 14, f"{100 * tick:g} %", "xs", anchor="middle")
    for i, flow in enumerate(flows):
        y = top + 40 * i
        _lines(canvas, scale, y)
        canvas.text(0, y + 13, short_levels(levels[flow["by"], flow["group"]], 26), "t b", hint=flow["group"])
        canvas.text(
            WIDTH,
            y + 13,
            f"{cut(flow['true'], 12)} → {cut(flow['predicted'], 12)}",
            "s",
            anchor="end",
            hint=flow["words"],
        )
        if flow["rate"] is not None and flow["rest_rate"] is not None:
            canvas.line(scale(flow["rest_rate"]), y + 25, scale(flow["rate"]), y + 25, "ci worst-line")
            canvas.circle(scale(flow["rest_rate"]), y + 25, 4.5, "open")
            canvas.diamond(scale(flow["rate"]), y + 25, 6, "worst")
    alt = "Rates of the confusions that differ most between a group and all other faces. Numbers: table below."
    yield Figure("flows", "Confusions that differ most", alt, canvas.done(), WIDTH, bottom + 20)


def calibration(found: Findings) -> Iterator[Figure]:
    """Draw accuracy against confidence, a small square per group, for each grouping by one attribute."""
    for by, groups in found.groups.items():
        known = [g for g in groups if g["calibration"] and not g["small"]]
        shown = known[:MOST_SQUARES]
        if not shown or len(shown[0]["levels"]) > 1:
            continue
        canvas, side = Canvas(), 146
        canvas.text(0, 14, cut(f"Calibration by {by}", 50), "h")
        for i, group in enumerate(shown):
            _calibration_square(canvas, 22 + (i % 2) * (side + 22), 44 + (i // 2) * (side + 48), side, group)
        height = 44 + ((len(shown) + 1) // 2) * (side + 48) - 6
        if len(known) > len(shown):
            height += 16
            canvas.text(0, height - 4, f"the first {len(shown)} of {len(known)} groups; all are in audit.json", "xs")
        alt = f"Accuracy against confidence for {len(shown)} groups by {by}; a perfectly calibrated model lies on "
        "the diagonal."
        yield Figure(f"calibration-{slug(by)}", f"Calibration by {by}", alt, canvas.done(), WIDTH, height, by)


def _calibration_square(canvas: Canvas, x: float, y: float, side: float, group: Record) -> None:
    across, up = Scale(0, 1, x, x + side), Scale(0, 1, y + side, y)
    canvas.text(x, y - 8, short_levels(group["levels"].values(), 22), "t", hint=group["group"])
    canvas.rect(x, y, side, side, "cell")
    canvas.line(across(0), up(0), across(1), up(1), "ref")
    bins = [b for b in group["calibration"] if b["confidence"] is not None and b["accuracy"] is not None]
    points = [(across(b["confidence"]), up(b["accuracy"]), b["n"] >= FIRM_BIN) for b in bins]
    canvas.polyline([(px, py) for px, py, firm in points if firm], "line")
    for px, py, firm in points:
        canvas.circle(px, py, 3.5 if firm else 2.5, "dot" if firm else "open")
    for tick in (0, 0.5, 1):
        canvas.text(across(tick), y + side + 13, f"{tick:g}", "xs", anchor="middle")
        canvas.text(x - 5, up(tick) + 3, f"{tick:g}", "xs", anchor="end")
