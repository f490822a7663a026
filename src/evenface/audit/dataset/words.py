"""What the numbers say, in plain words that never say more than the numbers do."""

from __future__ import annotations

import math
from typing import Any

STRONGEST = 3
_ALPHA = 0.05


def percent(share: float | None) -> str:
    """Write a share as a percentage: `"38 %"`, with a decimal below 10 %."""
    if share is None or math.isnan(share):
        return "–"
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def p_text(p: float | None) -> str:
    """Write a p value: `"p = 0.03"`, or `"p < 0.0001"`."""
    if p is None or math.isnan(p):
        return "p not known"
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def cell_words(cell: dict[str, Any], *, estimated: bool) -> str:
    """Say how common a label is in a group against the rest.

    Example:
        >>> cell = {"label": "happy", "group": "gender=Female", "n": 38, "group_n": 100, "label_n": 67}
        >>> cell_words(cell | {"share": 0.38, "rest_share": 0.29, "ratio": 1.31}, estimated=False)
        'happy is 1.3 times as common among gender=Female as among the rest (38 % against 29 %)'
    """
    who = f"{cell['group']}{' (estimated)' if estimated else ''}"
    ratio = cell["ratio"]
    if ratio is None or math.isnan(ratio):
        rest = "" if math.isnan(cell["rest_share"]) else f", 0 of {cell['rest_n']:,} among the rest"
        return f"{cell['label']}: {cell['n']:,} of {cell['group_n']:,} among {who} ({percent(cell['share'])}){rest}"
    if cell["n"] == 0:
        return f"{cell['label']}: none of {cell['group_n']:,} among {who}, {percent(cell['rest_share'])} among the rest"
    times = f"{ratio:.1f}" if ratio >= 1.05 else f"{ratio:.2f}"
    return f"{cell['label']} is {times} times as common among {who} as among the rest ({percent(cell['share'])} against {percent(cell['rest_share'])})"


def summary(result: dict[str, Any]) -> list[str]:
    """Say in a few sentences what was found, data set by data set, then pair by pair."""
    several = len(result["datasets"]) > 1
    lines = []
    for data in result["datasets"]:
        start = f"{data['name']}: " if several else ""
        lines += [f"{start}{profile_words(entry)}" for entry in data["profiles"] if " × " not in entry["by"]]
        lines += [f"{start}{link_words(entry)}" for entry in data["stereotypes"] if " × " not in entry["by"]]
    return lines + [pair_words(pair) for pair in result["similarity"] if " × " not in pair["by"]]


def titled(entry: dict[str, Any]) -> str:
    """Name a grouping, with the word for estimated attributes: `"race (estimated)"`."""
    return f"{entry['by']}{' (estimated)' if entry['estimated'] else ''}"


def profile_words(entry: dict[str, Any]) -> str:
    """Say how evenly the groups of one profile are filled."""
    if not entry["groups"]:
        return f"{titled(entry)}: not known for any face."
    ordered = sorted(entry["groups"], key=lambda group: -group["n"])
    most, least, effective = ordered[0], ordered[-1], entry["metrics"]["effective_number"]["value"]
    absent = f" Without a face: {', '.join(entry['absent'])}." if entry["absent"] else ""
    if len(ordered) == 1:
        return f"{titled(entry)}: every face is {most['group']}.{absent}"
    return (
        f"{titled(entry)}: {len(ordered)} groups, from {percent(least['share'])} ({least['group']}) to {percent(most['share'])} "
        f"({most['group']}); as diverse as {effective:.1f} equally large groups.{absent}"
    )


def link_words(entry: dict[str, Any]) -> str:
    """Say how strongly group and label go together, against chance, and which cells stand out."""
    found = entry["metrics"]["cramers_v"]
    head = f"{titled(entry)} and {entry['label']}: "
    if math.isnan(found["value"]):
        return f"{head}no link can be measured ({found['undefined']})."
    strength = f"Cramér's V {found['value']:.3f}"
    if math.isnan(found["p"]):
        return f"{head}{strength}; its chance level was not drawn."
    chance = f"chance alone stays below {found['chance_95']:.3f} in 95 of 100 draws"
    if found["p_holm"] > _ALPHA:
        return f"{head}{strength}; {chance}. No more than chance may give ({p_text(found['p_holm'])}); that does not show independence."
    cells = "; ".join(cell["words"] for cell in standing_out(entry)[:STRONGEST])
    return f"{head}{strength}; {chance} ({p_text(found['p_holm'])}).{f' Strongest: {cells}.' if cells else ''}"


def standing_out(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the cells that differ by more than chance (adjusted p at most 0.05), the largest |Z| first.

    Of two groups only the one with more of a label is named: the other says the same thing again.
    """
    known = [cell for cell in entry["cells"] if cell["p_adjusted"] is not None and cell["p_adjusted"] <= _ALPHA]
    if len(entry["groups"]) == 2:
        known = [cell for cell in known if cell["share"] > cell["rest_share"]]
    return sorted(known, key=lambda cell: -abs(cell["metrics"]["ducher_z"]["value"]))


def pair_words(pair: dict[str, Any]) -> str:
    """Say how much of two profiles is the same, and where they differ most."""
    head = f"{pair['a']} and {pair['b']}, {titled(pair)}: "
    if pair["value"] is None or math.isnan(pair["value"]):
        return f"{head}cannot be compared ({pair['undefined']})."
    differ = "; ".join(f"{d['group']} {percent(d['share_a'])} against {percent(d['share_b'])}" for d in pair["differences"])
    chance = "" if pair["chance_95"] is None or math.isnan(pair["chance_95"]) else f", where two samples of one population share {percent(pair['chance_95'])} or more"
    return f"{head}{percent(pair['value'])} of the profile is the same{chance}.{f' Largest differences: {differ}.' if differ else ''}"
