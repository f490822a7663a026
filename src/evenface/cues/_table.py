"""Cue tables: what a cue read from every face of a manifest, one Parquet file per cue.

| column                  | type    | meaning                                                             |
|-------------------------|---------|---------------------------------------------------------------------|
| `face`                  | String  | as in the manifest, in its order                                    |
| `valid`                 | Boolean | whether the face could be read                                      |
| `reason`                | String  | why not; null where it could                                        |
| `confidence`            | Float32 | the cue's own, 0 to 1; null where there is none                     |
| `cue:<name>:<channel>`  | Float32 | one per channel; null where the face could not be read              |

The file also holds the cue's name and version, and the hash of the manifest that it was read from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenface.core.errors import InputError, UnknownNameError
from evenface.core.manifest import Manifest
from evenface.core.writing import explained, replacing
from evenface.cues import CUES
from evenface.cues._cue import CueReading

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "evenface.cue/1"
IMPORTED: Mapping[str, str] = {"openface": "1", "pyfeat": "1"}
"""Cues that come from other tools' tables: name -> version of their reader."""
_IDENTITY = ("face", "image", "clip", "frame", "phase")


@dataclass(frozen=True, slots=True)
class CueTable:
    """What several cues read from the faces of one manifest, all in its order.

    Attributes:
        faces: Ids.
        channels: Name of each cue -> names of its channels.
        readings: Name of each cue -> what it read.
    """

    faces: tuple[str, ...]
    channels: Mapping[str, tuple[str, ...]]
    readings: Mapping[str, CueReading]


def manifest_key(manifest: Manifest) -> str:
    """Give a hash of which pictures a manifest names, and in which order; labels and attributes do not count."""
    rows = manifest.frame.select(name for name in _IDENTITY if name in manifest.frame.columns)
    digest = hashlib.sha256(json.dumps(rows.columns).encode())
    for column in rows.iter_columns():
        digest.update(json.dumps(column.to_list(), default=str).encode())
    return digest.hexdigest()


def version_of(name: str) -> str:
    """Give the version of a cue as this evenface reads it; an unknown name raises UnknownNameError."""
    if name in IMPORTED:
        return IMPORTED[name]
    if name not in CUES:
        raise UnknownNameError("cue", name, [*CUES, *IMPORTED], CUES.hint)
    return CUES.get(name).version


def as_frame(name: str, channels: Sequence[str], reading: CueReading) -> pl.DataFrame:
    """Give a reading as the columns of this module's table, but for `face`."""
    import polars as pl

    values = pl.DataFrame(reading.values, [f"cue:{name}:{channel}" for channel in channels], orient="row")
    told = pl.DataFrame(
        {"valid": reading.valid, "reason": reading.reasons, "confidence": reading.confidence},
        schema={"valid": pl.Boolean, "reason": pl.String, "confidence": pl.Float32},
    )
    return pl.concat([told, values.cast(pl.Float32)], how="horizontal").with_columns(pl.col(pl.Float32).fill_nan(None))


def as_reading(name: str, channels: Sequence[str], frame: pl.DataFrame) -> CueReading:
    """Give the columns of this module's table as a reading."""
    import polars as pl

    values = frame.select(pl.col(f"cue:{name}:{channel}").fill_null(np.nan) for channel in channels)
    return CueReading(
        np.ascontiguousarray(values.to_numpy(), np.float32).reshape(len(frame), len(channels)),
        frame["valid"].to_numpy(),
        frame["confidence"].fill_null(np.nan).to_numpy(),
        tuple(frame["reason"]),
    )


def save_cue(
    folder: Path, name: str, channels: Sequence[str], reading: CueReading, manifest: Manifest, extra: Mapping[str, Any]
) -> Path:
    """Write one cue's table, whole or not at all.

    Args:
        folder: Gets `<name>.parquet`; made if it does not exist.
        name: Of the cue.
        channels: Of the cue.
        reading: One row per face of the manifest, in its order.
        manifest: What was read.
        extra: More that is known of how it was read, as JSON has it.

    Raises:
        InputError: The file cannot be written.
    """
    about = {
        "cue": name,
        "version": version_of(name),
        "channels": list(channels),
        "manifest": manifest_key(manifest),
        "labels": list(manifest.labels.names),
        **extra,
    }
    frame = as_frame(name, channels, reading)
    frame.insert_column(0, manifest.frame["face"])
    with explained(f"the cue {name!r} to {folder}", "Choose a folder on a disk with room."):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{name}.parquet") as part:
            frame.write_parquet(part, metadata={SCHEMA: json.dumps(about)})
    return folder / f"{name}.parquet"


def load_cues(folder: str | Path, manifest: Manifest, names: Sequence[str] | None = None) -> CueTable:
    """Read the tables of cues that belong to a manifest.

    Args:
        folder: With a file `<name>.parquet` for each cue, as `evenface cues read` writes them.
        manifest: What the cues were read from.
        names: Which cues; None: all that are there.

    Raises:
        InputError: A table is missing, no cue table, of another manifest, or made by another version; all are told.
        UnknownNameError: There is no such cue.
    """
    place = Path(folder)
    wanted = sorted(path.stem for path in place.glob("*.parquet")) if names is None else list(names)
    if not wanted:
        raise InputError(f"{place} holds no cue tables. Make them with: evenface cues read MANIFEST {place}")
    key, tables, faults = manifest_key(manifest), {}, []
    for name in wanted:
        version = version_of(name)
        try:
            about, frame = _opened(place / f"{name}.parquet", name)
        except InputError as error:
            faults.append(str(error))
            continue
        faults += _unfit(place / f"{name}.parquet", about, frame, key, manifest, version)
        tables[name] = (tuple(about["channels"]), frame)
    if faults:
        raise InputError("These cues cannot be used:\n" + "\n".join(f"- {fault}" for fault in faults))
    readings = {name: as_reading(name, channels, frame) for name, (channels, frame) in tables.items()}
    return CueTable(tuple(manifest.frame["face"]), {n: channels for n, (channels, _) in tables.items()}, readings)


def about_of(path: Path) -> dict[str, Any] | None:
    """Give what a cue table says of itself; None if there is no such file, or it is no cue table."""
    import polars as pl

    try:
        found = pl.read_parquet_metadata(path).get(SCHEMA)
    except (OSError, pl.exceptions.PolarsError):
        return None
    return None if found is None else dict(json.loads(found))


def _opened(path: Path, name: str) -> tuple[dict[str, Any], pl.DataFrame]:
    import polars as pl

    if not path.is_file():
        raise InputError(f"there is no {path}; make it with: evenface cues read MANIFEST {path.parent} --cue {name}")
    about = about_of(path)
    if about is None or about.get("cue") != name:
        raise InputError(f"{path} is no table of the cue {name!r} ({SCHEMA})")
    return about, pl.read_parquet(path)


def _unfit(
    path: Path, about: Mapping[str, Any], frame: pl.DataFrame, key: str, manifest: Manifest, version: str
) -> list[str]:
    """Say why a table does not go with the manifest, or with this version of its cue."""
    faults, again = [], "read it again with `evenface cues read`"
    if about["manifest"] != key or not frame["face"].equals(manifest.frame["face"]):
        common = frame.join(manifest.frame, "face", "semi").height
        faults.append(
            f"{path} belongs to another manifest: it has {frame.height:,} faces, the manifest "
            f"{manifest.frame.height:,}, and {common:,} ids are in both; {again}"
        )
    if about["version"] != version:
        faults.append(f"{path} was made by version {about['version']}, this evenface has {version}; {again}")
    return faults
