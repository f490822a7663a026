"""The folder of a run: everything that its result rests on. docs/TRAINING.md lists the files."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from evenface import __version__
from evenface.core.errors import InputError
from evenface.core.writing import RESUME, explained, replacing, write_table
from evenface.training.checkpoint import NAME as CHECKPOINT
from evenface.training.checkpoint import TrainingStopped
from evenface.training.data import TrainingData
from evenface.training.evaluate import Floats, chances

_PACKAGE = Path(__file__).parents[1]


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        TrainingStopped: It cannot be written.
    """
    with explained(path, RESUME, TrainingStopped):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object as JSON; numbers that are undefined become null."""
    write_text(path, json.dumps(plain(value), indent=2, allow_nan=False) + "\n")


def write_history(folder: Path, history: list[dict[str, Any]]) -> None:
    """Write `history.jsonl`: one line for each epoch."""
    write_text(folder / "history.jsonl", "".join(json.dumps(plain(each), allow_nan=False) + "\n" for each in history))


def plain(value: Any) -> Any:
    """Give a value as JSON has it: numbers that are not finite are null, tuples are lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def environment(device: torch.device, precision: str, devices: int) -> dict[str, Any]:
    """Tell what a run was computed with."""
    return {
        "evenface": __version__,
        "git": _git(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning_fabric": version("lightning-fabric"),
        "numpy": np.__version__,
        "polars": pl.__version__,
        "safetensors": version("safetensors"),
        "system": platform.platform(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu",
        "devices": devices,
        "precision": precision,
        "threads": torch.get_num_threads(),
        "processors": os.cpu_count(),
    }


def _git() -> str | None:
    """The commit of this package's code, with `+` if it was changed since; None if it is not under git."""
    git = shutil.which("git")
    if git is None:
        return None

    def ask(*arguments: str) -> str | None:
        command = [git, "-C", str(_PACKAGE), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    # Installed into an environment inside somebody's repository, the code is not part of that repository.
    if ask("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    changed = ask("status", "--porcelain", "--untracked-files=no", ".")
    return f"{ask('rev-parse', 'HEAD')}{'+' if changed else ''}"


def about_data(data: TrainingData) -> dict[str, Any]:
    """Tell what a run learnt from: hashes, and faces of each split by class and by group."""
    names = data.manifest.labels.names
    splits = {}
    for split, places in data.splits.items():
        of_class = np.bincount(data.labels[places], minlength=len(names)).tolist()
        known = data.groups[places][data.groups[places] >= 0]
        of_group = np.bincount(known, minlength=len(data.group_names)).tolist()
        splits[split] = {
            "faces": len(places),
            "classes": dict(zip(names, of_class, strict=True)),
            "groups": dict(zip(data.group_names, of_group, strict=True)),
        }
    images = data.manifest.frame["image"]
    return {
        "manifest_sha256": data.sha256,
        "chips_sha256": data.chips.sha256,
        "size": data.chips.pixels.shape[1],
        "splits": splits,
        "attributes": {
            a.name: {"levels": list(a.levels), "provenance": a.provenance} for a in data.manifest.attributes
        },
        "unreadable": {images[place]: why for place, why in data.chips.reasons.items()},
        "notices": [notice.message for notice in data.notices],
    }


def write_predictions(folder: Path, data: TrainingData, split: str, logits: Floats, temperature: float) -> Path:
    """Write what a net answers to the faces of a split, as `evenface audit` reads it.

    Columns: `face`, `subject`, `label`, `predicted` (names), `score_<class>`, one per attribute, and `true_label` where
    the manifest has it. A face whose picture could not be read is a row without an answer.

    Args:
        folder: Of the run.
        data: The faces.
        split: Which of them.
        logits: (face, class) scores of the readable faces of the split, in their order.
        temperature: Scores are divided by it.

    Raises:
        TrainingStopped: The table cannot be written.
    """
    names, frame, places = data.manifest.labels.names, data.manifest.frame, data.splits[split]
    p = chances(logits, temperature)
    unread = [place for place in data.chips.reasons if data.split[place] == split]
    rows = np.concatenate([places, np.asarray(unread, np.int64)])
    scores = {f"score_{name}": pl.Series(p[:, i]).extend_constant(None, len(unread)) for i, name in enumerate(names)}
    said = pl.Series(names).gather(p.argmax(1)).extend_constant(None, len(unread))
    spelled = dict(enumerate(names))
    truth = [name for name in ("label", "true_label") if name in frame.columns]
    kept = frame[rows].select(
        "face",
        "subject",
        *(pl.col(name).replace_strict(spelled, default=None, return_dtype=pl.String) for name in truth),
        *(pl.col(f"attr:{attribute.name}").alias(attribute.name) for attribute in data.manifest.attributes),
    )
    path = folder / "predictions" / f"{split}.parquet"
    write_table(kept.with_columns(predicted=said, **scores), path, RESUME, TrainingStopped)
    return path


def run_folder(out: str, name: str, seed: int, resume: bool) -> Path:
    """Make the folder of a run, or find it.

    Raises:
        InputError: It is there already and is not to be gone on with, or cannot be made.
    """
    folder = Path(out) / f"{name}-seed{seed}"
    if folder.exists() and any(folder.iterdir()) and not resume:
        raise InputError(f"{folder} is there already. Go on with it by --resume, or choose another name: --set name=…")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob(f".{CHECKPOINT}.*"):  # what a process was writing when it was killed
            half.unlink()
    except OSError as error:
        raise InputError(f"Cannot make the folder {folder}: {error}. Choose another with --set out=…") from error
    return folder
