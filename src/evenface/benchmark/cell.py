"""A cell: one method on one suite with one seed, in a process of its own; and a trial of the search, which is half one.

Nothing heavy is imported before the device is chosen, since a library that has seen a GPU does not let go of it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evenface.benchmark.prepare import CACHE, Prepared
from evenface.benchmark.protocol import COMMON, RULES, Method, configuration
from evenface.core.errors import EvenfaceError
from evenface.core.writing import write_files

RUNNING = "running"  # folder of what is thrown away when a cell ends
TRIAL_SEED = 1_000_000  # of the search: no seed that is reported


@dataclass(frozen=True, slots=True)
class Cell:
    """What is run.

    Attributes:
        prepared: The suite.
        method: What is tried.
        seed: Of the run.
        chosen: Key path -> value that the search chose.
        changes: Key path -> value, for all methods.
        out: Folder of the benchmark.
    """

    prepared: Prepared
    method: Method
    seed: int
    chosen: Mapping[str, Any]
    changes: Mapping[str, Any]
    out: Path

    @property
    def path(self) -> Path:
        """Where its result is written."""
        name = f"{self.method.name.replace(':', '.')}-seed{self.seed}.json"
        return self.out / "cells" / self.prepared.suite.name / name

    @property
    def asked(self) -> dict[str, Any]:
        """What its result rests on, as JSON has it: with something else, it is run again."""
        told = {
            "protocol": COMMON,
            "suite": self.prepared.suite.name,
            "faces": self.prepared.sha256,
            "method": self.method.name,
            "seed": self.seed,
            "options": dict(self.method.options),
            "net": dict(self.method.net),
            "chosen": dict(self.chosen),
            "changes": dict(self.changes),
        }
        asked: dict[str, Any] = json.loads(json.dumps(told))
        return asked

    def done(self) -> bool:
        """Whether its result is there, of the same settings and faces."""
        if not self.path.is_file():
            return False
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return bool(found["asked"] == self.asked)


def run_cell(cell: Cell, device: int | None = None) -> None:
    """Train, measure the net of each selection rule, and write the result whole.

    A method that cannot be trained here is a result too: its reason is written in place of numbers.
    """
    _take(device)
    begun = time.perf_counter()
    from torch import set_num_threads

    from evenface.benchmark.measure import measure

    set_num_threads(COMMON["device"]["threads"])  # processes share the cores, not threads
    with TemporaryDirectory(dir=cell.out / RUNNING) as scratch:
        rows: list[dict[str, Any]] = []
        failed = ""
        try:
            folder, seconds = _train(cell, Path(scratch))
            for rule in RULES:
                of_rule = folder if rule == RULES[0] else folder / rule
                result = json.loads((of_rule / "result.json").read_text(encoding="utf-8"))
                weights, answers = of_rule / "weights.safetensors", of_rule / "predictions" / "test.parquet"
                same = [row for row in rows if row["epoch"] == result["epoch"]]  # another rule chose it too
                numbers = same[0] if same else measure(weights, answers, cell.prepared, cell.out, cell.seed)
                of_run = {"epoch": result["epoch"], "parameters": result["parameters"], "minutes": seconds / 60}
                rows.append({**numbers, "rule": rule, **of_run})
        except EvenfaceError as error:
            failed = str(error)
    told = {"asked": cell.asked, "rows": rows, "failed": failed, "seconds": time.perf_counter() - begun}
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    write_files(cell.path.parent, {cell.path.name: (json.dumps(told, indent=1) + "\n").encode()}, "the cell")


def run_trial(cell: Cell, device: int | None = None) -> tuple[float, float] | None:
    """Train, and look at validation faces alone.

    Returns:
        What `validated` gives: an accuracy and a gap. None: it cannot be trained so.
    """
    _take(device)
    from evenface.benchmark.measure import validated

    with TemporaryDirectory(dir=cell.out / RUNNING) as scratch:
        try:
            folder, _ = _train(cell, Path(scratch))
        except EvenfaceError:
            return None
        return validated(folder / "predictions" / "validation.parquet", cell.prepared.suite)


def _train(cell: Cell, out: Path) -> tuple[Path, float]:
    from evenface.training.run import train
    from evenface.training.settings import TrainSettings

    asked = configuration(
        cell.method,
        manifest=cell.prepared.manifest,
        groups=cell.prepared.suite.groups,
        seed=cell.seed,
        out=out,
        cache=cell.out / CACHE,
        chosen=cell.chosen,
        changes=cell.changes,
    )
    (run,) = train(TrainSettings(**asked))
    return run.folder, float(run.result["seconds"])


def _take(device: int | None) -> None:
    """Make one GPU the only one that this process sees."""
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(device)
