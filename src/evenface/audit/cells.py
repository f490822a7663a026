"""Cells: how many faces of each group have each true class and each answer. All that the audit counts on.

A **leaf** is one observed combination of all attributes asked for; every group of every grouping is a union
of leaves. Counts have axes (leaf, true class, answer), where the last answer is "no answer".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.groups import by_name, crossings, group_name
from evenface.core.tables import Attribute, Predictions

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """One group of one grouping.

    Attributes:
        by: Name of the grouping, such as `"gender × race"`.
        name: Name of the group, such as `"gender=Female, race=Black"`.
        levels: Attribute -> level.
    """

    by: str
    name: str
    levels: dict[str, str]


@dataclass(frozen=True)
class Groups:
    """All groups of all groupings, and which leaves each one holds.

    Attributes:
        names: The groups; those of one grouping stand together. The last is all faces, and in no grouping.
        member: (group, leaf), True where the leaf belongs to the group. A leaf whose attribute is not known
            belongs to no group of that grouping.
        spans: Grouping name -> slice of its groups.
    """

    names: tuple[Group, ...]
    member: NDArray[np.bool_]
    spans: dict[str, slice]


@dataclass(frozen=True)
class Units:
    """What is resampled when faces of one person move together: counts per (person, leaf, true, answer).

    Attributes:
        subject: (entry,) index of the person, 0 … `n - 1`.
        leaf: (entry,) index of the leaf.
        cell: (entry,) true class * number of answers + answer.
        count: (entry,) number of faces.
        n: Number of persons.
    """

    subject: Ints
    leaf: Ints
    cell: Ints
    count: Ints
    n: int

    @cached_property
    def scattered(self) -> bool:
        """Whether a person is seen in more than one leaf."""
        return len(np.unique(self.subject * (self.leaf.max(initial=0) + 1) + self.leaf)) > self.n


@dataclass(frozen=True)
class Cells:
    """The counted table.

    Attributes:
        classes: Class names; they name the true axis and all but the last of the answer axis.
        attributes: Attribute names, naming the columns of `levels`.
        levels: (leaf, attribute) index into the attribute's levels; -1 where not known.
        level_names: Attribute -> names of its levels, in order.
        counts: (leaf, true, answer).
        units: Present if subjects are known.
    """

    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    levels: Ints
    level_names: dict[str, tuple[str, ...]]
    counts: Ints
    units: Units | None = None

    @cached_property
    def total(self) -> int:
        """Number of faces."""
        return int(self.counts.sum())

    @cached_property
    def patterns(self) -> list[Ints]:
        """Leaves by which attributes are known of them.

        Faces are only ever exchanged within such a pattern: those of unknown gender belong to no gender, so by chance
        too they must not be dealt to one.
        """
        _, pattern = np.unique(self.levels < 0, axis=0, return_inverse=True)
        return [np.flatnonzero(pattern.reshape(-1) == k) for k in range(int(pattern.max(initial=0)) + 1)]


def count_cells(predictions: Predictions) -> Cells:
    """Count a table into cells by one streamed group-by; memory grows with the cells, not with the faces.

    Args:
        predictions: The canonical table. With a `subject` column, the cells of each person are kept as well.
    """
    attributes = predictions.attributes
    has_subject = "subject" in predictions.frame.collect_schema()
    keys = [f"attr:{a.name}" for a in attributes] + ["true", "predicted"] + (["subject"] if has_subject else [])
    table = predictions.count(keys)
    n_class = len(predictions.labels.names)
    true = table["true"].cast(pl.Int64).to_numpy()
    answer = table["predicted"].cast(pl.Int64).fill_null(n_class).to_numpy()
    profile, leaf = leaf_profiles(table, attributes)
    count = table["count"].to_numpy()
    counts = np.zeros((len(profile), n_class, n_class + 1), np.int64)
    np.add.at(counts, (leaf, true, answer), count)
    units = _units(table, leaf, true * (n_class + 1) + answer, count) if has_subject else None
    names = tuple(a.name for a in attributes)
    return Cells(predictions.labels.names, names, profile, {a.name: a.levels for a in attributes}, counts, units)


def leaf_profiles(table: pl.DataFrame, attributes: Sequence[Attribute]) -> tuple[Ints, Ints]:
    """Number the observed attribute combinations in a fixed order: levels per leaf, and the leaf of each row."""
    if not attributes:
        return np.zeros((1, 0), np.int64), np.zeros(table.height, np.int64)
    columns = []
    for attribute in attributes:
        order = dict(zip(attribute.levels, range(len(attribute.levels)), strict=True))
        codes = table[f"attr:{attribute.name}"].replace_strict(order, default=-1, return_dtype=pl.Int64)
        columns.append(codes.fill_null(-1).to_numpy())
    profile, leaf = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return profile, leaf.reshape(-1)


def person_code() -> pl.Expr:
    """Number the persons in the order of their names, so that the order of rows cannot matter; null where not known."""
    return pl.col("subject").cast(pl.String).rank("dense").cast(pl.Int64) - 1


def _units(table: pl.DataFrame, leaf: Ints, cell: Ints, count: Ints) -> Units:
    code = table.select(person_code())["subject"]
    known = code.is_not_null().to_numpy()
    named = int(code.to_numpy()[known].max(initial=-1)) + 1
    # A face whose person is not known is a person of its own.
    alone = np.repeat(np.flatnonzero(~known), count[~known])
    order = np.flatnonzero(known)[np.lexsort((cell[known], leaf[known], code.to_numpy()[known]))]
    alone = alone[np.lexsort((cell[alone], leaf[alone]))]
    rows = np.concatenate([order, alone])
    subject = np.concatenate([code.to_numpy()[order].astype(np.int64), named + np.arange(len(alone))])
    size = np.concatenate([count[order], np.ones(len(alone), np.int64)])
    return Units(subject, leaf[rows], cell[rows], size, named + len(alone))


def make_groups(cells: Cells, cross: int) -> Groups:
    """Name every group of every attribute and of their crossings of up to `cross` attributes.

    Crossed groups are those that were observed; single groups are all levels, observed or not.
    """
    names: list[Group] = []
    rows: list[NDArray[np.bool_]] = []
    spans: dict[str, slice] = {}
    for by in crossings(cells.attributes, cross):
        start = len(names)
        columns = [cells.attributes.index(name) for name in by]
        own = cells.levels[:, columns]
        known = own[(own >= 0).all(axis=1)]
        combos = np.unique(known, axis=0) if len(by) > 1 else np.arange(len(cells.level_names[by[0]]))[:, None]
        for combo in combos:
            levels = {name: cells.level_names[name][i] for name, i in zip(by, combo, strict=True)}
            names.append(Group(by_name(by), group_name(by, tuple(levels.values())), levels))
            rows.append((own == combo).all(axis=1))
        spans[by_name(by)] = slice(start, len(names))
    names.append(Group("", "all faces", {}))
    rows.append(np.ones(len(cells.levels), dtype=bool))
    member = np.array(rows, dtype=bool).reshape(len(names), len(cells.levels))
    return Groups(tuple(names), member, spans)
