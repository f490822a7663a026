"""Is the confidence of a fusion deserved: its calibration error on faces for testing, before and after temperature.

Sum over 15 equal bins of confidence of |sum of (confidence - right)| / n (Naeini et al., AAAI 2015; Guo et al.,
arXiv:1706.04599), as the audit has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.fusion.data import TransferData
from evenface.fusion.intervals import Tally, interval
from evenface.fusion.matrix import Cell, Job
from evenface.fusion.settings import TransferSettings

BINS = 15


def calibration(settings: TransferSettings, data: TransferData, cells: Mapping[Job, Cell]) -> list[dict[str, Any]]:
    """Give for each regime and fusion, all cues, the error `before` the temperature and `after` it, with intervals.

    Each face is read by the model that learnt in its region, and all are taken together, over regions and seeds; a face
    without an answer has no confidence and is left out. The error is biased up in small samples, and more so in the
    draws of its interval.
    """
    seeds = {seed: i for i, seed in enumerate(settings.seeds)}
    pairs = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
    found = []
    for which, (regime, fusion) in enumerate(pairs):
        row: dict[str, Any] = {"regime": regime, "fusion": fusion}
        for key in ("before", "after"):
            off = np.zeros((BINS, len(seeds), int(data.persons.max()) + 1))
            faces = np.zeros(off.shape[1:])
            for job, cell in cells.items():
                if job.random or job.source not in data.regions:
                    continue
                chances = (cell.plain if key == "before" else cell.chances)[which].astype(float)
                mine = data.in_regions((job.source,))[cell.faces] & np.isfinite(chances).all(1)
                places, seed = cell.faces[mine], seeds[job.seed]
                bins, apart = _apart(chances[mine], data.labels[places])
                np.add.at(off[:, seed], (bins, data.persons[places]), apart)
                np.add.at(faces[seed], data.persons[places], 1)
            tally = Tally(off, faces)
            low, high = interval(np.abs(tally.draws(settings.draws, seed=0)).sum(1))
            row |= {"faces": int(faces.sum())}
            row[key] = {"value": float(np.abs(tally.accuracy).sum()), "low": low, "high": high}
        found.append(row)
    return found


def _apart(chances: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give (face,) the bin of the confidence, closed above, and the confidence less whether the answer is right."""
    confidence = chances.max(1)
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return bins, confidence - (chances.argmax(1) == labels)
