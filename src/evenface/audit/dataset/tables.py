"""The short tables that the terminal and the Markdown report both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evenface.audit.dataset.words import percent, standing_out, titled, who

MOST_CELLS = 12


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text.

    Attributes:
        title: What it shows.
        columns: Heads; the first column is text, the others are numbers.
        rows: Cells, as many per row as there are heads.
        foot: How to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: str


def tables(result: dict[str, Any]) -> list[TextTable]:
    """Lay a result of `dataset_bias` out as short tables; empty ones are left out."""
    several = len(result["datasets"]) > 1
    found = []
    for data in result["datasets"]:
        start = f"{data['name']}: " if several else ""
        found += [_shown(data, start), _linked(data, start), _cells(data, start)]
    found += [_pairs(result)] if len(result["datasets"]) == 2 or not _all_pairs(result) else _matrices(result)
    return [table for table in found if table.rows]


def number(value: float | None, digits: int = 2) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def with_interval(found: dict[str, Any], digits: int = 2) -> str:
    """Write a value with its interval: `"0.13 [0.11, 0.14]"`."""
    if found["value"] is None or found["low"] is None:
        return number(found["value"], digits)
    return f"{found['value']:.{digits}f} [{found['low']:.{digits}f}, {number(found['high'], digits)}]"


def small_p(p: float | None) -> str:
    """Write a p value in a column."""
    return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _shown(data: dict[str, Any], start: str) -> TextTable:
    rows = [
        (
            titled(entry),
            f"{entry['n']:,}",
            str(len(entry["groups"])),
            with_interval(entry["metrics"]["effective_number"]),
            number(entry["metrics"]["shannon_evenness"]["value"]),
            number(entry["metrics"]["imbalance_ratio"]["value"], 1),
        )
        for entry in data["profiles"]
    ]
    heads = ("", "faces", "groups", "effective number", "evenness", "max / min")
    foot = (
        "Effective number: as diverse as that many equally large groups, with 95 % interval. Evenness (Shannon): 1 "
        "if groups are equally large. Max / min: largest group by smallest."
    )
    return TextTable(f"{start}who is shown", heads, rows, foot)


def _linked(data: dict[str, Any], start: str) -> TextTable:
    rows = []
    for entry in data["stereotypes"]:
        v = entry["metrics"]["cramers_v"]
        rows.append(
            (
                f"{titled(entry)} – {entry['label']}",
                with_interval(v, 3),
                number(v["chance_95"], 3),
                small_p(v["p_holm"]),
                number(entry["metrics"]["mutual_information"]["value"], 4),
                number(entry["metrics"]["similarity_of_labels"]["value"], 3),
            )
        )
    heads = ("", "Cramér's V", "chance below", "p", "NMI", "DSAP")
    foot = (
        "With 95 % interval. Chance: 95 % of tables with the same margins and no link. p: against chance, corrected "
        "over rows (Holm). A plain V or NMI is too large on small tables; the interval takes that out, so it may lie "
        "below the value. DSAP: similarity of labels, 1 if each label shows the same people."
    )
    return TextTable(f"{start}which expression goes with whom", heads, rows, foot)


def _cells(data: dict[str, Any], start: str) -> TextTable:
    found = [(entry, cell) for entry in data["stereotypes"] for cell in standing_out(entry)]
    found.sort(key=lambda pair: -abs(pair[1]["metrics"]["ducher_z"]["value"]))
    rows = [
        (
            f"{who(cell, estimated=entry['estimated'])}: {cell['label']}",
            f"{cell['n']:,}",
            percent(cell["share"]),
            percent(cell["rest_share"]),
            with_interval({"value": cell["ratio"], "low": cell["ratio_low"], "high": cell["ratio_high"]}),
            number(cell["metrics"]["ducher_z"]["value"]),
            small_p(cell["p_adjusted"]),
        )
        for entry, cell in found[:MOST_CELLS]
    ]
    heads = ("group: label", "faces", "share", "rest", "times as common", "Z", "p")
    more = f"The {MOST_CELLS} largest of {len(found)}. " if len(found) > MOST_CELLS else ""
    foot = (
        f"{more}Share of the group's faces with that label, and of the rest's. Z (Ducher): 1 always together, "
        "0 independent, -1 never. p: against chance, corrected over all cells (max-T)."
    )
    return TextTable(f"{start}cells that stand out from chance", heads, rows, foot)


def _pairs(result: dict[str, Any]) -> TextTable:
    rows = [
        (
            f"{pair['a']} – {pair['b']}, {titled(pair)}",
            with_interval(pair, 3),
            number(pair["chance_95"], 3),
            small_p(pair["p_holm"]),
            "; ".join(
                f"{d['group']} {percent(d['share_a'])} / {percent(d['share_b'])}" for d in pair["differences"][:2]
            ),
        )
        for pair in result["similarity"]
    ]
    heads = ("", "similarity", "chance stays above", "p", "largest differences")
    return TextTable(
        "similarity of data sets (DSAP)",
        heads,
        rows,
        "1: the same shares. Chance: 95 % of pairs of samples from one population. p: corrected over all rows (Holm).",
    )


def _all_pairs(result: dict[str, Any]) -> bool:
    names = len(result["datasets"])
    return len({(pair["a"], pair["b"]) for pair in result["similarity"]}) == names * (names - 1) // 2


def _matrices(result: dict[str, Any]) -> list[TextTable]:
    names = [data["name"] for data in result["datasets"]]
    found = []
    for by in dict.fromkeys(titled(pair) for pair in result["similarity"]):
        value = {
            frozenset((pair["a"], pair["b"])): pair["value"] for pair in result["similarity"] if titled(pair) == by
        }
        rows = [(a, *("1" if a == b else number(value[frozenset((a, b))]) for b in names)) for a in names]
        found.append(
            TextTable(
                f"similarity of data sets (DSAP): {by}",
                ("", *names),
                rows,
                "1: the same shares, 0: no group in common.",
            )
        )
    return found
