"""Manifest: the one table of faces that data sets give and training, generation and cues read.

One row per face. Images stay where they are; a manifest refers to them.

| column        | type   | meaning                                                                            |
|---------------|--------|------------------------------------------------------------------------------------|
| `face`        | String | identifies the face; unique, never null                                            |
| `image`       | String | path of the image, relative to the manifest or absolute; null if there is none     |
| `subject`     | String | the person shown; null where not known                                             |
| `dataset`     | String | the data set it comes from; never null                                             |
| `region`      | String | where the faces were taken; null where not known                                   |
| `split`       | String | `train`, `validation` or `test`; null where not split                              |
| `label`       | Int16  | index into `labels.names`; null where not labelled                                 |
| `attr:<name>` | String | one per attribute, among its levels; null where not known for this face            |

More columns (votes, true action units, …) may follow and are kept as they are. Where each attribute comes from is part
of the manifest, and travels with it into the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.tables import ORIGINS, Attribute
from evenface.core.writing import explained, replacing

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "evenface.manifest/1"
TEXT_COLUMNS = ("face", "image", "subject", "dataset", "region", "split")
SPLITS = ("train", "validation", "test")
_MOST_NAMED = 3
_ROW_GROUP = 16_384  # rows that are in memory at once when a wide manifest is written as a stream


@dataclass(frozen=True, slots=True)
class Manifest:
    """One row per face: its image, who is shown, how it is labelled, and where each attribute came from.

    Attributes:
        frame: The columns of this module's table.
        labels: The classes that `label` indexes.
        attributes: The attributes in `frame`, each with its levels and provenance.
        notes: What was found amiss, and each choice that was made, when the table was made, in words.
    """

    frame: pl.DataFrame
    labels: LabelSpace
    attributes: tuple[Attribute, ...]
    notes: tuple[str, ...] = ()

    def validate(self) -> Manifest:
        """Check the table against its contract and give the manifest back.

        Raises:
            InputError: Every fault found, a line each: what is wrong, in which rows, and what was expected.
        """
        faults = list(_faults(self))
        if faults:
            raise InputError("This manifest does not keep its contract:\n" + "\n".join(f"- {f}" for f in faults))
        return self

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a Parquet file that holds the table, the classes and the attributes; whole or not at all.

        Raises:
            InputError: The manifest breaks its contract, or the file cannot be written.
        """
        self.validate()
        about: dict[str, Any] = {
            "schema": SCHEMA,
            "labels": {"name": self.labels.name, "names": list(self.labels.names)},
            "attributes": [asdict(attribute) for attribute in self.attributes],
        }
        if self.notes:
            about["notes"] = list(self.notes)
        return _write(self.frame.lazy(), json.dumps(about), Path(path))

    def moved(self, here: Path, there: Path) -> Manifest:
        """Give the manifest as it must be in folder `there`, for one that was read in folder `here`."""
        import polars as pl

        if here.resolve() == there.resolve():
            return self
        relative = ~(pl.col("image").str.starts_with("/") | pl.col("image").str.contains(r"^[A-Za-z]:[\\/]"))
        path = pl.when(relative).then(f"{here.resolve().as_posix()}/" + pl.col("image")).otherwise("image")
        return replace(self, frame=self.frame.with_columns(path.alias("image")))

    @staticmethod
    def join(parts: Sequence[Path], path: str | os.PathLike[str]) -> Path:
        """Write several saved manifests as one, in their order, without holding all rows at once.

        Args:
            parts: Files that `save` wrote, of the same columns, classes and attributes.
            path: The file to write; whole or not at all.

        Raises:
            InputError: There are no parts, they are of different kinds, two hold the same face, or the file cannot be
                written.
        """
        import polars as pl

        if not parts:
            raise InputError(f"There are no manifests to join into {path}.")
        abouts = {pl.read_parquet_metadata(part).get(SCHEMA) for part in parts}
        about = abouts.pop()
        if abouts or about is None:
            raise InputError("These manifests have different classes or attributes, and cannot be one.")
        joined = pl.scan_parquet(list(parts))
        rows, different = joined.select(pl.len(), pl.col("face").n_unique().alias("different")).collect().row(0)
        if rows != different:
            raise InputError(
                f"{rows - different:,} faces are in more than one of these manifests; each must be in one."
            )
        return _write(joined, about, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """Read a file that `save` wrote.

        Raises:
            InputError: There is no such file, it is no Parquet file, no manifest, or one of a newer version.
        """
        import polars as pl

        source = Path(path)
        if not source.is_file():
            raise InputError(f"There is no manifest {source}. `evenface data import` makes one.")
        try:
            about = pl.read_parquet_metadata(source).get(SCHEMA)
            frame = pl.read_parquet(source)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{source} cannot be read as Parquet ({error}). A manifest is made by `evenface data import` or "
                "`Manifest.save`."
            ) from error
        if about is None:
            raise InputError(
                f"{source} is a Parquet file, but no manifest of schema {SCHEMA}. Make one with `evenface data import` "
                "or `Manifest.save`."
            )
        found: dict[str, Any] = json.loads(about)
        attributes = tuple(Attribute(a["name"], tuple(a["levels"]), a["provenance"]) for a in found["attributes"])
        labels = LabelSpace.of(found["labels"]["names"], found["labels"]["name"])
        return cls(frame, labels, attributes, tuple(found.get("notes", ()))).validate()


