"""From a table of faces to counts: the only place that looks at rows, and it does so once, streamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count, product
from math import prod

import numpy as np
import polars as pl

from evenface.audit.dataset.uncertainty import Counts
from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.reading import OpenTable, attribute_expressions, open_table
from evenface.core.reading.attributes import in_natural_order
from evenface.core.tables import Attribute, Notice

LABEL_NAMES = ("label", "expression", "emotion", "true", "y_true", "target")
MOST_GROUPS = 5_000
_COUNT = "evenface:faces"  # a name that no column of a table is likely to have


@dataclass(frozen=True, slots=True)
class Grouping:
    """One attribute, or several crossed.

    Attributes:
        by: Such as `"gender"` or `"gender × race"`.
        columns: Places of its attributes in `FaceCounts.attributes`.
        levels: One tuple of level names per group, in the order of counts.
        estimated: Whether any of its attributes was estimated by a model.
    """

    by: str
    columns: tuple[int, ...]
    levels: tuple[tuple[str, ...], ...]
    estimated: bool


@dataclass(frozen=True, slots=True)
class FaceCounts:
    """How many faces there are per combination of attributes and label.

    Attributes:
        name: Of the data set.
        source: Where the table came from.
        sha256: Hash of its bytes.
        label: Column of the expression label, None if there is none.
        labels: Names of the labels, in order.
        attributes: In the user's order.
        profiles: Level index per attribute, -1 where not known: `(profile, attribute)`.
        counts: Faces `(profile, label)`; the last column holds faces without a known label.
        notes: Choices made while reading.
        warnings: What looks wrong but can be worked with.
    """

    name: str
    source: str
    sha256: str
    label: str | None
    labels: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    profiles: Counts
    counts: Counts
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def rows(self) -> int:
        """Number of faces."""
        return int(self.counts.sum())

    def groupings(self, cross: int) -> list[Grouping]:
        """Give each attribute and each crossing of up to `cross` of them.

        Raises:
            SettingsError: `cross` is below 1, or a crossing has more than 5,000 groups.
        """
        if cross < 1:
            raise SettingsError(f"cross must be at least 1 (each attribute alone), got {cross}.")
        found = []
        for size in range(1, min(cross, len(self.attributes)) + 1):
            for columns in combinations(range(len(self.attributes)), size):
                chosen = [self.attributes[column] for column in columns]
                by = " × ".join(attribute.name for attribute in chosen)
                if (groups := prod(len(attribute.levels) for attribute in chosen)) > MOST_GROUPS:
                    raise SettingsError(
                        f"{by} makes {groups:,} groups, at most {MOST_GROUPS:,}. Lower cross, or use fewer levels."
                    )
                levels = tuple(product(*(attribute.levels for attribute in chosen)))
                found.append(Grouping(by, columns, levels, any(a.provenance == "estimated" for a in chosen)))
        return found

    def places(self, grouping: Grouping) -> Counts:
        """Give the group of each profile, -1 where one of its attributes is not known: `(profile,)`."""
        place = np.zeros(len(self.profiles), dtype=np.int64)
        for column in grouping.columns:
            place = place * len(self.attributes[column].levels) + self.profiles[:, column]
        return np.where((self.profiles[:, list(grouping.columns)] < 0).any(axis=1), -1, place)

    def table(self, grouping: Grouping) -> Counts:
        """Count faces `(group, label + 1)`, without those whose group is not known; the last column has no label."""
        place = self.places(grouping)
        table = np.zeros((len(grouping.levels), self.counts.shape[1]), dtype=np.int64)
        np.add.at(table, place[place >= 0], self.counts[place >= 0])
        return table


def count_faces(
    source: object,
    by: Sequence[str],
    label: str | None = None,
    *,
    name: str | None = None,
    taken: frozenset[str] = frozenset(),
    bins: Mapping[str, Sequence[float]] | None = None,
    provenance: Mapping[str, str] | None = None,
) -> FaceCounts:
    """Read a table and count its faces.

    Args:
        source: Anything that `evenface.core.reading.open_table` takes.
        by: Columns of the attributes.
        label: Column of the expression label; if not given, the first of the usual names that the table has.
        name: Of the data set; the file's name without its ending if not given.
        taken: Names of other data sets; a number is added to a name that is among them.
        bins: Column -> lower edges, for attributes that are numbers.
        provenance: Column -> self-reported, annotated, estimated, generated or unknown.

    Raises:
        InputError: The table cannot be read or holds no face with any known attribute.
        SettingsError: A column does not exist.
    """
    if not by:
        raise SettingsError(
            "No attribute is given. Name the columns that tell who is shown, such as gender, race, age."
        )
    table = open_table(source)
    label, note = _label_column(table, by, label)
    columns = [*by, *([label] if label else [])]
    expressions, attributes, notes, warnings = attribute_expressions(table, columns, bins, provenance)
    names = [f"attr:{column}" for column in columns]
    grouped = _grouped(table.frame, dict(zip(columns, expressions, strict=True)), bins or {})
    if not grouped.height:
        raise InputError(f"{table.source} has no rows. Give a table with one row per face.")
    codes = np.stack(
        [_codes(grouped[key], attribute) for key, attribute in zip(names, attributes, strict=True)], axis=1
    )
    labels = attributes[-1].levels if label else ()
    shown = codes[:, : len(by)]
    profiles, place = np.unique(shown, axis=0, return_inverse=True)
    counts = np.zeros((len(profiles), len(labels) + 1), dtype=np.int64)
    column = codes[:, -1] if label else np.zeros(len(codes), dtype=np.int64)
    np.add.at(counts, (place.ravel(), column), grouped[_COUNT].to_numpy())
    return FaceCounts(
        name=_not_taken(name or _stem(table.source), taken),
        source=table.source,
        sha256=table.sha256,
        label=label,
        labels=labels,
        attributes=attributes[: len(by)],
        profiles=profiles,
        counts=counts,
        notes=(*table.notes, note, *notes),
        warnings=(*table.warnings, *warnings),
    )


def _grouped(frame: pl.LazyFrame, expressions: Mapping[str, pl.Expr], bins: Mapping[str, object]) -> pl.DataFrame:
    """Count rows per combination of values, streamed.

    Text is counted as it stands and understood afterwards, once per different value: replacing text row by row would
    hold all rows in memory. Numbers are put into their bins first, as they may have very many values.
    """
    schema = frame.collect_schema()
    early = {name: expression for name, expression in expressions.items() if name in bins or schema[name].is_numeric()}
    keys = [early[name] if name in early else pl.col(name) for name in expressions]
    counted = frame.group_by(keys).agg(pl.len().alias(_COUNT)).collect(engine="streaming")
    understood = [pl.col(f"attr:{name}") if name in early else expression for name, expression in expressions.items()]
    return counted.select(*understood, _COUNT)


def _label_column(table: OpenTable, by: Sequence[str], label: str | None) -> tuple[str | None, str]:
    names = table.frame.collect_schema().names()
    if label is not None:
        if label not in names:
            raise SettingsError(
                f"{table.source} has no column {label!r} for the label.{did_you_mean(label, names)} "
                f"Columns: {', '.join(names)}."
            )
        if label in by:
            raise SettingsError(
                f"Column {label!r} is given both as label and as attribute. Leave it out of one of them."
            )
        return label, f"label: column {label!r}."
    found = next((name for name in LABEL_NAMES if name in names and name not in by), None)
    if found is None:
        return (
            None,
            f"label: no column {', '.join(LABEL_NAMES)}, so only representation is measured. Name one with label.",
        )
    return found, f"label: column {found!r}, known by its name."


def _codes(column: pl.Series, attribute: Attribute) -> Counts:
    order = {level: place for place, level in enumerate(attribute.levels)}
    return column.replace_strict(order, default=-1, return_dtype=pl.Int64).to_numpy()


def _stem(source: str) -> str:
    name = source.replace("\\", "/").rpartition("/")[2]
    return name.partition(".")[0] or name


def _not_taken(name: str, taken: frozenset[str]) -> str:
    return name if name not in taken else next(new for i in count(2) if (new := f"{name} ({i})") not in taken)


def align(data_sets: Sequence[FaceCounts]) -> list[FaceCounts]:
    """Give all data sets the same levels, so that a group that one of them lacks counts as having no faces there."""
    levels = [
        tuple(in_natural_order({level for data in data_sets for level in data.attributes[place].levels}))
        for place in range(len(data_sets[0].attributes))
    ]
    return [_widened(data, levels) for data in data_sets]


def _widened(data: FaceCounts, levels: Sequence[tuple[str, ...]]) -> FaceCounts:
    profiles = data.profiles.copy()
    for place, (attribute, wider) in enumerate(zip(data.attributes, levels, strict=True)):
        moved = np.array([*(wider.index(level) for level in attribute.levels), -1])
        profiles[:, place] = moved[data.profiles[:, place]]
    order = np.lexsort(profiles.T[::-1])
    attributes = tuple(replace(a, levels=wider) for a, wider in zip(data.attributes, levels, strict=True))
    return replace(data, attributes=attributes, profiles=profiles[order], counts=data.counts[order])
