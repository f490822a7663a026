"""Events: the history of a run as TensorBoard reads it, for those who have that installed."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenface.core.errors import needs

FOLDER = "tensorboard"
_PLACES = ("epoch", "step")  # where an entry belongs, not what it says


class Events:
    """Writes each number of each epoch to `<run>/tensorboard/`, with the epoch as TensorBoard's step.

    Files of an earlier part of the run are replaced by the history that the checkpoint holds: no epoch is there twice.
    """

    def __init__(self, run: Path) -> None:
        """Take the folder of a run; nothing is written yet.

        Raises:
            SettingsError: TensorBoard is not installed.
        """
        with needs("Writing event files (tensorboard = true)", "evenface[tensorboard]"):
            from torch.utils.tensorboard import SummaryWriter
        self._folder, self._make = run / FOLDER, SummaryWriter
        self._writer: Any = None
        self._told = 0

    def tell(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Write the epochs that were not yet written."""
        if self._writer is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._writer = self._make(str(self._folder))
        for entry in history[self._told :]:
            for name, value in _numbers({k: v for k, v in entry.items() if k not in _PLACES}, ""):
                self._writer.add_scalar(name, value, entry["epoch"])
        self._told = len(history)
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()


def _numbers(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    """Yield the finite numbers of nested tables by their path: `validation/accuracy`."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{path}{key}/")
        elif isinstance(value, int | float) and math.isfinite(value):
            yield f"{path}{key}", value
