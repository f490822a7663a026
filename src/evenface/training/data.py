"""From a manifest to what a run learns from: pixels, targets, groups, and which face is in which split."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.groups import group_name
from evenface.core.manifest import SPLITS, Manifest, manifest_file
from evenface.core.tables import Notice
from evenface.datasets import DATASETS
from evenface.datasets.findings import leaks
from evenface.training.chips import Chips, load_chips
from evenface.training.settings import DataSettings

_NOWHERE = "none"  # stands for the split of a face that is in none
_SPLIT_SEED = 0  # which persons are set aside is the same in all runs, so that seeds can be compared


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Faces with a label and a picture, in the order of the manifest.

    Attributes:
        manifest: Where they come from; `frame` has the rows of these faces alone.
        chips: Their pixels.
        targets: (face, class) float32, shares that sum to one.
        labels: (face,) int64.
        groups: (face,) int64, index into `group_names`; -1 where an attribute is not known.
        group_names: Crossings of the chosen attributes that there are.
        levels: The chosen attributes, each with its levels.
        attributes: (face, attribute) int64, index into the attribute's levels; -1 where not known.
        values: (face, value) float32, the columns that are numbers; NaN where not known.
        split: (face,) name of the split, also of faces whose picture could not be read; `none` where in none.
        splits: Split -> places of its faces whose picture could be read.
        notices: What was done for the user, or looks wrong.
        sha256: Of the manifest's file.
    """

    manifest: Manifest
    chips: Chips
    targets: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    attributes: NDArray[np.int64]
    values: NDArray[np.float32]
    split: NDArray[np.str_]
    splits: dict[str, NDArray[np.int64]]
    notices: tuple[Notice, ...]
    sha256: str


def load_data(settings: DataSettings, cache: Path, progress: Callable[[int, int], None] | None = None) -> TrainingData:
    """Read a manifest and the pictures it names.

    Args:
        settings: Which faces, and as what.
        cache: Folder for decoded faces.
        progress: Told pictures done and pictures in all, while they are decoded.

    Raises:
        InputError: There is no manifest, or nothing to learn from in it.
        SettingsError: An attribute that is asked for is not there, or has one value only; or there are no votes.
    """
    path = _manifest_path(settings, cache)
    whole = Manifest.load(path)
    frame = whole.frame.filter(pl.col("label").is_not_null() & pl.col("image").is_not_null())
    notices = []
    if left_out := len(whole.frame) - len(frame):
        notices.append(Notice("no_label_or_picture", f"{left_out:,} faces have no label or no picture: left out."))
    if frame.is_empty():
        raise InputError(
            f"{path}: no face has both a label and a picture of its own, so there is nothing to learn from."
        )
    manifest = Manifest(frame, whole.labels, whole.attributes)
    targets = _targets(manifest, settings.targets, path)
    levels, attributes = _attributes(manifest, settings.groups)
    names, groups = _groups(levels, attributes)
    values = _values(frame, settings.continuous, path)
    chips = load_chips(frame, path.parent, settings.size, settings.detector, cache, progress)
    if chips.reasons:
        place, why = next(iter(chips.reasons.items()))
        example = f"{frame['image'][place]}: {why}"
        notices.append(
            Notice("unreadable", f"{len(chips.reasons):,} pictures give no face, such as {example}. Not learnt from.")
        )
    readable = np.ones(len(frame), bool)
    readable[list(chips.reasons)] = False
    split, made = _split(frame, readable, settings.validation_share)
    splits = _places(split, readable, path)
    leaked = (*_absent(names, groups, splits), *_leaks(frame, chips, split, readable))
    labels = frame["label"].to_numpy().astype(np.int64)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return TrainingData(
        manifest,
        chips,
        targets,
        labels,
        groups,
        names,
        levels,
        attributes,
        values,
        split,
        splits,
        (*notices, *made, *leaked),
        digest,
    )


def _manifest_path(settings: DataSettings, cache: Path) -> Path:
    """Where the manifest is; that of a data set as it was handed out is made anew, beside the decoded faces."""
    if settings.dataset is not None and settings.root is not None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"Cannot make the folder {cache}: {error}. Choose another with data.cache.") from error
        return DATASETS.get(settings.dataset).load(settings.root).save(cache / f"{settings.dataset}.parquet")
    path = Path(settings.manifest or "")
    return manifest_file(path)


def _targets(manifest: Manifest, kind: str, path: Path) -> NDArray[np.float32]:
    """Shares of votes, or 1 for the label; a face that nobody voted on has its label."""
    names = manifest.labels.names
    sure = np.eye(len(names), dtype=np.float32)[manifest.frame["label"].to_numpy()]
    if kind == "label":
        return sure
    columns = [f"votes:{name}" for name in names]
    if missing := [name for name in columns if name not in manifest.frame.columns]:
        raise SettingsError(
            f"{path} has no column {', '.join(missing)}, so data.targets = 'votes' cannot be. "
            "Use data.targets = 'label'."
        )
    votes = manifest.frame.select(pl.col(columns).fill_null(0).cast(pl.Float32)).to_numpy()
    total = votes.sum(1, keepdims=True)
    return np.where(total > 0, votes / np.maximum(total, 1e-9), sure).astype(np.float32)


