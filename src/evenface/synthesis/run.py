"""Generate: the run that makes a set of faces, in as many processes as there are, and goes on where one was stopped.

A set is a folder: `manifest.parquet` (the truth), `images/` or `shards/`, `spec.toml` (what was asked for, defaults
included), `about.json` (versions, hashes, where the time went). Same spec and seed: same pixels, however many workers.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from evenface import __version__
from evenface.core.errors import InputError, SettingsError, needs
from evenface.core.manifest import Manifest
from evenface.core.writing import explained, replacing, write_files
from evenface.synthesis.plan import Plan
from evenface.synthesis.spec import Spec
from evenface.synthesis.store import FOLDER
from evenface.synthesis.stretch import PARTS, Draw, Receipt, make, part_of, receipt_of, stretches

SCHEMA = "evenface.generated/1"
_LIBRARIES = ("numpy", "polars", "pillow", "warp-lang")
_GO_ON = (
    "What is there is whole. Make room or mend it, and run the same command again: it goes on where this one stopped."
)
Progress = Callable[[int, int], None]
"""Told how many faces are done, and how many there will be."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A set that was made.

    Attributes:
        folder: Where it is.
        rows: Faces in it.
        about: What `about.json` holds.
        made: Faces that this run drew; the others were there already.
    """

    folder: Path
    rows: int
    about: Mapping[str, Any]
    made: int

    def manifest(self) -> Manifest:
        """Read the truth."""
        return Manifest.load(self.folder / "manifest.parquet")


def generate(
    spec: Spec,
    out: str | os.PathLike[str],
    *,
    workers: int | None = 1,
    device: str = "cpu",
    draw: Draw | None = None,
    progress: Progress | None = None,
) -> Generated:
    """Make a set of faces, or go on with one that was stopped.

    Args:
        spec: What is made.
        out: Folder: new, empty, or begun with the same spec.
        workers: Processes; None: as many as there are processors, but no more than there is work for. A script that
            asks for more than one must guard what it runs by `if __name__ == "__main__":`, as they import it anew.
        device: What draws: `cpu`, or a GPU as Warp names it, `cuda:0`.
        draw: Something else that draws faces, defined at the top of a module so that workers find it; None: the
            renderer of this package.
        progress: Told how far it is.

    Raises:
        SettingsError: A bias cannot be had, or `out` holds a set of another spec.
        InputError: `out` cannot be written, is full, or holds something else.
    """
    begun, folder = time.perf_counter(), Path(out)
    plan = Plan(spec)
    drawer = draw or renderer(device)
    if (about := _finished(folder, spec)) is not None:
        return Generated(folder, plan.rows, about, 0)
    _begin(folder, spec)
    receipts = {number: receipt_of(folder, number) for number in stretches(plan)}
    missing = [number for number, receipt in receipts.items() if receipt is None]
    tell = _Teller(progress, plan.rows, sum(receipt.rows for receipt in receipts.values() if receipt))
    with explained(f"to {folder}", _GO_ON):
        for receipt in _made(plan, folder, missing, drawer, workers, tell):
            receipts[receipt.number] = receipt
    done = [receipt for receipt in receipts.values() if receipt is not None]
    with explained(f"to {folder}", _GO_ON):
        Manifest.join([part_of(folder, number) for number in receipts], folder / "manifest.parquet")
    about = _about(plan, done, time.perf_counter() - begun)
    write_files(folder, {"about.json": (json.dumps(about, indent=2) + "\n").encode()}, "the set")
    shutil.rmtree(folder / PARTS)
    return Generated(folder, plan.rows, about, sum(done_one.rows for done_one in done if done_one.number in missing))


def renderer(device: str = "cpu") -> Draw:
    """Give what draws faces on a device.

    Raises:
        SettingsError: What it needs is not installed.
    """
    with needs("Drawing faces", "evenface[synthesis]"):
        for needed in ("warp", "PIL"):  # which drawing loads late, when a run would have begun
            import_module(needed)
        from evenface.synthesis.render.draw import render
    return partial(render, device=device)


def _made(
    plan: Plan, folder: Path, missing: list[int], draw: Draw, workers: int | None, tell: _Teller
) -> Iterator[Receipt]:
    """Make stretches here, or in other processes; each as it is done."""
    processes = min(workers or processors(), len(missing))
    if processes <= 1:
        for number in missing:
            yield make(plan, folder, number, draw, tell.add)
        return
    start = partial(_start, plan.spec, folder, draw)
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=start)
    try:
        for future in as_completed([pool.submit(_work, number) for number in missing]):
            receipt = future.result()
            tell.add(receipt.rows)
            yield receipt
    except BrokenProcessPool as error:
        raise InputError(
            "A worker was ended from outside, perhaps for want of memory, or a script has no `if __name__ == "
            "'__main__':` before what it runs. Run it again with fewer workers; it goes on where this stopped."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def processors() -> int:
    """Give how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_work_of: dict[str, Any] = {}


