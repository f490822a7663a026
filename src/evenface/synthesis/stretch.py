"""One stretch of faces: planned, drawn, coded and kept, with a receipt that tells that it is done.

The receipt is written last. So a run that was stopped knows what it has, and what has no receipt is made again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface import __version__
from evenface.core.writing import replacing
from evenface.synthesis.plan import Plan
from evenface.synthesis.store import PER_SHARD, encoded, write_image, write_shard

Draw: TypeAlias = Callable[[pl.DataFrame, int], NDArray[np.uint8]]
"""What draws faces: a table of truth and a size in pixels to (face, row, column, 3) pictures."""

PARTS = ".parts"
_BATCH = 50  # faces drawn at once


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a stretch is done.

    Attributes:
        number: Of the stretch.
        rows: Faces in it.
        pixels: Sum of the hashes of its faces' pixels, as hexadecimal digits: it does not depend on the stretches.
        evenface: Version that drew them.
        seconds: Seconds spent planning, drawing, and waiting for images to be coded and written.
    """

    number: int
    rows: int
    pixels: str
    evenface: str
    seconds: dict[str, float]


def stretches(plan: Plan) -> range:
    """Give the numbers of all stretches of a plan."""
    return range(-(-plan.rows // PER_SHARD))


def part_of(out: Path, number: int) -> Path:
    """Give the path of the piece of the manifest that belongs to a stretch."""
    return out / PARTS / f"{number:06d}.parquet"


def receipt_of(out: Path, number: int) -> Receipt | None:
    """Read the receipt of a stretch; None if it is not done, or was done by another version."""
    path = part_of(out, number).with_suffix(".json")
    if not path.is_file() or not part_of(out, number).is_file():
        return None
    receipt = Receipt(**json.loads(path.read_text(encoding="utf-8")))
    return receipt if receipt.evenface == __version__ else None


def make(plan: Plan, out: Path, number: int, draw: Draw, tick: Callable[[int], None] | None = None) -> Receipt:
    """Make one stretch: its images or shard, its piece of the manifest, its receipt.

    Args:
        plan: Of all faces.
        out: Folder of the set.
        number: Which stretch.
        draw: What draws faces.
        tick: Told how many faces were drawn, now and then.

    Raises:
        OSError: Something cannot be written.
    """
    clock = _Clock()
    manifest = plan.manifest(number * PER_SHARD, (number + 1) * PER_SHARD)
    table = manifest.frame
    clock.add("plan")
    total = 0
    images: list[Future[bytes]] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for start in range(0, table.height, _BATCH):
            batch = table[start : start + _BATCH]
            pixels = draw(batch, plan.spec.size)
            clock.add("draw")
            _settle(images)
            total += sum(_hashes(batch["face"], pixels))
            images += [pool.submit(_keep, plan, out, *each) for each in zip(batch["image"], pixels, strict=True)]
            clock.add("write")
            if tick is not None:
                tick(batch.height)
        coded = [each.result() for each in images]
    if plan.spec.store != "files":
        write_shard(out, table["shard"][0], table, coded, plan.spec)
    manifest.save(part_of(out, number))
    clock.add("write")
    receipt = Receipt(number, table.height, f"{total % 2**256:064x}", __version__, clock.seconds)
    with replacing(part_of(out, number).with_suffix(".json")) as part:
        part.write_text(json.dumps(asdict(receipt)), encoding="utf-8")
    return receipt


def _keep(plan: Plan, out: Path, name: str | None, pixels: NDArray[np.uint8]) -> bytes:
    """Code a face, and write it if it has a file of its own."""
    image = encoded(pixels, plan.spec)
    if name is None:
        return image
    write_image(out, name, image)
    return b""


def _settle(images: list[Future[bytes]]) -> None:
    """Wait for all that was started before, so that no more than one batch waits in memory, and faults are seen."""
    for each in images[-_BATCH:]:
        each.result()


def _hashes(faces: pl.Series, pixels: NDArray[np.uint8]) -> Iterator[int]:
    for face, picture in zip(faces, pixels, strict=True):
        yield int.from_bytes(hashlib.sha256(face.encode() + picture.tobytes()).digest(), "big")


class _Clock:
    """Seconds by stage, each since the stage before."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def add(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now
