"""Holds a counterfactual audit's dict to `docs/COUNTERFACTUAL_SCHEMA.md`; `_TABLE` is the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evenface.report.schema import MOST_PROBLEMS, check_record, shapes

NO_ANSWER = "no answer"

_TABLE = {
    "counterfactual": (
        "schema: evenface.counterfactual/1|, evenface: str, versions: dict, input: dict, settings: dict, notes: list, "
        "warnings: list, summary: list, baseline: dict, attributes: list, pairs: list, transitions: list, "
        "examples: list"
    ),
    "input": (
        "source: str, sha256: str, rows: int, answered: int, families: int, subjects: int?, scores: bool, images: int, "
        "classes: list, label_space: str"
    ),
    "settings": "resamples: int, seed: int, min_families: int, level: num, examples: int, unit: family|subject",
    "warnings": "code: str, message: str",
    "baseline": "attribute: str?, flip: dict?",
    "attributes": (
        "attribute: str, control: bool, families: int, complete: int, variants: list, flip: dict, excess: dict, "
        "any_flip: dict, lost: dict, by_class: list, cochran: dict"
    ),
    "variants": "variant: str, n: int, answered: int, accuracy: dict, coverage: dict",
    "by_class": "class: str, flip: dict",
    "estimate": "value: num?, low: num?, high: num?, n: int, undefined: str?",
    "excess": "value: num?, low: num?, high: num?, undefined: str?",
    "cochran": "q: num?, df: int?, p: num?, families: int, undefined: str?",
    "pairs": (
        "attribute: str, control: bool, a: str, b: str, n: int, small: bool, answered: int, flips: int, "
        "only_a_answered: int, only_b_answered: int, flip: dict, excess: dict, both_right: int, only_a_right: int, "
        "only_b_right: int, neither_right: int, accuracy: dict, shifts: list, probability_intended: dict?, distance: "
        "dict?"
    ),
    "change": "a: num?, b: num?, change: num?, low: num?, high: num?, p: num?, p_adjusted: num?, undefined: str?",
    "transitions": (
        "attribute: str, control: bool, a: str, b: str, from: str, to: str, count: int, intended: int, of: int, "
        "back: int, net: int, consistency: num, p: num?, p_adjusted: num?"
    ),
    "examples": (
        "attribute: str, family: str, a: str, b: str, intended: str, from: str, to: str, image_a: str?, image_b: str?"
    ),
}
SHAPE = shapes(_TABLE)
SHAPE["shifts"] = {"class": "str", **SHAPE["change"]}


def validate_counterfactual(data: Mapping[str, Any]) -> list[str]:
    """Name what a dict has against the schema, at most 50 faults; an empty list means that it keeps it.

    Names and sums are looked at only once all keys and types are right.
    """
    problems = list(check_record("counterfactual", SHAPE["counterfactual"], data))
    for check in (_inside, _agreement):
        if not problems:
            problems = list(check(data))
    return problems[:MOST_PROBLEMS]


def _inside(data: Mapping[str, Any]) -> Iterator[str]:
    for shape in ("input", "settings", "baseline"):
        yield from check_record(shape, SHAPE[shape], data[shape])
    if data["baseline"].get("flip") is not None:
        yield from check_record("baseline.flip", SHAPE["estimate"], data["baseline"]["flip"])
    for shape in ("warnings", "attributes", "pairs", "transitions", "examples"):
        for i, record in enumerate(data[shape]):
            faults = list(check_record(f"{shape}[{i}]", SHAPE[shape], record))
            yield from faults
            if not faults:
                yield from _parts(f"{shape}[{i}]", record)


def _parts(where: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Check what stands inside an attribute or a pair."""
    estimates = ("flip", "any_flip", "lost", "distance", "accuracy", "coverage")
    shaped = {"excess": "excess", "cochran": "cochran", "probability_intended": "change"}
    shaped |= dict.fromkeys(estimates, "estimate")
    shaped |= {"accuracy": "change"} if "shifts" in record else {}
    for key, value in record.items():
        if key in shaped and value is not None:
            yield from check_record(f"{where}.{key}", SHAPE[shaped[key]], value)
        if key in ("variants", "by_class", "shifts"):
            for i, inner in enumerate(value):
                yield from check_record(f"{where}.{key}[{i}]", SHAPE[key], inner)
                yield from _parts(f"{where}.{key}[{i}]", inner)


def _agreement(data: Mapping[str, Any]) -> Iterator[str]:
    """Check that every name used is declared, and that counts add up."""
    classes = (*data["input"]["classes"], NO_ANSWER)
    variants = {each["attribute"]: {v["variant"] for v in each["variants"]} for each in data["attributes"]}
    if len(variants) != len(data["attributes"]):
        yield "attributes: an attribute stands there twice"
    for key in ("pairs", "transitions", "examples"):
        for i, record in enumerate(data[key]):
            known = variants.get(record["attribute"], set())
            yield from (f"{key}[{i}]: no variant {record[k]!r}" for k in ("a", "b") if record[k] not in known)
            named = [record[k] for k in ("from", "to") if k in record] + [s["class"] for s in record.get("shifts", ())]
            yield from (f"{key}[{i}]: no class {name!r}" for name in named if name not in classes)
    for i, pair in enumerate(data["pairs"]):
        right = sum(pair[k] for k in ("both_right", "only_a_right", "only_b_right", "neither_right"))
        lost = pair["answered"] + pair["only_a_answered"] + pair["only_b_answered"]
        if right != pair["n"] or lost > pair["n"] or pair["flips"] > pair["answered"]:
            yield f"pairs[{i}]: counts do not add up"
