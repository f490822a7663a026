"""Calibration error against one worked by hand, and in a study."""

import numpy as np
import pytest

from evenface.fusion.calibration import calibration
from evenface.fusion.data import prepare
from evenface.fusion.matrix import Cell, Job


def test_errors_are_those_worked_by_hand(faces, ask) -> None:
    settings = ask(seeds=(0,), regimes=("lam",), fusions=("gated",))
    data = prepare(*faces, settings.data)
    own = np.flatnonzero(data.in_regions(("east",)))[:10].astype(np.int32)
    other = np.flatnonzero(data.in_regions(("west",)))[:1].astype(np.int32)
    places = np.append(own, other)
    said = data.labels[places].copy()
    said[:4] = (said[:4] + 1) % 3  # 6 of 10 are right
    sure, fair = (np.where(np.eye(3)[said] > 0, p, (1 - p) / 2)[None].astype(np.float16) for p in (0.9, 0.6))
    fair[0, 9] = np.nan  # no answer: 5 of 9 are right
    blank = np.zeros((1, 0, len(places)))
    cell = Cell(places, said[None].astype(np.int8), said.astype(np.int8), blank, fair, sure, blank.astype(np.int8))
    lot = Cell(places, cell.said, cell.usual, blank, sure, fair, cell.without)
    (row,) = calibration(settings, data, {Job("east", 0): cell, Job("east", 0, True): lot})
    assert row["before"]["value"] == pytest.approx(0.3, abs=1e-3)
    assert row["after"]["value"] == pytest.approx(0.6 - 5 / 9, abs=1e-3)
    assert row["after"]["answers"] == 9
    assert row["after"]["value"] < row["after"]["luck"] < row["before"]["value"] + 0.1


def test_a_study_tells_it_for_each_fusion(done) -> None:
    settings, _, told = done
    rows = told["calibration"]
    assert len(rows) == len(settings.regimes) * len(settings.fusions)
    assert all(0 <= row[key]["value"] <= 1 for row in rows for key in ("before", "after"))
    assert all(0 < row[key]["luck"] < 0.3 for row in rows for key in ("before", "after"))
