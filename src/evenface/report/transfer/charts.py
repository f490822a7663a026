"""The charts of a study of transfer; every number drawn also stands in the page's tables or in `transfer.parquet`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenface.report.svg import Canvas, Figure, Scale, cut
from evenface.report.text import Record

WIDTH, ROW = 420, 34
CELL_WIDTH, CELL_HEIGHT = 58, 36

Cells = Mapping[tuple[str, str], "Shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a cell of a heat map shows: a number, its interval, and whether it is framed."""

    value: float
    low: float | None = None
    high: float | None = None
    framed: bool = False


def figures(data: Mapping[str, Any]) -> dict[str, list[Figure]]:
    """Draw matrices, subsets, weights, contributions, deletion, and what was forgotten; nothing where nothing is."""
    learnt = [row["region"] for row in data["regions"] if row["learnt"]]
    kinds = list(dict.fromkeys((row["regime"], row["fusion"]) for row in data["weights"]))
    learning = list(dict.fromkeys((row["regime"], row["fusion"]) for row in data["deletion"]))
    cues = [row["cue"] for row in data["cues"]]
    drawn: dict[str, list[Figure]] = {"matrices": [], "subsets": [], "weights": [], "shapley": [], "deletion": []}
    for regime, fusion in kinds:
        of = f"{fusion}, {regime.upper()}"
        drawn["matrices"] += _matrix(data, regime, fusion, f"Accuracy: {of}")
        if (regime, fusion) not in learning:
            continue
        drawn["subsets"] += _subsets(data, regime, fusion, learnt, f"Subsets of cues: {of}")
        mine = {"regime": regime, "fusion": fusion}
        drawn["weights"] += _by_cue(
            data["weights"], mine, "weight", cues, learnt, f"Weight of each cue: {of}", center=1 / len(cues)
        )
        drawn["shapley"] += _by_cue(
            data["shapley"], mine, "value", cues, learnt, f"Shapley value of each cue: {of}", center=0
        )
        drawn["deletion"] += _deletion(data["deletion"], mine, len(cues), f"Fall when a cue is hidden: {of}")
    forgetting = data["forgetting"]
    drawn["forgetting"] = _remedies(forgetting["remedies"]) if forgetting else []
    drawn["few"] = _few(forgetting["few"]) if forgetting and forgetting["few"] else []
    return drawn


def heat(
    name: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Cells,
    center: float,
    *,
    foot: str,
    say: Callable[[float], str],
) -> list[Figure]:
    """Draw a heat map: blue above `center`, orange below, and the number in each cell."""
    if not cells:
        return []
    left = 14 + 6.6 * min(20, max(map(len, rows)))
    top = 42 + 4.4 * min(14, max(map(len, columns)))
    reach = max(abs(cell.value - center) for cell in cells.values()) or 1
    canvas = Canvas()
    canvas.text(0, 14, cut(title, 60), "h", hint=title)
    for j, column in enumerate(columns):
        canvas.slanted(left + CELL_WIDTH * (j + 0.4), top - 6, cut(column, 14), hint=column)
    for i, row in enumerate(rows):
        y = top + CELL_HEIGHT * i
        canvas.text(left - 8, y + 21, cut(row, 20), "t", anchor="end", hint=row)
        for j, column in enumerate(columns):
            _cell(canvas, left + CELL_WIDTH * j, y, cells.get((row, column)), center, reach, say)
    bottom = top + CELL_HEIGHT * len(rows)
    canvas.text(0, bottom + 14, foot, "xs")
    alt = f"{title}. {foot}"
    width = max(380.0, left + CELL_WIDTH * len(columns) + 34, 5.2 * len(foot))
    return [Figure(name, title, alt, canvas.done(), width, bottom + 20)]


def _cell(
    canvas: Canvas, x: float, y: float, cell: Shown | None, center: float, reach: float, say: Callable[[float], str]
) -> None:
    width, height, middle = CELL_WIDTH - 3, CELL_HEIGHT - 3, x + CELL_WIDTH / 2 - 1.5
    if cell is None:
        canvas.rect(x, y, width, height, "small")
        canvas.text(middle, y + 21, "–", "s", anchor="middle")
        return
    canvas.shade(x, y, width, height, cell.value - center, reach)
    canvas.rect(x, y, width, height, "strong" if cell.framed else "cell")
    line = y + (21 if cell.low is None or cell.high is None else 15)
    canvas.text(middle, line, say(cell.value), "t b" if cell.framed else "t", anchor="middle")
    if cell.low is not None and cell.high is not None:
        canvas.text(middle, y + 28, f"{say(cell.low)}–{say(cell.high)}", "xi", anchor="middle")


