"""Holds an audit's dict to `docs/AUDIT_SCHEMA.md`: its keys, their types and what must agree with what.

`_TABLE` is the schema. A type is a string: `num`, `int`, `str`, `bool`, `dict`, `list`; a trailing `?`
allows null; `a|b|c` names the words allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SCHEMA = "evenface.audit/1"
MOST_PROBLEMS = 50  # a broken list would otherwise report each of its entries

_TABLE = {
    "audit": (
        "schema: evenface.audit/1|, evenface: str, versions: dict, input: dict, settings: dict, notes: list, "
        "warnings: list, metrics: list, overall: dict, groups: list, gaps: list, worst: list, flows: list, "
        "estimated: list"
    ),
    "input": (
        "source: str, sha256: str, rows: int, answered: int, subjects: int?, scores: bool, classes: list, "
        "label_space: str, attributes: list"
    ),
    "input.attributes": (
        "name: str, levels: list, provenance: self-reported|annotated|estimated|generated|unknown, missing: int"
    ),
    "settings": (
        "by: list, cross: int, resamples: int, permutations: int, seed: int, min_group: int, min_rate: int, "
        "level: num, unit: face|subject, asked: dict"
    ),
    "warnings": "code: str, message: str",
    "metrics": (
        "name: str, title: str, scope: group|groups, per_class: bool, direction: str, ideal: num?, low: num?, "
        "high: num?, needs: any, null: str?, formula: str, source: str"
    ),
    "overall": "n: int, answered: int, confusion: list, metrics: dict, calibration: list?",
    "groups": (
        "by: str, group: str, levels: dict, n: int, answered: int, subjects: int?, small: bool, confusion: "
        "list, metrics: dict, calibration: list?"
    ),
    "value": (
        "value: num?, low: num?, high: num?, low_simultaneous: num?, high_simultaneous: num?, shrunken: num?, "
        "n: int, undefined: str?"
    ),
    "calibration": "confidence: num, accuracy: num?, n: int",
    "gaps": (
        "by: str, metric: str, family: headline|main|per class|pairs, kind: difference|ratio|pair|between, value: "
        "num?, low: num?, high: num?, chance_50: num?, chance_95: num?, p: num?, p_adjusted: num?, p_holm: "
        "num?, smallest_detectable: num?, best: str?, worst: str?, pair: list?, left_out: list, undefined: str?"
    ),
    "worst": (
        "by: str, metric: str, group: str?, probability: num?, runner_up: str?, runner_up_probability: num?, "
        "undefined: str?"
    ),
    "flows": (
        "by: str, group: str, true: str, predicted: str, n: int, count: int, rate: num?, rest_rate: num?, "
        "ratio: num?, low: num?, high: num?, p: num?, p_adjusted: num?, words: str"
    ),
    "estimated": (
        "attribute: str, metric: str, group: str, observed: num?, corrected: num?, low: num?, high: num?, "
        "bound_low: num?, bound_high: num?, left_out: list, undefined: str?"
    ),
}


def shapes(table: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Read a table of shapes: name -> key -> type."""
    return {name: dict(field.split(": ") for field in fields.split(", ")) for name, fields in table.items()}


SHAPE = shapes(_TABLE)
_PROBABILITIES = ("p", "p_adjusted", "p_holm", "probability", "runner_up_probability", "rate", "rest_rate")
_PYTHON = {"str": str, "bool": bool, "dict": Mapping, "list": list | tuple, "any": object}


def _fits(value: Any, kind: str) -> bool:
    if kind.endswith("?"):
        return value is None or _fits(value, kind[:-1])
    if "|" in kind:
        return value in kind.split("|")
    if kind in ("num", "int"):
        number = isinstance(value, int | float if kind == "num" else int) and not isinstance(value, bool)
        return number and math.isfinite(value)
    return isinstance(value, _PYTHON[kind])


def _record(where: str, shape: str, record: Any) -> Iterator[str]:
    return check_record(where, SHAPE[shape], record)


