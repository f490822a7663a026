"""Checkpoints: all that a run needs to go on exactly, in one safetensors file, written whole or not at all.

Random numbers need no state: those of a step follow from the seed and the number of the step alone.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from evenface.core.errors import EvenfaceError, InputError
from evenface.core.writing import explained, replacing

NAME = "checkpoint.safetensors"
SCHEMA = "evenface.checkpoint/1"


class TrainingStopped(EvenfaceError):  # noqa: N818
    """Training cannot go on: the loss is no number, or a checkpoint cannot be written."""


@dataclass(slots=True)
class Progress:
    """How far a run is, and what it knows beside its tensors.

    Attributes:
        step: Batches done.
        loss: Sum of the mean losses of the batches of this epoch.
        right: Faces of this epoch that were read as labelled.
        seen: Faces of this epoch.
        best_score: Of the selection rule; -infinity before the first epoch.
        best_epoch: The epoch it is of, from 1; 0 before the first.
        others: Of each rule beside it, the same two.
        stopped: Whether training ended early.
        seconds: Spent in training, over all parts of the run.
        history: One entry for each epoch.
    """

    step: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    best_score: float = -math.inf
    best_epoch: int = 0
    others: dict[str, tuple[float, int]] = field(default_factory=dict)
    stopped: bool = False
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


def write_checkpoint(folder: Path, tensors: dict[str, Tensor], progress: Progress, facts: dict[str, Any]) -> None:
    """Write a checkpoint over the last one.

    Args:
        folder: Of the run.
        tensors: Weights, averages and states of optimisers, by name.
        progress: How far it is.
        facts: What must be the same when the run goes on.

    Raises:
        TrainingStopped: It cannot be written; the last one is still there.
    """
    about = json.dumps({"schema": SCHEMA, "progress": asdict(progress), "facts": facts})
    path = folder / NAME
    content = save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, {"evenface": about})
    kept = "The last good state is in the checkpoint there" if path.exists() else "There is no earlier one"
    then = f"{kept}; make room, and start the same command with --resume."
    what = f"the checkpoint of step {progress.step:,} in {folder}"
    with explained(what, then, TrainingStopped), replacing(path) as part:
        part.write_bytes(content)


def read_checkpoint(folder: Path) -> tuple[dict[str, Tensor], Progress, dict[str, Any]] | None:
    """Read the checkpoint of a run; None if it has none yet.

    Raises:
        InputError: The file is damaged, or of another version.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        content = path.read_bytes()
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        about = json.loads(header["__metadata__"]["evenface"])
        if about["schema"] != SCHEMA:
            raise ValueError(f"its schema is {about['schema']}, expected {SCHEMA}")
        return tensors, Progress(**about["progress"]), about["facts"]
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error}). Remove {folder} and start the run anew.") from error


def under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Give the tensors whose names start with `prefix` and a dot, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put `prefix` and a dot before each name."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}
