"""The loop over random tables: from draws of cells to draws of every gap.

Draws are made in chunks that fit the cache, each with a random stream of its own, so that the result does not
depend on how many threads share the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evenface.audit.draws import Bootstrap, Exchange, Sampler
from evenface.audit.evaluate import evaluate
from evenface.audit.flows import largest
from evenface.audit.gaps import Frame, reach_of_one
from evenface.audit.metric import Array, Metric, Null
from evenface.audit.plan import Plan
from evenface.audit.sums import CountSums, Margins, margin_map

T = TypeVar("T")
Floats = NDArray[np.float64]
CHUNK_NUMBERS = 600_000  # size of the largest array of a chunk
NULLS: tuple[Null, ...] = ("any", "within_true", "within_predicted")


@dataclass(frozen=True)
class Drawn:
    """What the draws gave.

    Attributes:
        frames: The gaps of each grouping, in the order of the last axis of the arrays below.
        seen: (gap,) departures of the table itself.
        boot: (draw, gap) departures in bootstrap tables.
        chance: (draw, gap) departures in tables dealt at random.
        reach: (draw, gap), see `gaps.reach_of_one`; NaN for gaps that are not a difference.
        flow: (draw, grouping) largest confusion-flow statistic in tables dealt within true class.
        score_mean: (group, score column) mean of bootstrap values; empty without scores.
        score_sd: (group, score column) their standard deviation.
    """

    frames: tuple[Frame, ...]
    seen: Floats
    boot: Floats
    chance: Floats
    reach: Floats
    flow: Floats
    score_mean: Floats
    score_sd: Floats


class _Worker:
    """Evaluates all gaps on stacks of leaf tables (draw, leaf, cell)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.classes = len(plan.cells.classes)
        self.frames = tuple(
            Frame(by, plan.compared[by] - span.start, plan.group_columns, plan.between_columns)
            for by, span in plan.groups.spans.items()
        )
        self.member = plan.groups.member.astype(np.float64)
        self.map = margin_map(self.classes, np.float64)
        self.by_counts_at = _places(plan.by_counts, self.classes)
        self.between_at = _places(plan.between, self.classes)

    def evaluate(self, table: Array, wanted: Callable[[Metric], bool], values: Floats, between: list[Floats]) -> None:
        """Fill in the columns of all wanted count metrics.

        Args:
            table: (draw, leaf, cell).
            wanted: Which metrics this table is for.
            values: (draw, group, column) to fill.
            between: Per grouping (draw, column) to fill.
        """
        plan = self.plan
        margins = self.margins(table)
        mine = [m for m in plan.by_counts if wanted(m)]
        at = [i for m, place in zip(plan.by_counts, self.by_counts_at, strict=True) if wanted(m) for i in place]
        if mine:
            values[..., at] = evaluate(mine, Margins(margins), margins.shape[:2], self.classes)
        others = [m for m in plan.between if wanted(m)]
        if not others:
            return
        at = [i for m, place in zip(plan.between, self.between_at, strict=True) if wanted(m) for i in place]
        for slot, by in zip(between, plan.groups.spans, strict=True):
            rows = plan.compared[by]
            sums = _Both(margins[:, rows], lambda rows=rows: self.matrix(table, rows))  # type: ignore[misc]
            slot[..., at] = evaluate(others, sums, margins.shape[:1], self.classes)

    def margins(self, table: Array) -> Floats:
        """(draw, group, margin), with groups outermost in memory: comparing them then runs along contiguous numbers."""
        size, leaves, cells = table.shape
        by_leaf = (table.reshape(-1, cells).astype(np.float64) @ self.map).reshape(size, leaves, -1)
        stacked = np.ascontiguousarray(by_leaf.swapaxes(0, 1)).reshape(leaves, -1)
        return np.moveaxis((self.member @ stacked).reshape(len(self.member), size, -1), 0, 1)

    def matrix(self, table: Array, rows: NDArray[np.int64]) -> Floats:
        """(draw, group, true, answer) of some groups."""
        size, leaves, _ = table.shape
        stacked = table.swapaxes(0, 1).astype(np.float64, order="C").reshape(leaves, -1)
        flat = (self.member[rows] @ stacked).reshape(len(rows), size, self.classes, self.classes + 1)
        return np.moveaxis(flat, 0, 1)

    def blank(self, size: int) -> tuple[Floats, list[Floats]]:
        """Arrays for `evaluate` to fill."""
        plan = self.plan
        values = np.full((len(plan.counts), size, len(plan.group_columns)), np.nan)
        return np.moveaxis(values, 0, 1), [np.full((size, len(plan.between_columns)), np.nan) for _ in self.frames]

    def scores(self, sums: object, values: Floats) -> None:
        """Fill in the columns of the score metrics."""
        if self.plan.by_scores:
            first = len(self.plan.group_columns) - sum(self.classes if m.per_class else 1 for m in self.plan.by_scores)
            values[..., first:] = evaluate(self.plan.by_scores, sums, values.shape[:2], self.classes)

    def departures(self, values: Floats, between: Sequence[Floats]) -> Floats:
        """(draw, gap) over all groupings."""
        parts = [
            frame.departures(values[:, self.plan.compared[frame.by]], b)
            for frame, b in zip(self.frames, between, strict=True)
        ]
        return np.concatenate(parts, axis=-1) if parts else np.zeros((len(values), 0))


