"""Is the confidence of a fusion deserved: its calibration error on faces for testing, before and after temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.calibration import calibration_error
from evenface.fusion.data import TransferData
from evenface.fusion.matrix import Cell, Job
from evenface.fusion.settings import TransferSettings


def calibration(settings: TransferSettings, data: TransferData, cells: Mapping[Job, Cell]) -> list[dict[str, Any]]:
    """Give for each regime and fusion, all cues, the error `before` the temperature and `after` it.

    Each face is read by the model that learnt in its region, and all are taken together, over regions and seeds; a face
    without an answer has no confidence and is left out. Luck alone makes an error above zero: `luck` is what 95 of 100
    samples stay below if every answer is right as often as its confidence says (the same faces and confidences; a face
    that several seeds test has one lot).
    """
    pairs = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
    return [
        {
            "regime": regime,
            "fusion": fusion,
            "before": _error(settings, data, {job: cell.plain[which] for job, cell in cells.items()}, cells),
            "after": _error(settings, data, {job: cell.chances[which] for job, cell in cells.items()}, cells),
        }
        for which, (regime, fusion) in enumerate(pairs)
    ]


def _error(
    settings: TransferSettings,
    data: TransferData,
    chances: Mapping[Job, NDArray[np.float16]],
    cells: Mapping[Job, Cell],
) -> dict[str, float | int | None]:
    places, confidence, right = [], [], []
    for job, given in chances.items():
        if job.random or job.source not in data.regions:
            continue
        faces = cells[job].faces
        mine = data.in_regions((job.source,))[faces] & np.isfinite(given).all(1)
        places.append(faces[mine])
        confidence.append(given[mine].max(1).astype(float))
        right.append(given[mine].argmax(1) == data.labels[faces[mine]])
    at, sure = np.concatenate(places), np.concatenate(confidence)
    if not len(at):
        return {"value": None, "luck": None, "answers": 0}
    dice = np.random.default_rng(0)
    lots = (dice.random(len(data.labels))[at] < sure for _ in range(settings.draws))
    luck = float(np.quantile([calibration_error(sure, lot) for lot in lots], 0.95))
    return {"value": calibration_error(sure, np.concatenate(right)), "luck": luck, "answers": len(at)}