def check_record(where: str, expected: Mapping[str, str], record: Any) -> Iterator[str]:
    """Name what one object has wrong: keys missing, unknown or out of order, types, ranges, silent nulls.

    Args:
        where: Place of the object, for the messages.
        expected: Key -> type, in the order of the keys.
        record: The object.
    """
    if not isinstance(record, Mapping):
        yield f"{where}: must be an object, is {type(record).__name__}"
        return
    yield from (f"{where}: {key!r} is missing" for key in expected if key not in record)
    yield from (f"{where}: unknown key {key!r}" for key in record if key not in expected)
    if set(record) == set(expected) and list(record) != list(expected):
        yield f"{where}: keys must come in the order {', '.join(expected)}"
    for key, kind in expected.items():
        if key in record and not _fits(record[key], kind):
            yield f"{where}.{key}: must be {kind}, is {record[key]!r}"
        elif key in _PROBABILITIES and record.get(key) is not None and not 0 <= record[key] <= 1:
            yield f"{where}.{key}: must be in 0..1, is {record[key]!r}"
    ends: list[float] = [record[key] for key in ("low", "high") if _fits(record.get(key), "num")]
    if ends != sorted(ends):
        yield f"{where}: low {ends[0]} is above high {ends[1]}"
    main = next((key for key in ("value", "corrected", "group", "change", "q") if key in expected), None)
    if "undefined" in expected and main and record.get(main) is None and not record.get("undefined"):
        yield f"{where}: {main} is null, but undefined gives no reason"


def _each(where: str, shape: str, records: Any) -> Iterator[str]:
    for i, record in enumerate(records if isinstance(records, list | tuple) else ()):
        yield from _record(f"{where}[{i}]", shape, record)


def _confusion(where: str, record: Mapping[str, Any], classes: int) -> Iterator[str]:
    """A row per true class, a column per class and one for "no answer"; the sums are `n` and `answered`."""
    rows: Sequence[Sequence[int]] = record["confusion"]
    if len(rows) != classes or any(len(row) != classes + 1 for row in rows):
        yield f"{where}.confusion: must be {classes} rows of {classes + 1} columns"
    elif sum(map(sum, rows)) != record["n"] or sum(sum(row[:-1]) for row in rows) != record["answered"]:
        yield f"{where}.confusion: does not add up to n and answered"


def _inside(audit: Mapping[str, Any]) -> Iterator[str]:
    """Check the lists and objects inside the audit."""
    for shape in ("input", "settings", "overall"):
        yield from _record(shape, shape, audit[shape])
    for shape in ("warnings", "metrics", "groups", "gaps", "worst", "flows", "estimated"):
        yield from _each(shape, shape, audit[shape])
    yield from _each("input.attributes", "input.attributes", audit["input"].get("attributes"))
    for i, group in enumerate([audit["overall"], *audit["groups"]]):
        where = f"groups[{i - 1}]" if i else "overall"
        for name, value in group["metrics"].items():
            yield from _record(f"{where}.metrics.{name}", "value", value)
        yield from _each(f"{where}.calibration", "calibration", group.get("calibration"))


def _agreement(audit: Mapping[str, Any]) -> Iterator[str]:
    """Check that every name used is declared, and that counts add up."""
    classes = audit["input"]["classes"]
    groups = {(group["by"], group["group"]) for group in audit["groups"]}
    metrics = {metric["name"] for metric in audit["metrics"]}
    yield from _confusion("overall", audit["overall"], len(classes))
    for i, group in enumerate(audit["groups"]):
        yield from _confusion(f"groups[{i}]", group, len(classes))
    if len(groups) != len(audit["groups"]):
        yield "groups: a group stands there twice"
    for key in ("gaps", "worst", "flows"):
        for i, record in enumerate(audit[key]):
            named = [record.get(k) for k in ("best", "worst", "group", "runner_up")] + list(record.get("left_out", ()))
            lost = [name for name in named if name is not None and (record["by"], name) not in groups]
            yield from (f"{key}[{i}]: no group {name!r} by {record['by']!r}" for name in lost)
            if "metric" in record and not {record["metric"], record["metric"].partition("[")[0]} & metrics:
                yield f"{key}[{i}]: metric {record['metric']!r} is not in metrics"
    for i, flow in enumerate(audit["flows"]):
        yield from (
            f"flows[{i}].{k}: no class {flow[k]!r}"
            for k in ("true", "predicted")
            if flow[k] not in (*classes, "no answer")
        )


def validate_audit(audit: Mapping[str, Any]) -> list[str]:
    """Name what a dict has against the schema, at most 50 faults; an empty list means that it keeps it.

    Names and sums are looked at only once all keys and types are right.
    """
    problems = list(_record("audit", "audit", audit))
    for check in (_inside, _agreement):
        if not problems:
            problems = list(check(audit))
    return problems[:MOST_PROBLEMS]