def _start(spec: Spec, folder: Path, draw: Draw) -> None:
    """Prepare a worker: plan and renderer are made once. Ctrl-C is the business of the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work_of.update(plan=Plan(spec), folder=folder, draw=draw)


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone: left alone, it would wait for work for ever."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _work(number: int) -> Receipt:
    return make(_work_of["plan"], _work_of["folder"], number, _work_of["draw"])


class _Teller:
    """Adds up how far a run is."""

    def __init__(self, progress: Progress | None, total: int, done: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self.add(done)

    def add(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._total)


def _finished(folder: Path, spec: Spec) -> Mapping[str, Any] | None:
    """Give `about.json` of a set that is whole; None if there is work to do.

    Raises:
        SettingsError: The folder holds a set of another spec.
        InputError: It holds something else.
    """
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise InputError(f"Cannot write to {folder}: it is not a folder. Give another.")
    if not (folder / "spec.toml").is_file():
        if any(folder.iterdir()):
            raise InputError(f"{folder} holds files, but no set of faces. Give a new or an empty folder.")
        return None
    if differing := list(_differences(Spec.load(folder / "spec.toml"), spec)):
        raise SettingsError(
            f"{folder} holds a set of another spec:\n"
            + "\n".join(f"- {each}" for each in differing)
            + "\nGive another folder, or the same spec to go on with it."
        )
    about = folder / "about.json"
    return json.loads(about.read_text(encoding="utf-8")) if about.is_file() else None


def _differences(there: Spec, wanted: Spec) -> Iterator[str]:
    one, other = (dict(_flat(spec.model_dump(mode="json", exclude_none=True))) for spec in (there, wanted))
    for key in [*one, *(key for key in other if key not in one)]:
        if one.get(key) != other.get(key):
            yield f"{key}: {one.get(key, 'not set')!r} there, {other.get(key, 'not set')!r} now"


def _flat(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else None
    if items is None:
        yield path, values
    else:
        for key, value in items:
            yield from _flat(value, f"{path}.{key}" if path else str(key))


def _begin(folder: Path, spec: Spec) -> None:
    """Make the folders, see that they can be written, and leave the spec; clear what a stopped run left half done."""
    with explained(f"to {folder}", "Give another folder."):
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for number in range(-(-spec.count // FOLDER) if spec.store == "files" else 0):
            (folder / "images" / f"{number:03d}").mkdir(parents=True, exist_ok=True)
        for half in (*folder.glob("images/*/.*"), *folder.glob("shards/.*"), *folder.glob(f"{PARTS}/.*")):
            half.unlink()
        with replacing(folder / "spec.toml") as part:
            part.write_text(spec.to_toml(), encoding="utf-8")


def _about(plan: Plan, receipts: list[Receipt], wall: float) -> dict[str, Any]:
    stages = {stage: sum(receipt.seconds[stage] for receipt in receipts) for stage in receipts[0].seconds}
    return {
        "schema": SCHEMA,
        "name": plan.spec.name,
        "faces": plan.rows,
        "asked": plan.spec.count,
        "plan_sha256": plan.sha256,
        "pixels_sha256": f"{sum(int(receipt.pixels, 16) for receipt in receipts) % 2**256:064x}",
        "evenface": __version__,
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES},
        "seconds": {"wall": round(wall, 3)} | {stage: round(seconds, 3) for stage, seconds in stages.items()},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