def percent(value: float) -> str:
    """Write a share in per cent."""
    return f"{100 * value:.0f}"


def points(value: float) -> str:
    """Write a difference in points, with its sign.

    Example:
        >>> points(-0.034)
        '−3'
    """
    return f"{100 * value:+.0f}".replace("-", "−").replace("+0", "0").replace("−0", "0")


def _matrix(data: Mapping[str, Any], regime: str, fusion: str, title: str) -> list[Figure]:
    rows = accuracy_rows(data, {"split": "person", "regime": regime, "fusion": fusion, "subset": "A"})
    cells = {
        (row["source"], row["test"]): Shown(row["accuracy"], row["low"], row["high"], row["source"] == row["test"])
        for row in rows
        if row["accuracy"] is not None
    }
    if not cells:
        return []
    center = sum(cell.value for cell in cells.values()) / len(cells)
    tested = [row["region"] for row in data["regions"]]
    foot = "rows: learnt from; columns: tested on; per cent right, interval; framed: the same region"
    return heat(
        f"matrix-{regime}-{fusion}", title, list(data["sources"]), tested, cells, center, foot=foot, say=percent
    )


def _subsets(data: Mapping[str, Any], regime: str, fusion: str, learnt: Sequence[str], title: str) -> list[Figure]:
    """Draw what each subset reaches in each region, less what all cues reach there."""
    rows = accuracy_rows(data, {"split": "person", "regime": regime, "fusion": fusion})
    own = {(row["subset"], row["test"]): row for row in rows if row["source"] == row["test"]}
    firm = {(row["against"], row["region"]) for row in data["comparisons"]
            if (row["question"], row["regime"], row["fusion"]) == ("left_out", regime, fusion)
            and row["p_corrected"] < 0.05}  # fmt: skip
    out = {_less(data, row["cue"]): row["cue"] for row in data["cues"]}
    names = [name for name in dict.fromkeys(subset for subset, _ in own) if name != "A"]
    cells = {
        (name, region): Shown(
            own[name, region]["accuracy"] - own["A", region]["accuracy"], None, None, (out.get(name), region) in firm
        )
        for name in names
        for region in learnt
        if (name, region) in own
        and ("A", region) in own
        and None not in (own[name, region]["accuracy"], own["A", region]["accuracy"])
    }
    foot = "points of accuracy less (orange) or more than all cues reach; framed: beyond luck, corrected"
    return heat(f"subsets-{regime}-{fusion}", title, names, learnt, cells, 0, foot=foot, say=points)


def _less(data: Mapping[str, Any], cue: str) -> str:
    """Name of the subset that lacks this cue alone."""
    rest = [row["cue"] for row in data["cues"] if row["cue"] != cue]
    return next((name for name, cues in data["subsets"].items() if cues == rest), "")


def accuracy_rows(data: Mapping[str, Any], wanted: Mapping[str, str]) -> list[Record]:
    """Give the rows of accuracy that have these values."""
    return [row for row in data["accuracy"] if all(row[key] == value for key, value in wanted.items())]


def _by_cue(
    rows: Sequence[Record],
    wanted: Mapping[str, str],
    key: str,
    cues: Sequence[str],
    learnt: Sequence[str],
    title: str,
    *,
    center: float,
) -> list[Figure]:
    mine = [row for row in rows if all(row[k] == v for k, v in wanted.items()) and row[key] is not None]
    cells = {
        (row["cue"], row["region"]): Shown(
            row[key], row["low"], row["high"],
            center == 0 and row["low"] is not None and (row["low"] > 0 or row["high"] < 0),
        )
        for row in mine
    }  # fmt: skip
    foot = "points of accuracy, interval; framed: the interval leaves out 0" if center == 0 else (
        "share of the whole weight in per cent, mean over faces, interval"
    )  # fmt: skip
    name = f"{key}-{wanted['regime']}-{wanted['fusion']}"
    return heat(name, title, cues, learnt, cells, center, foot=foot, say=points if center == 0 else percent)


