"""Deletion: what becomes of answers when the cue of each rank in weight is hidden."""

from pathlib import Path

import numpy as np
import pytest

from evenface.fusion.deletion import _ranks
from evenface.fusion.matrix import Cell, make_plan, models


def test_changes_are_counted_as_one_would_by_hand(done) -> None:
    settings, data, told = done
    plan = make_plan(settings, data)
    row = next(r for r in told["deletion"] if (r["region"], r["regime"], r["fusion"]) == ("east", "lam", "gated"))
    changed, faces = np.zeros(len(data.cues)), 0
    for job in (job for job in plan.jobs if job.source == "east" and not job.random):
        cell = Cell.load(Path(settings.out) / settings.name / "cells" / f"{job.name}.npz")
        here = data.region[cell.faces] == data.regions.index("east")
        which = [(r, f) for r in settings.regimes for f in settings.fusions].index(("lam", "gated"))
        whole = cell.said[models(settings, plan.names(job)).index(("lam", "gated", "A"))]
        changed += (cell.without[which] != whole)[:, here].sum(1)
        faces += here.sum()
    assert [each["share"] for each in row["changes"]] == pytest.approx((changed / faces).tolist())
    assert row["changes_least"]["difference"] == pytest.approx((changed[0] - changed[-1]) / faces)
    falls = [each["difference"] for each in row["falls"]]
    assert row["beyond"] == pytest.approx(falls[0] - np.mean(falls[1:]))


def test_the_first_rank_is_held_against_the_others_and_the_last() -> None:
    values, draws = np.array([0.5, 0.2, 0.0]), np.array([[0.4, 0.2, 0.0], [0.6, 0.2, 0.0]])
    (others, last), ranks = _ranks(values, draws, "share")
    assert others["difference"] == pytest.approx(0.4)
    assert last["difference"] == pytest.approx(0.5)
    assert others["low"] == pytest.approx(0.305)
    assert [each["share"] for each in ranks] == pytest.approx([0.5, 0.2, 0.0])
    assert [each["rank"] for each in ranks] == [1, 2, 3]