def manifest_file(path: Path) -> Path:
    """Give the file of a manifest: the path itself, or `manifest.parquet` in the folder that it is."""
    return path / "manifest.parquet" if path.is_dir() else path


def is_manifest(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a manifest that `Manifest.save` wrote."""
    import polars as pl

    try:
        return SCHEMA in pl.read_parquet_metadata(Path(path))
    except (OSError, pl.exceptions.PolarsError):
        return False


def _write(frame: pl.LazyFrame, about: str, target: Path) -> Path:
    then = "Choose a folder that you may write to, on a disk with room."
    with explained(f"the manifest {target}", then), replacing(target) as part:
        frame.sink_parquet(part, metadata={SCHEMA: about}, row_group_size=_ROW_GROUP)
    return target


def _faults(manifest: Manifest) -> Iterator[str]:
    import polars as pl

    frame = manifest.frame
    wanted = {**dict.fromkeys(TEXT_COLUMNS, pl.String), "label": pl.Int16}
    wanted |= {f"attr:{attribute.name}": pl.String for attribute in manifest.attributes}
    schema = frame.schema
    for name, kind in wanted.items():
        if name not in schema:
            yield f"column {name!r} is missing; expected type {kind}"
        elif schema[name] != kind:
            yield f"column {name!r} has type {schema[name]}; expected {kind}"
    for name in schema:
        if name.startswith("attr:") and name not in wanted:
            yield f"column {name!r} belongs to no attribute; name it in `attributes` with its levels and provenance"
    sound = {name for name, kind in wanted.items() if schema.get(name) == kind}
    yield from _value_faults(manifest, sound)
    yield from (
        f"attribute {a.name!r} has provenance {a.provenance!r}; expected one of {', '.join(ORIGINS)}"
        for a in manifest.attributes
        if a.provenance not in ORIGINS
    )


def _value_faults(manifest: Manifest, sound: set[str]) -> Iterator[str]:
    """Faults of values, in the columns that are there and of the right type."""
    import polars as pl

    frame = manifest.frame
    for name in sorted(sound & {"face", "dataset"}):
        if missing := frame[name].null_count():
            yield f"column {name!r} is null in {missing} rows; every face needs it"
    if "face" in sound:
        twice = frame.filter(pl.col("face").is_duplicated() & pl.col("face").is_not_null())["face"].unique().sort()
        if len(twice):
            yield f"column 'face' holds {len(twice)} ids more than once, such as {_some(twice)}"
    allowed: dict[str, tuple[str, ...]] = {f"attr:{a.name}": a.levels for a in manifest.attributes} | {"split": SPLITS}
    for name, levels in allowed.items():
        if name in sound:
            strange = frame[name].drop_nulls().unique().sort()
            strange = strange.filter(~strange.is_in(list(levels)))
            if len(strange):
                yield f"column {name!r} holds {_some(strange)}; expected {', '.join(levels)} or null"
    if "label" in sound:
        outside = frame["label"].drop_nulls().unique().sort()
        outside = outside.filter((outside < 0) | (outside >= len(manifest.labels.names)))
        if len(outside):
            top = len(manifest.labels.names) - 1
            yield f"column 'label' holds {_some(outside)}; expected 0 to {top} ({', '.join(manifest.labels.names)})"


def _some(values: pl.Series) -> str:
    shown = ", ".join(repr(value) for value in values.head(_MOST_NAMED))
    return shown if len(values) <= _MOST_NAMED else f"{shown} and {len(values) - _MOST_NAMED} more"
