"""A study of transfer between regions: settings in; a folder with a table, answers and a document out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import torch
from threadpoolctl import threadpool_limits

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.writing import RESUME, write_files, write_table
from evenface.fusion import measure
from evenface.fusion.answered import write_predictions
from evenface.fusion.calibration import calibration
from evenface.fusion.data import TransferData, load_transfer
from evenface.fusion.deletion import deletion
from evenface.fusion.document import Found, document
from evenface.fusion.forgetting import Sequel, check_order, measured, run_sequels, sequel_path
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.matrix import Cell, Job, Plan, facts, make_plan, run_jobs
from evenface.fusion.published import beside, unknown
from evenface.fusion.settings import TransferSettings

Report = Callable[[str, int, int], None]
FACTS = "facts.json"


def transfer(settings: TransferSettings, *, resume: bool = False, report: Report | None = None) -> dict[str, Any]:
    """Do a study, or go on with one.

    Args:
        settings: What is asked for.
        resume: Go on with a study that was stopped; what is done is not done again.
        report: Told what was just done, the number of steps done, and of all.

    Returns:
        The document that `transfer.json` holds; `docs/FUSION.md` describes it.

    Raises:
        SettingsError: Something is asked for that cannot be.
        InputError: Tables cannot be used, or the folder cannot be written.
    """
    data = load_transfer(settings.data)
    return study(settings, data, resume=resume, report=report)


def study(
    settings: TransferSettings, data: TransferData, *, resume: bool = False, report: Report | None = None
) -> dict[str, Any]:
    """Do a study on data in memory; see `transfer`."""
    _check(settings, data)
    plan = make_plan(settings, data)
    folder = _folder(settings, data, resume)
    asked = settings.forgetting.run
    steps = len(plan.jobs) + asked * len(settings.seeds) + 1
    tell = report or (lambda said, done, total: None)
    cells: dict[Job, Cell] = {}
    with _threads(settings.threads):
        for job, _ in run_jobs(settings, data, plan, folder / "cells"):
            cells[job] = Cell.load(folder / "cells" / f"{job.name}.npz")
            tell(f"{job.source}, seed {job.seed}{', random split' * job.random}", len(cells), steps)
        for done, (name, _) in enumerate(run_sequels(settings, data, folder / "cells") if asked else (), start=1):
            tell(name, len(cells) + done, steps)
        found = _measure(settings, data, plan, cells, folder)
    tell("measured", steps, steps)
    write_table(pl.DataFrame(found.rows, infer_schema_length=None), folder / "transfer.parquet", RESUME)
    write_predictions(settings, data, cells, folder / "predictions")
    told = document(settings, data, plan, found)
    text = json.dumps(told, indent=1, allow_nan=False) + "\n"
    write_files(folder, {"transfer.json": text.encode()}, "the study")
    return told


def _measure(
    settings: TransferSettings, data: TransferData, plan: Plan, cells: Mapping[Job, Cell], folder: Path
) -> Found:
    def grounds(random: bool) -> list[measure.Ground]:
        every = (measure.ground(settings, data, plan, cells, region, random=random) for region in data.regions)
        return [each for each in every if each is not None]

    by_person, by_lot = grounds(False), grounds(True)
    forgetting = None
    if settings.forgetting.run:
        paths = [sequel_path(settings, folder / "cells", seed) for seed in settings.seeds]
        forgetting = measured(settings, data, [Sequel.load(path) for path in paths])
    return Found(
        rows=[*measure.rows(by_person, random=False), *measure.rows(by_lot, random=True)],
        weights=measure.weights(settings, data, cells, data.learnable),
        deletion=deletion(settings, data, plan, cells, by_person),
        calibration=calibration(settings, data, cells),
        shapley=measure.contributions(settings, data, by_person),
        comparisons=measure.comparisons(settings, data, by_person),
        flattery=measure.flattery(settings, by_person, by_lot),
        gaps=measure.gaps(settings, data, by_person),
        published=beside(settings, data, by_person, by_lot),
        forgetting=forgetting,
    )


def _check(settings: TransferSettings, data: TransferData) -> None:
    """See before anything is trained that what is asked for can be done; tell all faults together."""
    faults, detectors = [], settings.detectors
    if detectors.source not in data.learnable:
        faults.append(
            f"detectors.source = {detectors.source!r} is no region that can be learnt from."
            f"{did_you_mean(detectors.source, data.learnable)} There are: {', '.join(data.learnable)}."
        )
    faults += [
        f"detectors.{key} names {cue!r}, which is no cue of the tables.{did_you_mean(cue, tuple(data.cues))} "
        f"There are: {', '.join(data.cues)}."
        for key in ("given", "as_channels", "svm")
        for cue in getattr(detectors, key)
        if cue not in data.cues
    ]
    for mix in settings.mixtures:
        if lost := [name for name in mix if name not in data.learnable]:
            faults.append(f"mixtures: {', '.join(lost)} cannot be learnt from. There are: {', '.join(data.learnable)}.")
    faults += unknown(settings, data)
    shape = Shape(tuple(data.cues), len(data.classes), data.classes, (True,) * len(data.cues))
    used = {*settings.fusions, settings.forgetting.fusion}
    faults += [
        f"options.{name}: no fusion of this name is used. Used: {', '.join(sorted(used))}."
        for name in settings.options
        if name not in used
    ]
    for name in sorted(used & settings.options.keys()):
        try:
            settings.fusion(name, shape)
        except SettingsError as error:
            faults.append(f"options.{name}: {error}")
    for step in (make_plan, check_order if settings.forgetting.run else make_plan):
        try:
            step(settings, data)
        except SettingsError as error:
            faults.append(str(error))
    if faults:
        told = dict.fromkeys(f"- {fault}" for fault in faults)
        raise SettingsError("This study cannot be:\n" + "\n".join(told))


def _folder(settings: TransferSettings, data: TransferData, resume: bool) -> Path:
    """Make the folder of a study, or find it and see that it is of the same study.

    Raises:
        InputError: It is there and is not to be gone on with, is of another study, or cannot be made.
    """
    folder = Path(settings.out) / settings.name
    if folder.exists() and any(folder.iterdir()) and not resume:
        raise InputError(f"{folder} is there already. Go on with it by --resume, or choose another name: --set name=…")
    now = facts(settings, data)
    known = folder / FACTS
    if known.is_file():
        before = json.loads(known.read_text(encoding="utf-8"))
        if other := [key for key in now if before.get(key) != now[key]]:
            said = "; ".join(f"{key} was {before.get(key)!r} and is {now[key]!r}" for key in other)
            raise InputError(f"{folder} holds another study: {said}. Choose another name: --set name=…")
    files = {FACTS: (json.dumps(now, indent=1) + "\n").encode(), "settings.toml": settings.to_toml().encode()}
    write_files(folder, files, "the study")
    return folder


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute with so many threads, and leave the caller's number as it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(count, os.cpu_count() or 1))
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)
