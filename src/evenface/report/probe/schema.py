"""Holds the dict of probed runs to `docs/PROBE_SCHEMA.md`; `_TABLE` is the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evenface.report.schema import MOST_PROBLEMS, check_record, shapes

_TABLE = {
    "probe": (
        "schema: evenface.probe/1|, evenface: str, versions: dict, settings: dict, warnings: list, summary: list, "
        "runs: list, attributes: list, readings: list, maps: list"
    ),
    "settings": (
        "split: str, by: list, given_expression: bool, layers: bool, all_probes: bool, permutations: int, seed: int, "
        "level: num"
    ),
    "warnings": "code: str, message: str",
    "runs": (
        "run: str, net: str, mitigation: str, classes: list, size: int, weights_sha256: str, faces_sha256: str, "
        "faces: int, places: list, not_drawn: str?"
    ),
    "attributes": "attribute: str, levels: list, provenance: str",
    "readings": (
        "run: str, place: str, features: int, attribute: str, given: str?, faces: int, people: int, left_out: int, "
        "levels: list, entropy: num?, chance_accuracy: num?, undefined: str?, measures: list"
    ),
    "measures": (
        "probe: linear|mlp|knn, measure: accuracy|bits|mdl|r2|correlation, value: num?, low: num?, high: num?, "
        "chance: num?, chance_low: num?, chance_high: num?, p: num?, permutations: int, "
        "verdict: read|not_read|no_power|undefined"
    ),
    "maps": "run: str, explained: list, points: list, expression: list, attributes: dict",
}
SHAPE = shapes(_TABLE)


def validate_probe(data: Mapping[str, Any]) -> list[str]:
    """Name everything in which a dict departs from the schema, at most 50 problems; an empty list if nothing."""
    problems = list(check_record("probe", SHAPE["probe"], data))
    for check in (_inside, _agreement):
        if not problems:
            problems = list(check(data))
    return problems[:MOST_PROBLEMS]


def _inside(data: Mapping[str, Any]) -> Iterator[str]:
    yield from check_record("settings", SHAPE["settings"], data["settings"])
    for shape in ("warnings", "runs", "attributes", "readings", "maps"):
        for i, record in enumerate(data[shape]):
            yield from check_record(f"{shape}[{i}]", SHAPE[shape], record)
            for j, measure in enumerate(record.get("measures", ())):
                yield from check_record(f"{shape}[{i}].measures[{j}]", SHAPE["measures"], measure)


def _agreement(data: Mapping[str, Any]) -> Iterator[str]:
    """Check that every name used is declared, and that a reading has numbers or a reason."""
    places = {run["run"]: run["places"] for run in data["runs"]}
    attributes = {each["attribute"] for each in data["attributes"]}
    for i, reading in enumerate(data["readings"]):
        if reading["place"] not in places.get(reading["run"], ()):
            yield f"readings[{i}]: no place {reading['place']!r} of a run {reading['run']!r}"
        if reading["attribute"] not in attributes:
            yield f"readings[{i}]: no attribute {reading['attribute']!r}"
        if bool(reading["measures"]) == bool(reading["undefined"]):
            yield f"readings[{i}]: needs either measures or a reason in undefined"
    for i, drawn in enumerate(data["maps"]):
        lengths = {len(column) for column in (drawn["points"], drawn["expression"], *drawn["attributes"].values())}
        if drawn["run"] not in places or len(lengths) > 1:
            yield f"maps[{i}]: no run {drawn['run']!r}, or columns that are not of one length"
