"""Faces by region, with what each cue read of them, and who is in which part.

A part is `TRAIN`, `VALIDATION`, `TEST` or `LEFT_OUT`, and differs from seed to seed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest, manifest_file
from evenface.core.reconcile import reconcile
from evenface.core.tables import Attribute, Notice
from evenface.cues._cue import CueReading
from evenface.cues._findings import findings, unanswered
from evenface.cues._table import CueTable, load_cues
from evenface.fusion.joined import join
from evenface.fusion.settings import TransferDataSettings

TRAIN, VALIDATION, TEST, LEFT_OUT = 0, 1, 2, -1
_FEWEST_PERSONS = 3  # one for each part


@dataclass(frozen=True, slots=True)
class TransferData:
    """Labelled faces of known regions.

    Attributes:
        frame: Rows of the manifest: `face`, `subject`, attributes.
        attributes: Of the manifest.
        classes: Names of the expressions.
        labels: (face,) index into `classes`.
        regions: Names, in the order of their number.
        region: (face,) index into `regions`.
        persons: (face,) number of the person, counted over all regions.
        cues: Name of each cue -> names of its channels.
        readings: Name of each cue -> what it read.
        learnable: Regions with enough persons to learn from; others are for testing alone.
        notices: What was done for the user, or looks wrong.
        sha256: Of labels, regions, persons and readings.
    """

    frame: pl.DataFrame
    attributes: tuple[Attribute, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    regions: tuple[str, ...]
    region: NDArray[np.int64]
    persons: NDArray[np.int64]
    cues: Mapping[str, tuple[str, ...]]
    readings: Mapping[str, CueReading]
    learnable: tuple[str, ...]
    notices: tuple[Notice, ...]
    sha256: str

    def in_regions(self, names: tuple[str, ...]) -> NDArray[np.bool_]:
        """Tell (face,) which faces are of one of these regions."""
        return np.isin(self.region, [self.regions.index(name) for name in names])


def load_transfer(settings: TransferDataSettings) -> TransferData:
    """Read a manifest and its cue tables.

    Raises:
        InputError: They cannot be read, do not belong together, or leave nothing to learn from.
        SettingsError: A region or class is asked for that is not there.
    """
    parts = []
    for manifest_path, cues in settings.pairs:
        path = Path(manifest_path)
        manifest = Manifest.load(manifest_file(path))
        parts.append((manifest, load_cues(cues, manifest, settings.only or None)))
    if len(parts) == 1:
        return prepare(*parts[0], settings)
    manifest, table, said = join(parts, LabelSpace.of(settings.classes), settings.merge)
    data = prepare(manifest, table, settings.model_copy(update={"merge": {}}))
    return replace(data, notices=(*said, *data.notices))


def prepare(manifest: Manifest, table: CueTable, settings: TransferDataSettings) -> TransferData:
    """Choose the faces that can be used, and bring labels, regions and persons to numbers.

    Args:
        manifest: All faces.
        table: What the cues read of all of them, in their order.
        settings: Which faces, and as what.

    Raises:
        InputError: Nothing to learn from is left.
        SettingsError: A region or class is asked for that is not there.
    """
    target = LabelSpace.of(settings.classes) if settings.classes else manifest.labels
    reconciled = reconcile(manifest.labels, target, settings.merge)
    said = [Notice("classes", reconciled.sentence)] if target.names != manifest.labels.names else []
    goes = [reconciled.table[name] for name in manifest.labels.names]
    numbers = {i: target.names.index(into) for i, into in enumerate(goes) if into is not None}
    whole = manifest.frame.with_columns(
        pl.col("dataset" if settings.by_dataset else "region").alias("region"),
        pl.col("label").replace_strict(numbers, default=None, return_dtype=pl.Int64).alias("label"),
    ).with_row_index("row")
    regions, left = _regions(whole, settings)
    frame = whole.filter(pl.col("label").is_not_null() & pl.col("region").is_in(list(regions)))
    if dropped := len(whole) - len(frame) - left:
        said.append(Notice("left_out", f"{dropped:,} faces have no label, no region or a class left out: not used."))
    rows = frame["row"].to_numpy()
    readings = {name: _rows(reading, rows) for name, reading in table.readings.items()}
    for name, reading in readings.items():  # of the faces that are used, in the regions of this study
        said += findings(unanswered(replace(manifest, frame=frame), name, reading))
    if unread := [name for name, reading in readings.items() if not reading.valid.any()]:
        raise InputError(f"The cue {', '.join(unread)} could be read from no face that is used. Leave it out.")
    labels = frame["label"].to_numpy()
    region = frame["region"].replace_strict({n: i for i, n in enumerate(regions)}, return_dtype=pl.Int64).to_numpy()
    key = pl.concat_str("region", pl.col("subject").fill_null(pl.col("face")), separator="\0")
    persons = frame.select(key.rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    if nobody := frame["subject"].null_count():
        said.append(Notice("no_subject", f"{nobody:,} faces have no known person and stand for themselves: where they "
                           "show one person, the split by person is none."))  # fmt: skip
    learnable, more = _learnable(labels, region, persons, regions, target.names)
    hashed = hashlib.sha256(repr((regions, target.names, dict(table.channels))).encode())
    for each in (labels, region, persons, *(r.values for r in readings.values())):
        hashed.update(np.ascontiguousarray(each).tobytes())
    return TransferData(
        frame, manifest.attributes, target.names, labels, regions, region, persons, dict(table.channels), readings,
        learnable, (*said, *more), hashed.hexdigest(),
    )  # fmt: skip


def _regions(frame: pl.DataFrame, settings: TransferDataSettings) -> tuple[tuple[str, ...], int]:
    there = frame["region"].drop_nulls().unique(maintain_order=True).to_list()
    if unknown := [name for name in settings.regions if name not in there]:
        raise SettingsError(
            f"data.regions names {', '.join(unknown)}, which the manifest does not have."
            f"{did_you_mean(unknown[0], there)} Regions: {', '.join(there) or 'none'}."
        )
    chosen = settings.regions or tuple(sorted(there))
    if len(chosen) < 2:
        raise InputError(
            f"{len(chosen)} regions in the manifest ({', '.join(chosen) or 'none'}): there is nothing to transfer to. "
            "The column `region` names them; data.by_dataset = true takes each data set as one."
        )
    return chosen, int((~frame["region"].is_in(list(chosen))).sum() or 0)


def _rows(reading: CueReading, rows: NDArray[np.uint32]) -> CueReading:
    reasons = tuple(reading.reasons[row] for row in rows)
    return CueReading(reading.values[rows], reading.valid[rows], reading.confidence[rows], reasons)


def _learnable(
    labels: NDArray[np.int64],
    region: NDArray[np.int64],
    persons: NDArray[np.int64],
    regions: tuple[str, ...],
    classes: tuple[str, ...],
) -> tuple[tuple[str, ...], list[Notice]]:
    """Give the regions that can be learnt from, and say of each what is odd."""
    able, said = [], []
    for number, name in enumerate(regions):
        here = region == number
        people, shown = len(np.unique(persons[here])), np.unique(labels[here])
        if people < _FEWEST_PERSONS:
            said.append(Notice("few_persons", f"Region {name} has {people} known person(s): too few to be split by "
                               "person, so it is for testing alone."))  # fmt: skip
        elif len(shown) < 2:
            said.append(Notice("one_class", f"Region {name} shows only {classes[shown[0]]}: for testing alone."))
        else:
            able.append(name)
        if 2 <= len(shown) < len(classes):
            absent = ", ".join(c for i, c in enumerate(classes) if i not in shown)
            said.append(Notice("classes_absent", f"Region {name} shows no {absent}: its accuracy is over the others."))
    if not able:
        raise InputError("No region can be learnt from:\n" + "\n".join(f"- {notice.message}" for notice in said))
    return tuple(able), said


def deal(data: TransferData, seed: int, settings: TransferDataSettings, *, random: bool = False) -> NDArray[np.int8]:
    """Deal the faces of each region to parts, whole persons at a time, or face by face if `random`.

    A region that cannot be learnt from is all for testing.
    """
    part = np.full(len(data.labels), TEST, np.int8)
    for name in data.learnable:
        places = np.flatnonzero(data.region == data.regions.index(name))
        unit = places if random else data.persons[places]
        units = np.unique(unit)
        shuffled = np.random.default_rng([seed, zlib.crc32(name.encode())]).permutation(units)
        tested = max(1, round(settings.test_share * len(units)))
        checked = max(1, round(settings.validation_share * len(units)))
        part[places] = TRAIN
        part[places[np.isin(unit, shuffled[:tested])]] = TEST
        part[places[np.isin(unit, shuffled[tested : tested + checked])]] = VALIDATION
    return part
