"""A run of `evenface train`, opened for probing: its net, the faces it never learnt from, and what is known of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.mitigation._mitigation import is_unit
from evenface.models.nets._files import NetCard, load_net
from evenface.models.nets._net import Net
from evenface.training.data import TrainingData, load_data
from evenface.training.run import WEIGHTS
from evenface.training.settings import TrainSettings

NUMBER = "number:"  # before the name of a column of numbers, which may be that of an attribute too
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute or a number, of each face probed.

    Attributes:
        name: As asked for.
        levels: Of an attribute; empty for a number.
        provenance: Where the attribute comes from.
        values: (face,) index of the level, -1 where not known; or the number, NaN where not known.
    """

    name: str
    levels: tuple[str, ...]
    provenance: str
    values: NDArray[np.float64] | Ints


@dataclass(frozen=True, slots=True)
class Opened:
    """A run.

    Attributes:
        folder: Of the run.
        name: What it is called beside others.
        net: Ready to answer.
        card: Of the net.
        settings: Of the run.
        data: All its faces.
        places: Those that are probed.
        people: (face,) who is shown.
        faces_sha256: Of the ids of the faces probed, in order: the same in two runs if the faces are.
        weights_sha256: Of the net's file.
    """

    folder: Path
    name: str
    net: Net
    card: NetCard
    settings: TrainSettings
    data: TrainingData
    places: Ints
    people: NDArray[np.object_]
    faces_sha256: str
    weights_sha256: str

    @property
    def frame(self) -> pl.DataFrame:
        """Rows of the faces that are probed."""
        return self.data.manifest.frame[self.places]

    def columns(self, by: Sequence[str]) -> list[Column]:
        """Give the attributes asked for; those that the run was told if none is, or else all that there are.

        Action units that the run was told are what a face does. A latent is to keep them, so they must be asked for.

        Raises:
            SettingsError: The manifest has no such attribute or number, or none at all.
        """
        there = {each.name: each for each in self.data.manifest.attributes}
        told = (NUMBER + name for name in self.settings.data.continuous if not is_unit(name))
        asked = tuple(dict.fromkeys(by)) or (*self.data.levels, *told)
        asked = asked or tuple(there)
        frame = self.frame
        numbers = {NUMBER + c for c, kind in frame.schema.items() if kind.is_numeric() and c not in ("label", "shard")}
        if unknown := [name for name in asked if name not in there and name not in numbers]:
            near = did_you_mean(unknown[0], tuple(there)) or did_you_mean(NUMBER + unknown[0], tuple(numbers))
            raise SettingsError(
                f"{self.folder}: its faces have no attribute {', '.join(unknown)}.{near} Attributes: "
                f"{', '.join(there) or 'none'}; a column of numbers is asked for as {NUMBER}NAME."
            )
        if not asked:
            raise SettingsError(
                f"{self.folder}: its faces have no attributes, so there is nothing to probe for. `evenface data "
                "annotate` estimates some; a column of numbers is asked for as --by number:NAME."
            )
        return [self._column(name, frame) for name in asked]

    def _column(self, name: str, frame: pl.DataFrame) -> Column:
        if name.startswith(NUMBER):
            values = frame[name.removeprefix(NUMBER)].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            return Column(name, (), "number", values)
        found = next(each for each in self.data.manifest.attributes if each.name == name)
        codes = {level: i for i, level in enumerate(found.levels)}
        column = frame[f"attr:{name}"].replace_strict(codes, default=-1, return_dtype=pl.Int64).fill_null(-1)
        return Column(name, found.levels, found.provenance, column.to_numpy())


def open_run(folder: Path, name: str, split: str) -> Opened:
    """Open a run: its weights, its settings and its faces.

    Raises:
        InputError: The folder is no run that has ended, or its faces are not to be found.
        SettingsError: The split has no faces.
    """
    missing = [file for file in (WEIGHTS, "settings.toml") if not (folder / file).is_file()]
    if missing:
        runs = sorted(path.parent.name for path in folder.glob(f"*/{WEIGHTS}")) if folder.is_dir() else []
        near = f" Runs in it: {', '.join(runs[:8])}." if runs else ""
        raise InputError(
            f"{folder} is no run that has ended: it has no {' and no '.join(missing)}.{near} "
            "`evenface train` writes such a folder; a run that was stopped goes on with --resume."
        )
    net, card = load_net(folder / WEIGHTS)
    settings = TrainSettings.load(folder / "settings.toml", [])
    data = load_data(settings.data, Path(settings.data.cache or folder.parent / "cache"))
    if split not in data.splits:
        raise SettingsError(
            f"{folder}: no face is in the split {split!r}. Splits: {', '.join(data.splits)}. Choose with --split."
        )
    places = data.splits[split]
    frame = data.manifest.frame[places]
    people = frame["subject"].fill_null(frame["face"]).to_numpy()
    faces = hashlib.sha256("\n".join(frame["face"].to_list()).encode()).hexdigest()
    weights = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    return Opened(folder, name, net, card, settings, data, places, people, faces, weights)
