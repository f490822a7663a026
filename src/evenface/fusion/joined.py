"""Several manifests with their cue tables as one, where each region is a data set of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.reconcile import reconcile
from evenface.core.tables import Attribute, Notice
from evenface.cues._cue import joined
from evenface.cues._table import CueTable

Part = tuple[Manifest, CueTable]
_KEPT = ("face", "image", "subject", "dataset", "region", "split", "label")


def join(
    parts: Sequence[Part], target: LabelSpace, merge: Mapping[str, str]
) -> tuple[Manifest, CueTable, list[Notice]]:
    """Put faces and readings one after the other; ids get the number of their manifest, so that none is there twice.

    Args:
        parts: Manifests, each with what the cues read of all its faces.
        target: The classes that all are brought to.
        merge: Expression -> class, above the rules; only of expressions that a manifest has.

    Returns:
        The manifest, the readings, and how the classes of each were reconciled.

    Raises:
        InputError: The same cue has other channels in another table, or cues are missing in some.
        SettingsError: A manifest shares no class with `target`.
    """
    names = list(parts[0][1].channels)
    _check(parts, names)
    attributes = _attributes(parts)
    frames, said = [], []
    for number, (manifest, _) in enumerate(parts):
        own = {old: new for old, new in merge.items() if manifest.labels.find(old)}
        how = reconcile(manifest.labels, target, own)
        said.append(Notice("classes", how.sentence))
        goes = [how.table[name] for name in manifest.labels.names]
        numbers = {i: target.names.index(into) for i, into in enumerate(goes) if into is not None}
        wanted = [*_KEPT, *(f"attr:{each.name}" for each in attributes)]
        absent = [name for name in wanted if name not in manifest.frame.columns]
        frame = manifest.frame.with_columns(
            *(pl.lit(None, pl.String).alias(name) for name in absent),
            *((pl.lit(f"{number + 1}:") + pl.col(name)).alias(name) for name in ("face", "subject")),
            pl.col("label").replace_strict(numbers, default=None, return_dtype=pl.Int16),
        )
        frames.append(frame.select(wanted))
    manifest = Manifest(pl.concat(frames), target, attributes).validate()
    readings = {name: joined([table.readings[name] for _, table in parts]) for name in names}
    return manifest, CueTable(tuple(manifest.frame["face"]), dict(parts[0][1].channels), readings), said


def _check(parts: Sequence[Part], names: Sequence[str]) -> None:
    """See that all tables hold the same cues with the same channels; tell all faults together."""
    faults = []
    for number, (_, table) in enumerate(parts, start=1):
        if missing := sorted({*names} ^ {*table.channels}):
            faults.append(f"cue tables {number} and 1 do not hold the same cues: {', '.join(missing)} in one alone")
        faults += [
            f"cue {name!r} has other channels in tables {number} than in tables 1"
            for name in names
            if name in table.channels and table.channels[name] != parts[0][1].channels[name]
        ]
    if faults:
        raise InputError("These cue tables cannot be joined:\n" + "\n".join(f"- {fault}" for fault in faults))


def _attributes(parts: Sequence[Part]) -> tuple[Attribute, ...]:
    """All attributes with all their levels; where it differs how they came to be known, that is not known."""
    found: dict[str, Attribute] = {}
    for manifest, _ in parts:
        for each in manifest.attributes:
            known = found.get(each.name, each)
            origin = each.provenance if each.provenance == known.provenance else "unknown"
            found[each.name] = Attribute(each.name, tuple(dict.fromkeys((*known.levels, *each.levels))), origin)
    return tuple(found.values())
