"""Charts made of cells: the heat map of a crossing, and confusion matrices.

Blue is above and orange below what a cell is compared with; the number in the cell says the same. Small groups get
no colour, since chance alone would give them the strongest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from evenface.report.svg import Canvas, Figure, cut
from evenface.report.text import Record, number
from evenface.report.words import Findings

CELL_WIDTH, CELL_HEIGHT = 52, 44
MOST_LEVELS = 12  # a heat map has at most this many rows and columns; the table holds the rest


def heat_maps(found: Findings, slug: Callable[..., str]) -> Iterator[Figure]:
    """Draw each crossing of two attributes for the first headline metric."""
    metric = found.headline[0]
    for by, groups in found.groups.items():
        if len(groups[0]["levels"]) == 2:
            yield _heat_map(found, by, metric, groups, f"heat-{slug(by, metric)}")


def _heat_map(found: Findings, by: str, metric: str, groups: Sequence[Record], name: str) -> Figure:
    first, second = groups[0]["levels"]
    order = {a["name"]: a["levels"] for a in found.audit["input"]["attributes"]}
    down, across = (first, second) if len(order[first]) >= len(order[second]) else (second, first)
    rows, columns = order[down][:MOST_LEVELS], order[across][:MOST_LEVELS]
    table = {(g["levels"][down], g["levels"][across]): g for g in groups}
    overall = found.audit["overall"]["metrics"].get(metric, {}).get("value")
    values = [g["metrics"].get(metric, {}).get("value") for g in groups if not g["small"]]
    reach = max([abs(v - overall) for v in values if v is not None and overall is not None], default=0) or 1
    left, top = 12 + 6.6 * min(16, max(len(level) for level in rows)), _headroom(columns)
    canvas = Canvas()
    title = f"{found.title(metric)}, {down} × {across}"
    canvas.text(0, 14, cut(title, 50), "h")
    for j, level in enumerate(columns):
        canvas.slanted(left + CELL_WIDTH * (j + 0.4), top - 6, cut(level, 12), hint=level)
    for i, level in enumerate(rows):
        y = top + CELL_HEIGHT * i
        canvas.text(left - 8, y + 26, cut(level, 16), "t", anchor="end", hint=level)
        for j, other in enumerate(columns):
            _heat_cell(canvas, left + CELL_WIDTH * j, y, table.get((level, other)), metric, overall, reach)
    bottom = top + CELL_HEIGHT * len(rows) + 4
    if len(order[down]) > MOST_LEVELS or len(order[across]) > MOST_LEVELS:
        canvas.text(0, bottom + 12, f"the first {MOST_LEVELS} levels; all are in the table", "xs")
        bottom += 16
    alt = f"{found.title(metric)} in each cell of {down} and {across}. The numbers stand in the table of all groups."
    width = max(344, left + CELL_WIDTH * len(columns) + 28)
    return Figure(name, title, alt, canvas.done(), width, bottom, by)


def _heat_cell(
    canvas: Canvas, x: float, y: float, group: Record | None, metric: str, overall: float | None, reach: float
) -> None:
    width, height, middle = CELL_WIDTH - 3, CELL_HEIGHT - 3, x + CELL_WIDTH / 2 - 1.5
    cell = group["metrics"].get(metric) if group else None
    if group is None or cell is None or cell["value"] is None:
        canvas.rect(x, y, width, height, "small")
        canvas.text(middle, y + 25, "–", "s", anchor="middle", hint=cell["undefined"] or "" if cell else "no faces")
        return
    value = cell["value"]
    if overall is not None and not group["small"]:
        canvas.shade(x, y, width, height, value - overall, reach)
    low, high = cell.get("low_simultaneous"), cell.get("high_simultaneous")
    apart = None not in (overall, low, high) and not low <= overall <= high
    canvas.rect(x, y, width, height, "small" if group["small"] else "strong" if apart else "cell")
    style = "t b" if apart and not group["small"] else "t"
    canvas.text(middle, y + 19, number(value, 2), style, anchor="middle", hint=group["group"])
    canvas.text(middle, y + 33, f"n {group['answered']:,}", "xi", anchor="middle")


def _headroom(labels: Sequence[str]) -> float:
    """Height that slanted column labels of at most 12 letters take, below the title."""
    return 38 + 4.2 * min(12, max(map(len, labels)))


def _shares(confusion: Sequence[Sequence[int]]) -> list[list[float | None]]:
    """Divide each row by its sum; a class without faces has no shares."""
    return [[count / sum(row) if sum(row) else None for count in row] for row in confusion]


def confusion_matrices(found: Findings) -> Iterator[Figure]:
    """Draw the overall confusion matrix, and how that of the group with the clearest flow differs from the rest."""
    overall = found.audit["overall"]["confusion"]
    yield _matrix(found, "confusion-overall", "All faces: share of each true class", _shares(overall), signed=False)
    flows = found.notable_flows()
    if not flows:
        return
    group = next(g for g in found.audit["groups"] if (g["by"], g["group"]) == (flows[0]["by"], flows[0]["group"]))
    rest = [[a - b for a, b in zip(x, y, strict=True)] for x, y in zip(overall, group["confusion"], strict=True)]
    pairs = zip(_shares(group["confusion"]), _shares(rest), strict=True)
    shares = [[None if a is None or b is None else a - b for a, b in zip(x, y, strict=True)] for x, y in pairs]
    yield _matrix(found, "confusion-difference", f"{group['group']} minus all others", shares, signed=True)


def _matrix(
    found: Findings, name: str, title: str, shares: Sequence[Sequence[float | None]], *, signed: bool
) -> Figure:
    classes = found.audit["input"]["classes"]
    columns = [*classes, "none"]
    wide, high, left, top = 34, 30, 12 + 6.4 * min(14, max(map(len, classes))), _headroom(columns)
    reach = max([abs(v) for row in shares for v in row if v is not None], default=0) or 1
    canvas = Canvas()
    canvas.text(0, 14, cut(title, 52), "h", hint=title)
    for j, label in enumerate(columns):
        canvas.slanted(left + wide * (j + 0.35), top - 6, cut(label, 12), hint=label)
    for i, label in enumerate(classes):
        canvas.text(left - 8, top + high * i + 19, cut(label, 14), "t", anchor="end", hint=label)
        for j, value in enumerate(shares[i]):
            x, y = left + wide * j, top + high * i
            if value is not None:
                canvas.shade(x, y, wide - 2, high - 2, value, reach)
            canvas.rect(x, y, wide - 2, high - 2, "strong" if i == j else "cell")
            canvas.text(x + wide / 2 - 1, y + 18, _percent(value, signed=signed), "si", anchor="middle")
    foot = "rows: true class; columns: answer, or none; per cent" + (" points" if signed else "")
    canvas.text(left, top + high * len(classes) + 14, foot, "xs")
    alt = f"Confusion matrix. {title}, in per cent of each true class."
    width = max(344, left + wide * len(columns) + 14)
    return Figure(name, title, alt, canvas.done(), width, top + high * len(classes) + 22)


def _percent(value: float | None, *, signed: bool) -> str:
    if value is None:
        return "–"
    whole = round(100 * value)
    return f"{whole:+d}".replace("-", "−") if signed and whole else str(whole)
