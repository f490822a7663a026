"""The tables of a study of transfer as text: for the page, Markdown and the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenface.report.counterfactual.tables import TextTable
from evenface.report.text import Record, p_value
from evenface.report.transfer.charts import accuracy_rows


def tables(data: Mapping[str, Any]) -> dict[str, TextTable]:
    """All tables that have rows, by name."""
    made = [_regions(data), _own(data), _away(data), _comparisons(data), _gaps(data), _flattery(data), _published(data)]
    made += [_contributions(data), _calibration(data), _remedies(data), _few(data)]
    return {table.name: table for table in made if table.rows}


def percent(row: Record, key: str = "accuracy") -> str:
    """A share in per cent with its interval."""
    if row[key] is None:
        return "–"
    ends = "" if row["low"] is None else f" [{_tenths(row['low']):.1f}, {_tenths(row['high']):.1f}]"
    return f"{_tenths(row[key]):.1f}{ends}".replace("-", "−")


def points(row: Record, key: str = "difference") -> str:
    """A difference in points with its interval."""
    if row[key] is None:
        return "–"
    ends = "" if row["low"] is None else f" [{_tenths(row['low']):+.1f}, {_tenths(row['high']):+.1f}]"
    return f"{_tenths(row[key]):+.1f}{ends}".replace("-", "−")


def _tenths(share: float) -> float:
    """In per cent, to a tenth; what rounds to zero has no sign."""
    return round(100 * share, 1) + 0.0


def _regions(data: Mapping[str, Any]) -> TextTable:
    cues = [row["cue"] for row in data["cues"]]
    rows = [
        (row["region"], f"{row['faces']:,}", f"{row['persons']:,}", "yes" if row["learnt"] else "no",
         *(f"{100 * row['read'][cue]:.0f} %" for cue in cues))
        for row in data["regions"]
    ]  # fmt: skip
    head = ("region", "faces", "persons", "learnt from", *(f"{cue} read" for cue in cues))
    return TextTable("regions", "Regions", head, rows, "Read: share of faces that the cue could read.")


def _own(data: Mapping[str, Any]) -> TextTable:
    rows = accuracy_rows(data, {"split": "person", "subset": "A"})
    learnt = [row["region"] for row in data["regions"] if row["learnt"]]
    own = {(row["regime"], row["fusion"], row["test"]): row for row in rows if row["source"] == row["test"]}
    kinds = list(dict.fromkeys((regime, fusion) for regime, fusion, _ in own))
    shown = [
        (f"{fusion}, {regime.upper()}", *(percent(own[regime, fusion, region]) for region in learnt))
        for regime, fusion in kinds
    ]
    foot = "Per cent right [interval] where each region is read by the model that learnt there, with all cues."
    return TextTable("own", "In the region learnt from", ("fusion", *learnt), shown, foot)


def _away(data: Mapping[str, Any]) -> TextTable:
    """Mean over regions of what models from elsewhere reach."""
    learnt = {row["region"] for row in data["regions"] if row["learnt"]}
    rows = [r for r in accuracy_rows(data, {"split": "person", "subset": "A"})
            if r["source"] in learnt and r["accuracy"] is not None]  # fmt: skip
    shown = []
    for regime, fusion in dict.fromkeys((row["regime"], row["fusion"]) for row in rows):
        mine = [row for row in rows if (row["regime"], row["fusion"]) == (regime, fusion)]
        own = [row["accuracy"] for row in mine if row["source"] == row["test"]]
        away = [row["accuracy"] for row in mine if row["source"] != row["test"]]
        if own and away:
            means = sum(own) / len(own), sum(away) / len(away)
            shown.append((f"{fusion}, {regime.upper()}", f"{100 * means[0]:.1f}", f"{100 * means[1]:.1f}",
                          f"{_tenths(means[0] - means[1]):.1f}"))  # fmt: skip
    head = ("fusion", "at home", "elsewhere", "lost on the way")
    return TextTable("away", "At home and elsewhere", head, shown, "Per cent right with all cues, mean over regions.")


def _comparisons(data: Mapping[str, Any]) -> TextTable:
    said = {"left_out": "without {}", "best_single": "{}", "best_alone": "{} alone"}
    rows = [
        (f"{row['fusion']}, {row['regime'].upper()}", row["region"], said[row["question"]].format(row["against"]),
         points(row), p_value(row["p"]), p_value(row["p_corrected"]))
        for row in data["comparisons"]
    ]  # fmt: skip
    head = ("fusion, all cues", "region", "against", "more right, points", "p", "corrected")
    foot = ("Signs of persons' differences flipped; Holm's correction over all comparisons of a question and fusion. "
            "best_single was chosen on the faces learnt from; a cue alone is best on the tested faces.")  # fmt: skip
    return TextTable("comparisons", "All cues against fewer", head, rows, foot, words=3)


def _gaps(data: Mapping[str, Any]) -> TextTable:
    rows = [(row["model"], percent(row, "gap"), row["least"], row["most"]) for row in data["gaps"]]
    foot = (f"Largest difference between regions other than {data['settings']['detectors']['source']}, in points "
            "[interval], each read by the model that learnt there; detectors alone are the source's.")  # fmt: skip
    return TextTable("gaps", "Gaps between regions", ("model", "gap", "least right", "most right"), rows, foot)


def _flattery(data: Mapping[str, Any]) -> TextTable:
    rows = [
        (f"{row['fusion']}, {row['regime'].upper()}", row["region"], f"{100 * row['random']:.1f}",
         f"{100 * row['person']:.1f}", points(row))
        for row in data["flattery"]
    ]  # fmt: skip
    head = ("fusion, all cues", "region", "random split", "by person", "more under random, points")
    foot = "A random split of faces puts the same person on both sides; the answer is the split by person."
    return TextTable("flattery", "How much a random split flatters", head, rows, foot, words=2)


def _published(data: Mapping[str, Any]) -> TextTable:
    rows = [
        (row["model"], row["region"], f"{round(100 * row['published'], 2):g}",
         *("–" if row[split] is None else percent(row[split]) for split in ("random", "person")))
        for row in data["published"]
    ]  # fmt: skip
    about = data["settings"]["published"] or {"source": "", "caution": ""}
    foot = (f"Per cent right, ours with interval; – where this study has no such model. Published by {about['source']}."
            f" {about['caution']}")  # fmt: skip
    head = ("model", "region", "published", "ours, random split", "ours, by person")
    return TextTable("published", "Published beside ours", head, rows, foot, words=2)


def _contributions(data: Mapping[str, Any]) -> TextTable:
    rows = [
        (f"{row['fusion']}, {row['regime'].upper()}", row["region"], row["cue"], points(row, "value"))
        for row in data["shapley"]
    ]
    foot = "Points of accuracy beyond always answering the commonest class, shared among the cues; they add up."
    head = ("fusion", "region", "cue", "Shapley value, points")
    return TextTable("shapley", "What each cue brings", head, rows, foot, words=3)


def _calibration(data: Mapping[str, Any]) -> TextTable:
    def said(row: Record) -> str:
        return "–" if row["value"] is None else f"{_tenths(row['value']):.1f} (luck {_tenths(row['luck']):.1f})"

    rows = [
        (f"{row['fusion']}, {row['regime'].upper()}", f"{row['after']['answers']:,}",
         said(row["before"]), said(row["after"]))
        for row in data["calibration"]
    ]  # fmt: skip
    head = ("fusion, all cues", "answers", "before the temperature", "after it")
    foot = ("Expected calibration error in points, over all regions and seeds, each region read by the model that "
            "learnt there; 15 bins of confidence. Luck: it stays below this in 95 of 100 samples if every answer is "
            "right as often as its confidence says.")  # fmt: skip
    return TextTable("calibration", "Is confidence deserved?", head, rows, foot)


def _remedies(data: Mapping[str, Any]) -> TextTable:
    rows = [
        (row["remedy"], row["keeps"],
         *(percent(row[key], "value") for key in ("new", "last", "forgetting", "backward", "forward")),
         points(row["forgets_less"], "value"), points(row["new_more"], "value"))
        for row in (data["forgetting"] or {"remedies": []})["remedies"]
    ]  # fmt: skip
    head = ("remedy", "keeps of earlier regions", "right in the new region", "right in all at the end", "forgotten",
            "backward transfer", "forward transfer", "forgets less", "better in the new region")  # fmt: skip
    foot = ("Per cent and points [interval], mean over seeds, each with another order of the regions; less and better "
            "than fine-tuning.")  # fmt: skip
    return TextTable("remedies", "Regions learnt one after the other", head, rows, foot, words=2)


def _few(data: Mapping[str, Any]) -> TextTable:
    rows = [
        (f"{row['faces']:,}", f"after {row['start']}", percent(row, "value"))
        for row in (data["forgetting"] or {"few": []})["few"]
    ]
    head = ("faces", "learnt", "right in the new region")
    return TextTable("few", "Few faces of a new region", head, rows, "Per cent [interval], mean over regions.", words=2)
