"""The benchmark: suites are prepared, settings searched, cells run, the page written; it goes on where it stopped."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from evenface import __version__
from evenface.benchmark.cell import RUNNING, TRIAL_SEED, Cell, run_cell
from evenface.benchmark.jobs import Pool, at_once, of_each
from evenface.benchmark.page import write_page
from evenface.benchmark.prepare import Prepared, chips_of, prepare
from evenface.benchmark.protocol import COMMON, RULES, SIZE, Method, methods
from evenface.benchmark.results import collect, document
from evenface.benchmark.search import WINNERS, read_winners, search
from evenface.benchmark.suites import load_suite
from evenface.core.errors import InputError, SettingsError

GENERATED = ("stereotypical-90", "representational", "annotator")
Tell = Callable[[int, int, str], None]
"""Told how much is done, how much there is in all, and what is being done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a benchmark is asked to do.

    Attributes:
        out: Folder of everything.
        suites: Names, or TOML files.
        methods: Names; none: all.
        seeds: Runs of each method on each suite, with seeds 0, 1, …; 0: the search alone.
        manifest: For suites that generate no faces.
        workers: Processes at a time; None: as many as processors, or one for each GPU.
        search: Trials of each method; 0: none.
        search_suite: The one suite whose validation faces the search looks at.
        winners: File with what an earlier search chose.
        changes: Key path of a training configuration -> value, for all methods alike: for quick looks.
    """

    out: Path
    suites: tuple[str, ...] = GENERATED
    methods: tuple[str, ...] = ()
    seeds: int = 5
    manifest: Path | None = None
    workers: int | None = None
    search: int = 0
    search_suite: str = "stereotypical-90"
    winners: Path | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What came out.

    Attributes:
        rows: A row for each suite, method, seed and selection rule; none of a search alone.
        data: What `results.json` holds; nothing of a search alone.
        written: Files.
    """

    rows: pl.DataFrame
    data: Mapping[str, Any]
    written: Sequence[Path]


def benchmark(asked: Asked, tell: Tell | None = None) -> Benchmark:
    """Run the benchmark of mitigations, or go on with one that was stopped.

    Args:
        asked: What to do.
        tell: Told how far it is.

    Raises:
        SettingsError: Something is asked for that cannot be.
        UnknownNameError: There is no such method.
        InputError: Files cannot be read or written, or a process was ended from outside.
    """
    say: Tell = tell or (lambda done, total, what: None)
    tried = methods(asked.methods)
    if asked.seeds < 1 and not asked.search:
        raise SettingsError(f"seeds must be 1 or more, got {asked.seeds}.")
    devices = _devices()
    workers = at_once(asked.workers, devices)
    named = dict.fromkeys((*(asked.suites if asked.seeds else ()), *((asked.search_suite,) if asked.search else ())))
    ready = {name: _ready(name, asked, workers, devices, say) for name in named}
    _clear(asked.out)
    pool = Pool(workers, devices)
    chosen = _chosen(asked, tried, ready, pool, say)
    if not asked.seeds:
        return Benchmark(pl.DataFrame(), {}, [asked.out / WINNERS])
    cells = [
        Cell(ready[name], method, seed, chosen.get(method.name, {}), asked.changes, asked.out)
        for seed in range(asked.seeds)
        for name in asked.suites
        for method in tried
    ]
    left = [cell for cell in cells if not cell.done()]
    for done, _ in enumerate(pool.run(of_each(left, run_cell)), len(cells) - len(left) + 1):
        say(done, len(cells), "cells")
    return _written(asked, cells)


def _written(asked: Asked, cells: Sequence[Cell]) -> Benchmark:
    rows, failed = collect(cells)
    if rows.is_empty():
        reasons = "\n".join(f"- {each['suite']}, {each['method']}: {each['reason']}" for each in failed[:20])
        raise InputError(f"No cell gave a result, so there is nothing to write.\n{reasons}")
    facts = {
        "evenface": __version__,
        "versions": {name: version(name) for name in ("torch", "numpy", "polars", "scipy")},
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "protocol": {"size": SIZE, "rules": list(RULES), **COMMON, "changes": dict(asked.changes)},
    }
    data = document(rows, failed, cells, facts)
    return Benchmark(rows, data, write_page(rows, data, asked.out))


def _ready(name: str, asked: Asked, workers: int, devices: int, say: Tell) -> Prepared:
    """Make and decode the faces of a suite, before processes would do so at the same time."""
    suite = load_suite(name)
    prepared = prepare(
        suite,
        asked.out,
        given=asked.manifest,
        workers=workers,
        device="cuda:0" if devices else "cpu",
        progress=lambda done, total: say(done, total, f"faces of {suite.name}"),
    )
    for manifest in (prepared.manifest, prepared.families):
        if manifest is not None:
            chips_of(manifest, SIZE, asked.out)
    return prepared


def _chosen(
    asked: Asked, tried: Sequence[Method], ready: Mapping[str, Prepared], pool: Pool, say: Tell
) -> dict[str, dict[str, Any]]:
    """Give what a search chose: one asked for now, a file that is named, or one left in the folder."""
    if asked.search:
        prepared = ready[asked.search_suite]
        cells = [Cell(prepared, method, TRIAL_SEED, {}, asked.changes, asked.out) for method in tried]
        return search(cells, asked.search, pool, asked.out, say)
    left = asked.out / WINNERS
    path = asked.winners or (left if left.is_file() else None)
    return read_winners(path) if path else {}


def _clear(out: Path) -> None:
    """Make the folder of what is running, and throw away what a stopped benchmark left in it."""
    try:
        shutil.rmtree(out / RUNNING, ignore_errors=True)
        (out / RUNNING).mkdir(parents=True)
    except OSError as error:
        raise InputError(f"Cannot write to {out}: {error.strerror or error}. Give another with --out.") from error


def _devices() -> int:
    import torch

    return torch.cuda.device_count()
