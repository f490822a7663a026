"""The document of a study: everything that its report says, as JSON has it. docs/FUSION.md describes the keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenface import __version__
from evenface.fusion.data import TransferData
from evenface.fusion.matrix import Plan
from evenface.fusion.settings import TransferSettings, subsets_of
from evenface.fusion.words import summary

SCHEMA = "evenface.transfer/1"
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured; each but `forgetting` is a list of rows, see `measure`."""

    rows: Rows
    weights: Rows
    deletion: Rows
    calibration: Rows
    shapley: Rows
    comparisons: Rows
    flattery: Rows
    gaps: Rows
    published: Rows
    forgetting: dict[str, Any] | None


def document(settings: TransferSettings, data: TransferData, plan: Plan, found: Found) -> dict[str, Any]:
    """Put everything together; of the accuracies, those of all cues, of all but one and of each alone."""
    shown = subsets_of(["leave_one_out", "singles"], tuple(data.cues)).keys() | {"none"}
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "evenface": __version__,
        "settings": settings.model_dump(mode="json"),
        "classes": list(data.classes),
        "cues": _cues(settings, data),
        "regions": _regions(data),
        "subsets": {name: list(cues) for name, cues in plan.subsets.items()},
        "sources": {name: list(regions) for name, regions in plan.sources.items()},
        "notices": [{"code": notice.code, "message": notice.message} for notice in data.notices],
        "accuracy": [row for row in found.rows if row["subset"] in shown],
        "models": len(found.rows),
        "weights": found.weights,
        "deletion": found.deletion,
        "calibration": found.calibration,
        "shapley": found.shapley,
        "comparisons": found.comparisons,
        "flattery": found.flattery,
        "gaps": found.gaps,
        "published": found.published,
        "forgetting": found.forgetting,
    }
    told["summary"] = summary(told)
    return dict(_plain(told))


def _cues(settings: TransferSettings, data: TransferData) -> Rows:
    found = []
    for name, channels in data.cues.items():
        reading = data.readings[name]
        enters = "components of its channels" if name in settings.detectors.as_channels else "answers"
        found.append(
            {"cue": name, "channels": len(channels), "read": float(reading.valid.mean()), "enters_lam": enters}
        )
    return found


def _regions(data: TransferData) -> Rows:
    found = []
    for number, name in enumerate(data.regions):
        here = data.region == number
        found.append({
            "region": name, "faces": int(here.sum()), "persons": len(np.unique(data.persons[here])),
            "learnt": name in data.learnable,
            "classes": np.bincount(data.labels[here], minlength=len(data.classes)).tolist(),
            "read": {cue: float(reading.valid[here].mean()) for cue, reading in data.readings.items()},
        })  # fmt: skip
    return found


def _plain(value: Any) -> Any:
    """Give a value as JSON has it: numbers that are not finite are null, tuples are lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
