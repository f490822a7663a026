"""Jobs: cells and trials in processes of their own, as many at once as asked for, over all GPUs that there are."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from threading import Thread
from typing import Any, TypeVar

from evenface.core.errors import InputError
from evenface.synthesis.run import processors

Key = TypeVar("Key")
_PRELOADED = ["evenface.benchmark.measure", "evenface.training.run"]
_LISTENS = 0.5  # seconds between looks for Ctrl-C, which ends no wait once polars has been imported
Job = Callable[[int | None], Any]
"""Told which GPU is its own; None: there is none."""


def at_once(workers: int | None, devices: int) -> int:
    """Give how many processes run at a time: as many as processors, or one for each GPU, where nothing is said."""
    return workers or devices or processors()


class Pool:
    """Runs jobs, each in a new process, so that what one needs of memory is its own and is given back.

    `run` asks for the next job when a process is free, so that a job may depend on what earlier ones gave. When
    `run` is left, or this process is gone, the processes end too, whatever they are at.
    """

    def __init__(self, workers: int, devices: int) -> None:
        self._workers, self._devices = workers, devices
        # Without a GPU, which must be chosen before anything is imported, what all jobs import is imported once.
        self._context: BaseContext = get_context("spawn")
        if not devices and "forkserver" in get_all_start_methods():
            self._context = get_context("forkserver")
            self._context.set_forkserver_preload(_PRELOADED)

    def run(self, jobs: Iterator[tuple[Key, Job]]) -> Iterator[tuple[Key, Any]]:
        """Give the key of each job with what it gave, as they end.

        Raises:
            InputError: A process was ended from outside.
        """
        free = list(range(self._devices)) * -(-self._workers // max(1, self._devices)) if self._devices else []
        running: dict[Future[Any], tuple[Key, int | None]] = {}
        leash, held = self._context.Pipe(duplex=False)
        with leash, ProcessPoolExecutor(self._workers, self._context, _follow, (leash,), max_tasks_per_child=1) as pool:
            try:
                while True:
                    while len(running) < self._workers and (job := next(jobs, None)) is not None:
                        device = free.pop(0) if free else None
                        running[pool.submit(job[1], device)] = (job[0], device)
                    if not running:
                        return
                    for ended in wait(running, _LISTENS, FIRST_COMPLETED).done:
                        key, device = running.pop(ended)
                        free += [] if device is None else [device]
                        yield key, ended.result()
            except BrokenProcessPool as error:
                raise InputError(
                    "A process of the benchmark was ended from outside, perhaps for want of memory. What had ended is "
                    "kept: give the same command again, with fewer --workers."
                ) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                held.close()


def _follow(leash: Connection) -> None:
    """Leave Ctrl-C to the process that gives jobs, and end with it: the other end of `leash` is open only there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end() -> None:
        with suppress(EOFError):
            leash.recv_bytes()  # nothing is ever sent
        os._exit(1)

    Thread(target=end, daemon=True).start()


def bound(function: Callable[..., Any], item: Any) -> Job:
    """Make a job of a function of an item and a device."""
    return partial(function, item)


def of_each(items: Sequence[Key], function: Callable[..., Any]) -> Iterator[tuple[Key, Job]]:
    """Give a job for each item."""
    return ((item, bound(function, item)) for item in items)
