"""The tables of a counterfactual audit as text: for the page, Markdown and the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenface.report.counterfactual.charts import short
from evenface.report.text import Record, interval, number, p_value

MOST_MOVES = 20


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes:
        name: Names it among the tables.
        title: What it shows.
        head: Heads; the first `words` columns are text, the others numbers.
        rows: Cells.
        foot: How to read it.
        words: Number of leading columns of text.
    """

    name: str
    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: str
    words: int = 1


def tables(data: Mapping[str, Any]) -> dict[str, TextTable]:
    """All tables that have rows, by name."""
    made = (attribute_table(data), variant_table(data), pair_table(data), move_table(data), class_table(data))
    return {table.name: table for table in made if table.rows}


def points(entry: Record, key: str = "change") -> str:
    """A difference in percentage points with its interval."""
    if entry[key] is None:
        return "–"
    ends = "" if entry["low"] is None else f" [{100 * entry['low']:+.1f}, {100 * entry['high']:+.1f}]"
    return (f"{100 * entry[key]:+.1f}" + ends).replace("-", "−")


def share(entry: Record) -> str:
    """A share with its interval."""
    return number(entry["value"]) if entry["low"] is None else f"{number(entry['value'])} [{interval(entry)}]"


def attribute_table(data: Mapping[str, Any]) -> TextTable:
    """Flip rates of each attribute as a whole."""
    rows = [
        (
            each["attribute"] + (" (control)" if each["control"] else ""),
            f"{each['families']:,}",
            share(each["flip"]),
            points(each["excess"], "value"),
            share(each["any_flip"]),
            share(each["lost"]),
            "–" if each["cochran"]["q"] is None else f"{each['cochran']['q']:.1f} ({each['cochran']['df']})",
            p_value(each["cochran"]["p"]),
        )
        for each in data["attributes"]
    ]
    head = (
        "Changed",
        "Families",
        "Pairs that flip",
        "Above noise, points",
        "Families that flip",
        "Lost answer",
        "Q (df)",
        "p of Q",
    )
    foot = (
        "Pairs that flip: mean share, over families, of pairs of answered images whose answers differ. Above noise: "
        "the same less that of the control. Families that flip: not all answers agree; grows with the number of "
        "variants. Lost answer: some images of the family got one and some did not. Q: Cochran's, whether any variant "
        "is read as intended more often than another."
    )
    return TextTable("attributes", "Each change as a whole", head, rows, foot)


def variant_table(data: Mapping[str, Any]) -> TextTable:
    """Accuracy of each variant by itself."""
    rows = [
        (
            each["attribute"],
            short(v["variant"], each["attribute"]),
            f"{v['n']:,}",
            f"{v['answered']:,}",
            share(v["accuracy"]),
        )
        for each in data["attributes"]
        if not each["control"]
        for v in each["variants"]
    ]
    foot = (
        "Accuracy: share of images read as intended; no answer is not right. Compare variants by pairs, not by overlap."
    )
    return TextTable(
        "variants", "Each variant", ("Changed", "Variant", "Images", "Answered", "Accuracy"), rows, foot, 2
    )


def pair_table(data: Mapping[str, Any]) -> TextTable:
    """Each pair of variants."""
    scores = data["input"]["scores"]
    rows: list[tuple[str, ...]] = []
    for pair in data["pairs"]:
        if pair["control"]:
            continue
        names = (short(pair[key], pair["attribute"]) for key in ("a", "b"))
        row = (
            pair["attribute"],
            " → ".join(names) + (" †" if pair["small"] else ""),
            f"{pair['n']:,}",
            f"{pair['flips']:,}",
            share(pair["flip"]),
            f"{pair['only_a_answered']:,} / {pair['only_b_answered']:,}",
            f"{pair['only_a_right']:,} / {pair['only_b_right']:,}",
            points(pair["accuracy"]),
            p_value(pair["accuracy"]["p_adjusted"]),
        )
        rows.append((*row, points(pair["probability_intended"]), number(pair["distance"]["value"])) if scores else row)
    head: tuple[str, ...] = (
        "Changed",
        "From → to",
        "Families",
        "Flips",
        "Flip rate",
        "Only one answered",
        "Only one right",
        "Accuracy, points",
        "p, corrected",
    )
    foot = (
        "Only one answered, right: first / second variant alone. Accuracy: second less first. p: McNemar's, or with "
        "coins for each person where persons are known; corrected over all pairs (max-T)."
    )
    if scores:
        head = (*head, "P(intended), points", "Distance")
        foot += (
            " P(intended): probability of the intended class. Distance: mean total variation between the probabilities."
        )
    if any(pair["small"] for pair in data["pairs"]):
        foot += f" †: fewer than {data['settings']['min_families']} families, not tested."
    return TextTable("pairs", "Pair by pair", head, rows, foot, 2)


def move_table(data: Mapping[str, Any]) -> TextTable:
    """The most one-sided changes of answer."""
    moves = [move for move in data["transitions"] if not move["control"]]
    rows = [
        (
            f"{move['from']} → {move['to']}",
            f"{move['attribute']}: " + " → ".join(short(move[key], move["attribute"]) for key in ("a", "b")),
            f"{move['count']:,} of {move['of']:,}",
            f"{move['intended']:,}",
            f"{move['back']:,}",
            number(move["consistency"], 2),
            p_value(move["p_adjusted"]),
        )
        for move in moves[:MOST_MOVES]
    ]
    head = ("Answer", "Change", "Families", "Lost a right answer", "Back", "One way", "p, corrected")
    foot = (
        "Families whose answer went so, of those with the first answer to the first variant. Back: those that went the "
        "other way. One way: share of the first among both; .5 if answers only waver."
    )
    if len(moves) > MOST_MOVES:
        foot += f" The {MOST_MOVES} most one-sided of {len(moves):,}; all are in counterfactual.json."
    return TextTable("transitions", "Which answers change into which", head, rows, foot, 2)


def class_table(data: Mapping[str, Any]) -> TextTable:
    """Flip rate by intended class."""
    rows = [
        (each["attribute"], entry["class"], f"{entry['flip']['n']:,}", share(entry["flip"]))
        for each in data["attributes"]
        if not each["control"]
        for entry in each["by_class"]
        if entry["flip"]["n"]
    ]
    foot = "Mean share of pairs of answered images whose answers differ, by the intended expression."
    return TextTable(
        "classes", "Which expressions flip", ("Changed", "Intended", "Families", "Pairs that flip"), rows, foot, 2
    )
