"""The loop over random pairs of tables: changes of every group's value and of every gap."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenface.audit.compare.joint import Joint
from evenface.audit.drawing import CHUNK_NUMBERS, Worker
from evenface.audit.gaps import GapKey
from evenface.audit.plan import Plan

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], tuple[Floats, Floats]]


@dataclass(frozen=True)
class DrawnChanges:
    """What the draws gave; gaps as departures (0 = all groups alike), see `evenface.audit.gaps`.

    Attributes:
        keys: The gaps, in the order of the last axis.
        seen: (model, gap) departures of the tables themselves.
        boot: (draw, gap) change of the departure from A to B in paired bootstrap samples.
        swap: (draw, gap) the same with answers swapped.
        group_swap: (draw, group, column) change of each group's value with answers swapped.
    """

    keys: tuple[GapKey, ...]
    seen: Floats
    boot: Floats
    swap: Floats
    group_swap: Floats


def draw_changes(joint: Joint, plans: tuple[Plan, Plan]) -> DrawnChanges:
    """Draw paired bootstrap and swapped tables and evaluate every group and gap on them.

    Args:
        joint: Counted pairs of answers.
        plans: A's and B's, which differ in their counts only.
    """
    plan = plans[0]
    # Single precision counts exactly up to 2^24 faces, and is enough for draws; what was seen is worth double.
    worker = _worker(plans, np.float32 if plan.cells.total < 2**24 else np.float64)
    keys = tuple(key for frame in worker.frames for key in frame.keys)
    keep = [i for i, key in enumerate(keys) if key.kind != "ratio"]
    stack = np.stack([each.cells.counts.reshape(len(joint.levels), -1) for each in plans])
    seen = _evaluate(_worker(plans, np.float64), stack.astype(np.float64))[1]
    boot_seed, swap_seed = np.random.SeedSequence(plan.settings.seed).spawn(2)
    boots = _chunks(worker, joint, joint.bootstrap, plan.settings.resamples, boot_seed)
    swaps = _chunks(worker, joint, joint.swap, plan.settings.permutations, swap_seed)
    return DrawnChanges(
        keys=tuple(keys[i] for i in keep),
        seen=seen[:, keep],
        boot=np.concatenate([gaps for _, gaps in boots])[:, keep],
        swap=np.concatenate([gaps for _, gaps in swaps])[:, keep],
        group_swap=np.concatenate([values for values, _ in swaps]),
    )


def _worker(plans: tuple[Plan, Plan], dtype: type) -> Worker:
    """One that compares a rate only where it rests on enough faces under both models."""
    one, two = (Worker(plan, dtype) for plan in plans)
    one.enough_true, one.enough_read = one.enough_true & two.enough_true, one.enough_read & two.enough_read
    one.enough_other = one.enough_other & two.enough_other
    return one


def _evaluate(worker: Worker, tables: Floats) -> tuple[Floats, Floats]:
    """Values (table, group, column) and departures (table, gap)."""
    values, between = worker.blank(len(tables))
    worker.evaluate(tables, lambda metric: True, values, between)
    return values, worker.departures(values, between)


def _chunks(
    worker: Worker, joint: Joint, draw: Draw, draws: int, seed: np.random.SeedSequence
) -> list[tuple[Floats, Floats]]:
    """Changes of values and of gaps, in chunks with a random stream each, so that threads do not matter."""
    plan = worker.plan
    numbers = max(len(joint.count), plan.cells.counts.size, len(plan.counts) * len(plan.group_columns), 1)
    size = int(np.clip(CHUNK_NUMBERS // numbers, 1, 125))
    sizes = [size] * (draws // size) + ([draws % size] if draws % size else [])
    streams = [np.random.Generator(np.random.SFC64(s)) for s in seed.spawn(len(sizes))]

    def work(rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
        (one, gaps_one), (two, gaps_two) = (_evaluate(worker, tables) for tables in draw(rng, size))
        return two - one, gaps_two - gaps_one

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, streams, sizes))
