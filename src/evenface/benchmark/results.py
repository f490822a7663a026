"""Results: from the cells on disk to one table, a summary, and what is written of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from evenface.benchmark.cell import Cell
from evenface.benchmark.protocol import RULES
from evenface.benchmark.statistics import ranks, summarise
from evenface.core.writing import replacing

SCHEMA = "evenface.mitigation-benchmark/1"

MEASURES: Mapping[str, tuple[str, bool | None]] = {
    "accuracy": ("Accuracy", True),
    "balanced_accuracy": ("Balanced accuracy", True),
    "worst_group": ("Worst group", True),
    "gap": ("Headline gap", False),
    "recall": ("Recall of the expression", True),
    "worst_recall": ("Recall, worst group", True),
    "accuracy_gap": ("Gap of accuracy", False),
    "equalized_odds": ("Equalized odds", False),
    "f": ("F, min/max", True),
    "leak_linear": ("Leak, linear", False),
    "leak_mlp": ("Leak, MLP", False),
    "leak_linear_given": ("Leak given expression, linear", False),
    "flip": ("Flips", False),
    "flip_noise": ("Flips by noise alone", None),
    "reconstruction": ("Error of what is drawn", False),
    "minutes": ("Minutes of training", False),
    "peak_mb": ("Peak memory, MB", False),
}
"""Measure -> its title, and whether more is better; None: neither."""
RANKED = ("worst_group", "gap", "accuracy")


def collect(cells: Iterable[Cell]) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read the cells that have ended: a row for each suite, method, seed and rule; and those that could not be trained.

    Columns are in the order of `MEASURES`, chance levels after them; a measure that is undefined is null.
    """
    rows: list[dict[str, Any]] = []
    failed = []
    for cell in cells:
        if not cell.done():
            continue
        told = json.loads(cell.path.read_text(encoding="utf-8"))
        place = {"suite": cell.prepared.suite.name, "method": cell.method.name, "seed": cell.seed}
        if told["failed"]:
            failed.append({**place, "reason": told["failed"]})
        rows += [{**place, **row, "peak_mb": told["peak_mb"]} for row in told["rows"]]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    missing = [name for name in MEASURES if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
    first = [name for name in ("suite", "method", "seed", "rule", *MEASURES) if name in frame.columns]
    return frame.select(*first, pl.exclude(first)), failed


def document(
    rows: pl.DataFrame, failed: list[dict[str, Any]], cells: Sequence[Cell], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Give everything that `results.json` holds; docs/MITIGATION_BENCHMARK.md describes it."""
    suites = {cell.prepared.suite.name: cell.prepared for cell in cells}
    own = rows.filter(rule=RULES[0])
    ranked = []
    for measure in RANKED:
        for block in (("suite", "seed"), ("suite",)):
            found = ranks(own, measure, bool(MEASURES[measure][1]), block)
            if found is not None:
                ranked.append({"rule": RULES[0], "block": list(block), **asdict(found)})
    measures = [name for name in rows.columns if name in MEASURES or name.startswith("f[")]
    return {
        "schema": SCHEMA,
        **facts,
        "suites": {
            name: {
                "about": each.suite.about,
                "sha256": each.sha256,
                "groups": list(each.suite.groups),
                "emotion": each.suite.emotion,
            }
            for name, each in suites.items()
        },
        "methods": {cell.method.name: {key: cell.asked[key] for key in ("options", "net", "chosen")} for cell in cells},
        "cells": {"asked": len(cells), "ended": sum(cell.done() for cell in cells)},
        "failed": failed,
        "chance": _chances(rows),
        "summary": summarise(rows, measures),
        "ranks": ranked,
    }


def _chances(rows: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Mean chance levels of each suite: what a method that treats all alike would still show."""
    names = [name for name in rows.columns if "_chance" in name]
    return {
        row.pop("suite"): row
        for row in rows.group_by("suite", maintain_order=True).agg(pl.col(names).mean()).to_dicts()
    }


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write `results.parquet`, whole or not at all."""
    with replacing(path) as part:
        rows.write_parquet(part)
