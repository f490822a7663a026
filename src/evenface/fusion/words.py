"""What a study found, in sentences that say no more than its numbers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Told = Mapping[str, Any]


def summary(told: Told) -> list[str]:
    """Say what the first regime and the first fusion that learns show; the tables have the others."""
    learning = [(row["regime"], row["fusion"]) for row in told["deletion"]]
    if not learning:
        return ["No fusion learns, or there is only one cue: there is nothing to compare.", *_published(told)]
    regime, fusion = learning[0]
    mine = {"regime": regime, "fusion": fusion}
    said = [
        *_best(told, mine),
        *(line for regime, fusion in dict.fromkeys(learning) for line in _left_out(told, regime, fusion)),
        *_gaps(told, f"{fusion}, {regime.upper()}"),
        *_deletion(told, mine),
        *_flattery(told, mine),
        *_published(told),
    ]
    return said + (_forgetting(told["forgetting"]) if told["forgetting"] else [])


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _of(rows: Any, wanted: Mapping[str, str]) -> list[Told]:
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def _names(rows: list[Told], key: str = "region") -> str:
    return ", ".join(row[key] for row in rows)


def _best(told: Told, mine: Mapping[str, str]) -> list[str]:
    said = []
    for question, rival in (
        ("best_single", "the cue that was best on the faces learnt from"),
        ("best_alone", "the single cue that is best on the tested faces themselves"),
    ):
        rows = _of(told["comparisons"], {**mine, "question": question})
        if rows:
            better = [row for row in rows if row["difference"] > 0 and row["p_corrected"] < 0.05]
            apart = [row["difference"] for row in rows]
            worse = [row for row in rows if row["difference"] < 0 and row["p_corrected"] < 0.05]
            said.append(
                f"{mine['fusion']} ({mine['regime'].upper()}) against {rival}: more often right, beyond luck, in "
                f"{len(better)} of {len(rows)} regions{f' ({_names(better)})' if better else ''}; less often in "
                f"{len(worse)}{f' ({_names(worse)})' if worse else ''}. Differences from "
                f"{_points(min(apart))} to {_points(max(apart))} points."
            )
    return said


def _left_out(told: Told, regime: str, fusion: str) -> list[str]:
    rows = _of(told["comparisons"], {"regime": regime, "fusion": fusion, "question": "left_out"})
    firm = [row for row in rows if row["p_corrected"] < 0.05]
    helps = [f"{row['against']} in {row['region']}" for row in firm if row["difference"] > 0]
    hurts = [f"{row['against']} in {row['region']}" for row in firm if row["difference"] < 0]
    if not rows:
        return []
    where = f" ({', '.join(hurts)})" if hurts else ""
    return [
        f"{fusion} ({regime.upper()}): beyond luck, a cue helps beside the others in {len(helps)} of {len(rows)} "
        f"pairs of cue and region, and interferes in {len(hurts)}{where}."
    ]


def _gaps(told: Told, model: str) -> list[str]:
    fused = _of(told["gaps"], {"model": model})
    alone = [row for row in told["gaps"] if row["model"].startswith("detector of ")]
    if not fused or not alone:
        return []
    source = told["settings"]["detectors"]["source"]
    parts = [
        f"{row['model'].removeprefix('detector of ').removesuffix(' alone')} {100 * row['gap']:.1f}" for row in alone
    ]
    return [
        f"Largest gap between regions other than {source}, in points of accuracy: {model} {100 * fused[0]['gap']:.1f}; "
        f"detectors of {source} alone: {', '.join(parts)}."
    ]


def _deletion(told: Told, mine: Mapping[str, str]) -> list[str]:
    rows = _of(told["deletion"], mine)
    costly, moving = (
        sum(part["low"] is not None and part["low"] > 0 for part in parts)
        for parts in (rows, [row["changes_beyond"] for row in rows])
    )
    return [
        f"Hiding the cue with the highest weight changes more answers than hiding another in {moving} of {len(rows)} "
        f"regions, beyond its interval, and costs more right ones in {costly}: "
        f"{'there' if moving else 'nowhere'} the weights say what the answers rest on."
    ]


def _flattery(told: Told, mine: Mapping[str, str]) -> list[str]:
    rows = _of(told["flattery"], mine)
    if not rows:
        return []
    mean = sum(row["difference"] for row in rows) / len(rows)
    top = max(rows, key=lambda row: row["difference"])
    return [
        f"A random split of faces shows {_points(mean)} points more than one by person in the mean over regions, "
        f"at most {_points(top['difference'])} ({top['region']})."
    ]


def _published(told: Told) -> list[str]:
    rows = [row for row in told["published"] if row["person"] and row["person"]["low"] is not None]
    above = sum(row["published"] > row["person"]["high"] for row in rows)
    below = sum(row["published"] < row["person"]["low"] for row in rows)
    if not rows:
        return []
    about = told["settings"]["published"]
    return [
        f"Published by {about['source']}: of {len(rows)} accuracies with one of ours beside them, {above} are above "
        f"the interval of ours by person, {below} below it. Read them with the caution that stands with their table."
    ]


def _forgetting(told: Told) -> list[str]:
    rows = {row["remedy"]: row for row in told["remedies"]}
    base = rows["fine_tuning"]
    said = [
        f"Fine-tuning on one region after the other forgets {100 * base['forgetting']['value']:.1f} points of the "
        f"earlier ones [{100 * (base['forgetting']['low'] or 0):.1f}, {100 * (base['forgetting']['high'] or 0):.1f}]."
    ]
    for name, row in rows.items():
        low, less = row["forgets_less"]["low"], row["forgetting"]["value"] <= base["forgetting"]["value"] / 3
        if name != "fine_tuning" and low is not None and low > 0:
            said.append(
                f"{name} (keeps {row['keeps']}) forgets {100 * row['forgetting']['value']:.1f}"
                f"{', at most a third of that' if less else ''}; in a new region it is right "
                f"{_points(row['new_more']['value'])} points more often than fine-tuning."
            )
    return said