def _deletion(rows: Sequence[Record], wanted: Mapping[str, str], ranks: int, title: str) -> list[Figure]:
    mine = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    labels = [f"{rank + 1}. in weight" for rank in range(ranks)]
    cells = {
        (labels[fall["rank"] - 1], row["region"]): Shown(
            fall["difference"],
            fall["low"],
            fall["high"],
            fall["rank"] == 1 and row["low"] is not None and row["low"] > 0,
        )
        for row in mine
        for fall in row["falls"]
        if fall["difference"] is not None
    }
    foot = "points of accuracy lost; framed: the first costs more than the others, beyond the interval"
    name, regions = f"deletion-{wanted['regime']}-{wanted['fusion']}", [row["region"] for row in mine]
    return heat(name, title, labels, regions, cells, 0, foot=foot, say=points)


def _remedies(rows: Sequence[Record]) -> list[Figure]:
    """Draw what each remedy forgets, and how it knows a region right after learning it."""
    made = []
    for key, title in (
        ("forgetting", "Points forgotten of earlier regions"),
        ("new", "Per cent right in the new region"),
    ):
        known = [row for row in rows if row[key]["value"] is not None]
        ends = [
            end for row in known for end in (row[key]["low"], row[key]["high"], row[key]["value"]) if end is not None
        ]
        pad = 0.08 * (max(ends) - min(ends)) or 0.01
        low = min(0.0, min(ends)) if key == "forgetting" else min(ends)
        scale = Scale(100 * (low - pad), 100 * (max(ends) + pad), 10, WIDTH - 10)
        top, bottom = 28, 28 + ROW * len(known)
        canvas = Canvas()
        canvas.text(0, 14, title, "h")
        for tick in scale.ticks():
            for y in range(top, bottom, ROW):
                canvas.line(scale(tick), y + ROW - 18, scale(tick), y + ROW, "grid")
            canvas.text(scale(tick), bottom + 14, f"{tick:g}", "xs", anchor="middle")
        for i, row in enumerate(known):
            _dot(canvas, top + ROW * i, row["remedy"], row[key], scale, base=row["remedy"] == "fine_tuning")
        alt = f"{title}, for each remedy, with interval. Numbers: table of remedies."
        made.append(Figure(f"remedies-{key}", title, alt, canvas.done(), WIDTH, bottom + 20))
    return made


def _dot(canvas: Canvas, y: float, name: str, cell: Record, scale: Scale, *, base: bool) -> None:
    canvas.text(0, y + 13, name, "t b" if base else "t")
    text = f"{100 * cell['value']:.1f}"
    if cell["low"] is not None:
        text += f" [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"
        canvas.line(scale(100 * cell["low"]), y + 24, scale(100 * cell["high"]), y + 24, "ci")
    canvas.text(WIDTH, y + 13, text.replace("-", "−"), "s", anchor="end")
    canvas.circle(scale(100 * cell["value"]), y + 24, 4.5, "open" if base else "dot")


def _few(rows: Sequence[Record]) -> list[Figure]:
    """Draw how accuracy in a new region grows with the faces that are learnt of it."""
    counts = list(dict.fromkeys(row["faces"] for row in rows))
    known = [row for row in rows if row["value"] is not None]
    ends = [end for row in known for end in (row["low"], row["high"], row["value"]) if end is not None]
    x = Scale(0, max(1, len(counts) - 1), 40, WIDTH - 90)
    y = Scale(100 * min(ends) - 1, 100 * max(ends) + 1, 210, 34)
    canvas = Canvas()
    canvas.text(0, 14, "Per cent right in a new region, by faces learnt of it", "h")
    for tick in y.ticks():
        canvas.line(40, y(tick), WIDTH - 90, y(tick), "grid")
        canvas.text(34, y(tick) + 4, f"{tick:g}", "xs", anchor="end")
    for place, count in enumerate(counts):
        canvas.text(x(place), 230, f"{count:,}", "xs", anchor="middle")
    for start, style in (("other regions", "dot"), ("nothing", "open")):
        mine = [row for row in known if row["start"] == start]
        canvas.polyline([(x(counts.index(row["faces"])), y(100 * row["value"])) for row in mine], "line")
        for row in mine:
            at = x(counts.index(row["faces"]))
            if row["low"] is not None:
                canvas.line(at, y(100 * row["low"]), at, y(100 * row["high"]), "wide")
            canvas.circle(at, y(100 * row["value"]), 4.5, style)
    canvas.circle(WIDTH - 76, 40, 4.5, "dot")
    canvas.text(WIDTH - 66, 44, "after others", "s")
    canvas.circle(WIDTH - 76, 58, 4.5, "open")
    canvas.text(WIDTH - 66, 62, "after nothing", "s")
    alt = "Accuracy in a new region by the number of faces learnt of it, after other regions and after nothing."
    return [Figure("few", "Few faces of a new region", alt, canvas.done(), WIDTH, 240)]
