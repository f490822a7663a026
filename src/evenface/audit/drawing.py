"""The loop over random tables: from draws of cells to draws of every gap.

Draws are made in chunks that fit the cache, each with a random stream of its own, so that the result does not
depend on how many threads share the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evenface.audit.draws import Bootstrap, Exchange
from evenface.audit.evaluate import fill, places
from evenface.audit.flows import largest
from evenface.audit.gaps import Frame, reach_of_one
from evenface.audit.metric import Array, Metric, Null
from evenface.audit.plan import Plan
from evenface.audit.sums import CountSums, Margins, keep_possible, margin_map

T = TypeVar("T")
Floats = NDArray[np.float64]
CHUNK_NUMBERS = 1_400_000  # size of the largest array of a chunk
MOST_DRAWS = 250  # of a chunk
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
        flow: (draw, grouping) largest confusion-flow statistic in tables dealt within true class, or in persons dealt.
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


class Worker:
    """Evaluates all gaps on stacks of leaf tables (draw, leaf, cell).

    In memory the draws lie innermost, whatever the order of axes says: sums over classes and comparisons of groups
    then run along contiguous numbers, which numpy does about five times as fast.
    """

    def __init__(self, plan: Plan, dtype: type) -> None:
        self.plan = plan
        self.dtype = dtype
        self.classes = len(plan.cells.classes)
        self.frames = tuple(Frame(by, plan.group_columns, plan.between_columns) for by in plan.groups.spans)
        self.member: Array = plan.groups.member.astype(self.dtype)
        self.map = margin_map(self.classes, self.dtype)
        units = plan.cells.units
        self.signed = units is not None and units.scattered  # counts drawn may be below 0, see `audit.scattered`
        # Added to values, it takes those that rest on too few faces out of comparisons.
        self.lacking: Array = np.where(plan.enough, 0, np.nan).astype(self.dtype)
        seen, least = CountSums(plan.counts), plan.settings.min_rate
        self.enough_true, self.enough_read = seen.true >= least, seen.predicted >= least
        self.enough_other: Array = seen.answered[..., None] - seen.true >= least
        self.by_counts_at = places(plan.by_counts, self.classes)
        self.by_scores_at = [
            slice(s.start + self.counts_width, s.stop + self.counts_width) for s in places(plan.by_scores, self.classes)
        ]
        self.between_at = places(plan.between, self.classes)

    @property
    def counts_width(self) -> int:
        """Columns from counts; those from scores follow."""
        return self.by_counts_at[-1].stop if self.by_counts_at else 0

    def blank(self, size: int) -> tuple[Array, list[Array]]:
        """NaN arrays for `evaluate` to fill: values (draw, group, column), and per grouping (draw, column)."""
        plan = self.plan
        values: Array = np.full((len(plan.group_columns), len(plan.counts), size), np.nan, self.dtype)
        between: list[Array] = [np.full((len(plan.between_columns), size), np.nan, self.dtype).T for _ in self.frames]
        return values.T, between

    def evaluate(self, table: Array, wanted: Callable[[Metric], bool], values: Array, between: list[Array]) -> _Sums:
        """Fill in the columns of all wanted count metrics.

        Args:
            table: (draw, leaf, cell).
            wanted: Which metrics this table is for.
            values: (draw, group, column) to fill.
            between: Per grouping (draw, column) to fill.

        Returns:
            The sums of all groups.
        """
        plan = self.plan
        sums = _Sums(self, np.ascontiguousarray(table.T, self.dtype))
        mine = [(m, at) for m, at in zip(plan.by_counts, self.by_counts_at, strict=True) if wanted(m)]
        fill(values, [at for _, at in mine], [m for m, _ in mine], sums)
        others = [(m, at) for m, at in zip(plan.between, self.between_at, strict=True) if wanted(m)]
        if others:
            for slot, rows in zip(between, plan.compared.values(), strict=True):
                fill(slot, [at for _, at in others], [m for m, _ in others], sums.of(rows))
        return sums

    def scores(self, sums: object, values: Array) -> None:
        """Fill in the columns of the score metrics."""
        fill(values, self.by_scores_at, self.plan.by_scores, sums)

    def compared(self, values: Array, frame: Frame) -> Array:
        """The values of the groups that are compared, NaN where they rest on too few faces; (draw, group, column)."""
        rows = self.plan.shown[frame.by]
        return np.asarray((values.T[:, rows] + self.lacking.T[:, rows, None]).T)

    def departures(self, values: Array, between: Sequence[Array]) -> Array:
        """(draw, gap) over all groupings."""
        parts = [
            frame.departures(self.compared(values, frame), b) for frame, b in zip(self.frames, between, strict=True)
        ]
        return np.concatenate(parts, axis=-1) if parts else np.zeros((len(values), 0))


class _Sums(Margins):
    """Sums of drawn tables for some groups: margins at once, the matrix if something asks for it.

    Args:
        worker: What the tables belong to.
        leaves: (cell, leaf, draw).
    """

    def __init__(self, worker: Worker, leaves: Array) -> None:
        cells, n_leaves, size = leaves.shape
        by_leaf = (worker.map.T @ leaves.reshape(cells, -1)).reshape(-1, n_leaves, size)
        self.worker, self._leaves = worker, leaves
        margins = (worker.member @ by_leaf).T
        if worker.signed:
            keep_possible(margins)
        super().__init__(margins, worker.plan.in_use)

    def of(self, rows: NDArray[np.int64]) -> _Some:
        """The sums of some groups only."""
        return _Some(self, rows)

    @cached_property
    def table(self) -> Array:
        """(draw, group, true, answer), all groups."""
        flat = self.worker.member @ self._leaves
        if self.worker.signed:
            np.maximum(flat, 0, out=flat)
        classes = self.worker.classes
        return flat.reshape(classes, classes + 1, *flat.shape[1:]).transpose(3, 2, 0, 1)


class _Some(Margins):
    """Sums of some groups."""

    def __init__(self, sums: _Sums, rows: NDArray[np.int64]) -> None:
        self._sums, self._rows = sums, rows
        worker = sums.worker
        self.enough_true, self.enough_read = worker.enough_true[rows], worker.enough_read[rows]
        self.enough_other = worker.enough_other[rows]
        super().__init__(sums.margins.T[:, rows].T, sums.in_use)

    @property
    def table(self) -> Array:
        """(draw, group, true, answer) of these groups."""
        return self._sums.table.transpose(2, 3, 1, 0)[:, :, self._rows].transpose(3, 2, 0, 1)

    @property
    def matrix(self) -> Array:
        """The same without the unanswered faces."""
        return self.table[..., :-1]


def draw_all(plan: Plan, progress: Callable[[float], None] | None = None) -> Drawn:
    """Draw bootstrap and chance tables and evaluate every gap on them; `progress` hears the share done."""
    # Single precision counts exactly up to 2^24 faces, and is enough for draws; what was seen is worth double.
    worker = Worker(plan, np.float32 if plan.cells.total < 2**24 else np.float64)
    seen = _seen(Worker(plan, np.float64))
    root = np.random.SeedSequence(plan.settings.seed)
    boot_seed, chance_seed = root.spawn(2)
    tell = progress or (lambda share: None)
    n, m = plan.settings.resamples, plan.settings.permutations
    boots = _chunks(plan, n, boot_seed, partial(_boot, worker), lambda share: tell(share / 2))
    wanted = {_null_of_flows(plan), *(metric.null for metric in plan.by_counts + plan.between)}
    exchanges = [Exchange(plan.cells, null) for null in NULLS if null in wanted]
    chances = _chunks(plan, m, chance_seed, partial(_chance, worker, exchanges), lambda share: tell((1 + share) / 2))
    mean = np.sum([b[1] for b in boots], axis=0) / n
    square = np.sum([b[2] for b in boots], axis=0) / n
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


def _seen(worker: Worker) -> Floats:
    """Departures of the table itself, (gap,)."""
    plan = worker.plan
    values, between = worker.blank(1)
    worker.evaluate(plan.cells.counts.reshape(1, len(plan.cells.counts), -1), lambda m: True, values, between)
    if plan.scores is not None:
        worker.scores(plan.scores.observed(), values)
    return np.asarray(worker.departures(values, between)[0])


def _chunks(
    plan: Plan,
    draws: int,
    seed: np.random.SeedSequence,
    work: Callable[[np.random.Generator, int], T],
    progress: Callable[[float], None],
) -> list[T]:
    cells = plan.cells.counts.size
    numbers = max(cells, len(plan.counts) * max(len(plan.group_columns), 1))
    size = int(np.clip(CHUNK_NUMBERS // numbers, 1, MOST_DRAWS))
    sizes = [size] * (draws // size) + ([draws % size] if draws % size else [])
    streams = [np.random.Generator(np.random.SFC64(s)) for s in seed.spawn(len(sizes))]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        done = []
        for part in pool.map(work, streams, sizes):
            done.append(part)
            progress(len(done) / len(sizes))
        return done


def _boot(worker: Worker, rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    plan = worker.plan
    values, between = worker.blank(size)
    worker.evaluate(Bootstrap(plan.cells).draw(rng, size), lambda m: True, values, between)
    if plan.scores is not None:
        worker.scores(plan.scores.bootstrap(rng, size), values)
    scored = values[..., worker.counts_width :].astype(np.float64)
    return worker.departures(values, between), scored.sum(0), (scored**2).sum(0)


def _null_of_flows(plan: Plan) -> Null:
    """What is fixed in chance tables of confusion flows.

    Persons are dealt as wholes, whatever their labels: the statistic is standardised by the labels of each table
    drawn, and a person who is read badly makes several of the same rare mistakes, which no drawn likeness does.
    """
    return "within_true" if plan.cells.units is None else "any"


def _chance(
    worker: Worker, exchanges: Sequence[Exchange], rng: np.random.Generator, size: int
) -> tuple[Floats, Floats, Floats]:
    plan = worker.plan
    values, between = worker.blank(size)
    flow = np.zeros((size, len(worker.frames)))
    for exchange in exchanges:
        sums = worker.evaluate(exchange.draw(rng, size), exchange.suits, values, between)
        if exchange.null == _null_of_flows(plan):
            for i, rows in enumerate(plan.compared.values()):
                if len(rows) > 1:
                    flow[:, i] = largest(sums.of(rows).table)
    if plan.scores is not None:
        worker.scores(plan.scores.chance(rng, size), values)
    return worker.departures(values, between), _reach(worker, values), flow


def _reach(worker: Worker, values: Floats) -> Floats:
    parts = []
    for frame in worker.frames:
        own = reach_of_one(worker.compared(values, frame), frame.group)
        parts += [own, np.full((len(values), len(frame.keys) - own.shape[1]), np.nan)]
    return np.concatenate(parts, axis=-1) if parts else np.zeros((len(values), 0))
