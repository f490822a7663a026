"""What the numbers say, in plain words that never say more than the numbers do."""

from __future__ import annotations

import math
from typing import Any

from evenface.core.words import counted, p_digits

STRONGEST = 3
MOST_PAIRS = 3
_ALPHA = 0.05


def percent(share: float | None) -> str:
    """Write a share as a percentage: `"38 %"`, with a decimal where rounding would hide what is left."""
    if share is None or math.isnan(share):
        return "–"
    if 0.995 <= share < 1:
        return f"{min(100 * share, 99.9):.1f} %"
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def p_text(p: float | None) -> str:
    """Write a p value: `"p = 0.03"`, or `"p < 0.0001"`."""
    if p is None or math.isnan(p):
        return "p not known"
    return "p < 0.0001" if p < 0.0001 else f"p = {p_digits(p)}"


def cell_words(cell: dict[str, Any], *, estimated: bool) -> str:
    """Say how common a label is in a group against the rest.

    Example:
        >>> cell = {"label": "happy", "group": "gender=Female", "n": 38, "group_n": 100, "small": False}
        >>> cell_words(cell | {"share": 0.38, "rest_share": 0.29, "ratio": 1.31}, estimated=False)
        'happy is 1.3 times as common among gender=Female as among the rest (38 % against 29 %)'
    """
    whom, share, rest_share = who(cell, estimated=estimated), percent(cell["share"]), percent(cell["rest_share"])
    label, ratio = cell["label"], cell["ratio"]
    if ratio is None or math.isnan(ratio):
        rest = "" if math.isnan(cell["rest_share"]) else f", 0 of {cell['rest_n']:,} among the rest"
        return f"{label}: {cell['n']:,} of {cell['group_n']:,} among {whom} ({share}){rest}"
    if cell["n"] == 0:
        return f"{label}: none of {cell['group_n']:,} among {whom}, {rest_share} among the rest"
    times = f"{ratio:.1f}" if ratio >= 1.05 else f"{ratio:.2f}"
    return f"{label} is {times} times as common among {whom} as among the rest ({share} against {rest_share})"


def who(cell: dict[str, Any], *, estimated: bool) -> str:
    """Name the group of a cell, with what must be known of it: `"race=Black (estimated; few faces)"`."""
    marks = [word for word, given in (("estimated", estimated), ("few faces", cell["small"])) if given]
    return f"{cell['group']} ({'; '.join(marks)})" if marks else str(cell["group"])


def summary(result: dict[str, Any]) -> list[str]:
    """Say in a few sentences what was found, data set by data set, then pair by pair."""
    several = len(result["datasets"]) > 1
    lines = []
    for data in result["datasets"]:
        start = f"{data['name']}: " if several else ""
        lines += [f"{start}{profile_words(entry)}" for entry in data["profiles"] if " × " not in entry["by"]]
        links, known = data["stereotypes"], [e for e in data["stereotypes"] if not _unknown(e["metrics"]["cramers_v"])]
        lines += [f"{start}{link_words(entry, len(known))}" for entry in links if " × " not in entry["by"]]
    pairs = [pair for pair in result["similarity"] if " × " not in pair["by"]]
    by = dict.fromkeys(pair["by"] for pair in pairs)
    return lines + [pair_words(pair) for name in by for pair in _ends([pair for pair in pairs if pair["by"] == name])]


def _unknown(metric: dict[str, Any]) -> bool:
    """Whether there is no p, which then takes no part in a correction."""
    return metric["p"] is None or math.isnan(metric["p"])


def _ends(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of many pairs, the most and the least alike."""
    known = sorted((pair for pair in pairs if not math.isnan(pair["value"])), key=lambda pair: pair["value"])
    return pairs if len(pairs) <= MOST_PAIRS else [*known[-1:], *known[:1]]


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
        f"{titled(entry)}: {len(ordered)} groups, from {percent(least['share'])} ({least['group']}) to "
        f"{percent(most['share'])} ({most['group']}); as diverse as {effective:.1f} equally large groups.{absent}"
    )


def link_words(entry: dict[str, Any], together: int) -> str:
    """Say how strongly group and label go together, against chance, and which cells stand out.

    Args:
        entry: Of `stereotypes[]`.
        together: Groupings over which its p is corrected.
    """
    found = entry["metrics"]["cramers_v"]
    head = f"{titled(entry)} and {entry['label']}: "
    if math.isnan(found["value"]):
        return f"{head}no link can be measured ({found['undefined']})."
    strength = f"Cramér's V {found['value']:.3f}"
    if math.isnan(found["p"]):
        return f"{head}{strength}; its chance level was not drawn."
    chance = f"chance alone stays below {found['chance_95']:.3f} in 95 of 100 draws"
    corrected = f" after correction for {counted(together, 'grouping')}" if together > 1 else ""
    p = f"{p_text(found['p_holm'])}{corrected}"
    if found["p_holm"] > _ALPHA:
        alone = f" More than that if looked at alone ({p_text(found['p'])}), but no" if found["p"] <= _ALPHA else " No"
        return f"{head}{strength}; {chance}.{alone} more than chance may give ({p}); that does not show independence."
    cells = "; ".join(cell["words"] for cell in standing_out(entry)[:STRONGEST])
    strongest = f" Strongest: {cells}." if cells else ""
    return f"{head}{strength}; {chance} ({p}).{strongest}"


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
    differ = "; ".join(
        f"{d['group']} {percent(d['share_a'])} against {percent(d['share_b'])}" for d in pair["differences"]
    )
    known = pair["chance_95"] is not None and not math.isnan(pair["chance_95"])
    chance = f", where two samples of one population share {percent(pair['chance_95'])} or more" if known else ""
    largest = f" Largest differences: {differ}." if differ else ""
    return f"{head}{percent(pair['value'])} of the profile is the same{chance}.{largest}"