def _attributes(manifest: Manifest, by: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], NDArray[np.int64]]:
    """Levels of each chosen attribute, and each face's place among them."""
    levels = {attribute.name: attribute.levels for attribute in manifest.attributes}
    if unknown := [name for name in by if name not in levels]:
        near = did_you_mean(unknown[0], tuple(levels))
        raise SettingsError(
            f"data.groups names {', '.join(unknown)}, which the manifest does not have.{near} "
            f"Attributes: {', '.join(levels) or 'none'}."
        )
    codes = np.full((len(manifest.frame), len(by)), -1)
    for i, name in enumerate(by):
        column = manifest.frame[f"attr:{name}"]
        if column.drop_nulls().n_unique() < 2:
            raise SettingsError(f"data.groups: {name} has one value or none in these faces, so it makes no groups.")
        place = column.replace_strict(dict(zip(levels[name], range(len(levels[name])), strict=True)), default=None)
        codes[:, i] = place.fill_null(-1).to_numpy()
    return {name: levels[name] for name in by}, codes


def _groups(levels: dict[str, tuple[str, ...]], codes: NDArray[np.int64]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the crossings that there are, in the order of their levels, and each face's place among them."""
    groups = np.full(len(codes), -1)
    if not levels:
        return (), groups
    known = (codes >= 0).all(1)
    sizes = [len(each) for each in levels.values()]
    there, at = np.unique(np.ravel_multi_index(tuple(codes[known].T), sizes), return_inverse=True)
    groups[known] = at
    places = np.stack(np.unravel_index(there, sizes), 1)
    names = tuple(
        group_name(tuple(levels), [of[int(i)] for of, i in zip(levels.values(), row, strict=True)]) for row in places
    )
    return names, groups


def _values(frame: pl.DataFrame, columns: Sequence[str], path: Path) -> NDArray[np.float32]:
    """Columns that are numbers; NaN where not known."""
    wrong = [name for name in columns if name not in frame.columns or not frame[name].dtype.is_numeric()]
    if wrong:
        numbers = [name for name, kind in frame.schema.items() if kind.is_numeric() and name != "label"]
        raise SettingsError(
            f"data.continuous: {path} has no column of numbers {', '.join(wrong)}."
            f"{did_you_mean(wrong[0], numbers)} Columns of numbers: {', '.join(numbers[:20]) or 'none'}."
        )
    return frame.select(pl.col(columns).cast(pl.Float32).fill_null(math.nan)).to_numpy().reshape(len(frame), -1)


def _split(
    frame: pl.DataFrame, readable: NDArray[np.bool_], share: float
) -> tuple[NDArray[np.str_], tuple[Notice, ...]]:
    """Each face's split; where no readable face is for validation, some training persons are."""
    column = frame["split"]
    split = column.fill_null("train" if column.null_count() == len(frame) else _NOWHERE).to_numpy().astype(np.str_)
    notices = []
    if left_out := int((split == _NOWHERE).sum()):
        notices.append(Notice("no_split", f"{left_out:,} faces are in no split, others are: left out."))
    if not (readable & (split == "validation")).any():
        train = split == "train"
        person = frame["subject"].fill_null(frame["face"]).to_numpy()
        people = np.unique(person[train])
        aside = np.random.default_rng(_SPLIT_SEED).permutation(people)[: max(1, round(share * len(people)))]
        split = np.where(train & np.isin(person, aside), "validation", split)
        said = f"No validation faces: {len(aside):,} of {len(people):,} training persons were set aside, by lot."
        notices.append(Notice("validation_made", said))
    return split, tuple(notices)


def _places(split: NDArray[np.str_], readable: NDArray[np.bool_], path: Path) -> dict[str, NDArray[np.int64]]:
    """Places of each split's readable faces."""
    found = {name: np.flatnonzero(readable & (split == name)) for name in SPLITS}
    if empty := [name for name in ("train", "validation") if not len(found[name])]:
        raise InputError(f"{path}: no readable face with a label is in the split {' or '.join(empty)}.")
    return {name: places for name, places in found.items() if len(places)}


def _absent(
    names: tuple[str, ...], groups: NDArray[np.int64], splits: dict[str, NDArray[np.int64]]
) -> tuple[Notice, ...]:
    """Tell which groups are measured and not learnt from."""
    measured = np.unique(np.concatenate([groups[places] for places in splits.values()]))
    absent = np.setdiff1d(measured, np.append(groups[splits["train"]], -1))
    if not len(absent):
        return ()
    said = "; ".join(names[i] for i in absent)
    return (
        Notice("group_missing", f"No face to learn from is of {said}: what methods do by group is untaught there."),
    )


def _leaks(
    frame: pl.DataFrame, chips: Chips, split: NDArray[np.str_], readable: NDArray[np.bool_]
) -> tuple[Notice, ...]:
    """Tell which pictures and people are in more than one split, and what to do about it."""
    table = frame.select("face", "subject").with_columns(
        split=pl.Series(split, dtype=pl.String), pixels=pl.Series(chips.each(), dtype=pl.String)
    )
    found = tuple(leaks(table.filter(pl.Series(readable & (split != _NOWHERE)))))
    size = chips.pixels.shape[1]
    remedy = {
        "exact_across": f"Compared at {size} x {size} pixels. What is measured on them is too good. `evenface data "
        "check --out` finds near copies too and marks all, and `evenface data split --together copies` keeps them on "
        "one side.",
        "subject_across": "What is measured on people who were learnt from is too good for others. `evenface data "
        "split` keeps each person on one side.",
    }
    said = {code: [each.message for each in found if each.code == code] for code in remedy}
    return tuple(Notice(code, " ".join([*messages, remedy[code]])) for code, messages in said.items() if messages)