class _Both(Margins):
    """Margins of some groups, and the matrix behind them if a metric asks."""

    def __init__(self, margins: Array, matrix: Callable[[], Floats]) -> None:
        super().__init__(margins)
        self._matrix = matrix

    @property
    def matrix(self) -> Array:
        return CountSums(self._matrix()).matrix


def _places(metrics: Sequence[Metric], classes: int) -> list[list[int]]:
    out, at = [], 0
    for metric in metrics:
        step = classes if metric.per_class else 1
        out.append(list(range(at, at + step)))
        at += step
    return out


def draw_all(plan: Plan) -> Drawn:
    """Draw bootstrap and chance tables and evaluate every gap on them."""
    worker = _Worker(plan)
    values, between = worker.blank(1)
    flat = plan.cells.counts.reshape(1, len(plan.cells.counts), -1)
    worker.evaluate(flat, lambda m: True, values, between)
    if plan.scores is not None:
        worker.scores(plan.scores.observed(), values)
    seen = worker.departures(values, between)[0]
    root = np.random.SeedSequence(plan.settings.seed)
    boot_seed, chance_seed = root.spawn(2)
    boots = _chunks(plan, plan.settings.resamples, boot_seed, lambda rng, size: _boot(worker, rng, size))
    chances = _chunks(plan, plan.settings.permutations, chance_seed, lambda rng, size: _chance(worker, rng, size))
    n = plan.settings.resamples
    mean = sum(b[1] for b in boots) / n
    square = sum(b[2] for b in boots) / n
    return Drawn(
        frames=worker.frames,
        seen=seen,
        boot=np.concatenate([b[0] for b in boots]),
        chance=np.concatenate([c[0] for c in chances]),
        reach=np.concatenate([c[1] for c in chances]),
        flow=np.concatenate([c[2] for c in chances]),
        score_mean=mean,
        score_sd=np.sqrt(np.maximum(square - mean**2, 0)),
    )


def _chunks(
    plan: Plan, draws: int, seed: np.random.SeedSequence, work: Callable[[np.random.Generator, int], T]
) -> list[T]:
    cells = plan.cells.counts.size
    numbers = max(cells, len(plan.counts) * max(len(plan.group_columns), 1))
    size = int(np.clip(CHUNK_NUMBERS // numbers, 1, 125))
    sizes = [size] * (draws // size) + ([draws % size] if draws % size else [])
    streams = [np.random.Generator(np.random.SFC64(s)) for s in seed.spawn(len(sizes))]
    # The chunks share the cores, so linear algebra inside a chunk must not ask for them all again.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, streams, sizes))


def _boot(worker: _Worker, rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    plan = worker.plan
    values, between = worker.blank(size)
    worker.evaluate(Bootstrap(plan.cells).draw(rng, size), lambda m: True, values, between)
    if plan.scores is not None:
        worker.scores(plan.scores.bootstrap(rng, size), values)
    scored = values[..., values.shape[-1] - _width(plan) :]
    return worker.departures(values, between), scored.sum(0), (scored**2).sum(0)


def _width(plan: Plan) -> int:
    return sum(len(plan.cells.classes) if m.per_class else 1 for m in plan.by_scores)


def _chance(worker: _Worker, rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    plan = worker.plan
    values, between = worker.blank(size)
    flow = np.zeros((size, len(worker.frames)))
    persons = plan.cells.units is not None
    for null in ("any",) if persons else NULLS:
        wanted = (lambda m: True) if persons else (lambda m, null=null: m.null == null)
        flows = persons or null == "within_true"
        if not flows and not any(wanted(m) for m in plan.by_counts + plan.between):
            continue
        sampler: Sampler = Exchange(plan.cells, null)
        table = sampler.draw(rng, size)
        worker.evaluate(table, wanted, values, between)
        if flows:
            for i, rows in enumerate(plan.compared.values()):
                flow[:, i] = largest(worker.matrix(table, rows)) if len(rows) > 1 else 0
    if plan.scores is not None:
        worker.scores(plan.scores.chance(rng, size), values)
    return worker.departures(values, between), _reach(worker, values), flow


def _reach(worker: _Worker, values: Floats) -> Floats:
    parts = []
    for frame in worker.frames:
        own = reach_of_one(values[:, worker.plan.compared[frame.by]], frame.group)
        parts += [own, np.full((len(values), len(frame.keys) - own.shape[1]), np.nan)]
    return np.concatenate(parts, axis=-1) if parts else np.zeros((len(values), 0))
