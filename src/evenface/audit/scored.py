"""Sums of scores per leaf: what the metrics that need probabilities read, and random draws of them.

A table of any length is reduced, batch by batch, to the first and second moments of 17 C + 17 features per leaf (C
classes), plus score histograms for the ranking metric. Draws are then normal with those moments (a multiplier bootstrap
in closed form), so their cost does not depend on the number of faces. They are centred on the mean of a group, not of a
leaf: leaves are smaller than groups, and about their own mean faces vary less. Under the chance hypothesis every leaf
draws its faces from all faces together. Where persons are known, each has one weight in all leaves.

Features of one face, C classes: 15 bins of (confidence - right); 15 C bins of (p_c - labelled c); squared error;
-ln p(label); C placements of its p_c among the faces of other classes (if labelled c) or, C more, among those of
class c (if not), centred (DeLong et al. 1988).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.audit.cells import Cells, Units, person_code
from evenface.audit.placements import exact_levels, level_of, pooled_placements
from evenface.audit.score_persons import PersonSums, square_root
from evenface.core.calibration import BINS, bin_of
from evenface.core.tables import Predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 32_768
HISTOGRAM_CELLS = 8_000_000  # bound on (class, leaf, side, level): exact ranks if they fit, else a grid of log-odds
GRID_MOST = 4_096
GRID_LEAST = 256
SMALLEST_P = 1e-15


@dataclass(frozen=True)
class Batch:
    """Some scored faces: leaf (face,), true (face,), predicted (face,), p (face, class), person (face,) or None."""

    leaf: Ints
    true: Ints
    predicted: Ints
    p: Floats
    person: Ints | None


@dataclass(frozen=True)
class Scored:
    """Moments of the score features.

    Attributes:
        classes: Number of classes.
        n: (leaf,) scored faces.
        first: (leaf, feature) sums.
        second: (leaf, feature, feature) sums of outer products; 0 where persons are known.
        histogram: (class, leaf, side, level): faces by level of p_c; side 1 = labelled with the class.
        bins: (leaf, bin, 2): number of faces and sum of confidence per bin, for the calibration picture.
        few: Leaf -> its faces' features and a 1, over sqrt(n), (feature + 1, face), where that has fewer columns than
            an eigendecomposition would give.
        persons: What each person adds, where persons are known.
    """

    classes: int
    n: Floats
    first: Floats
    second: Floats
    histogram: Floats
    bins: Floats
    few: dict[int, Floats] = field(default_factory=dict)
    persons: PersonSums | None = None

    @cached_property
    def roots(self) -> list[Floats]:
        """Square root (feature + 1, rank) of each leaf's mean outer product of one face's features and a 1.

        The last row gives how many faces a draw has too many, so that draws can be centred on any group's mean.
        """
        return [self.few[leaf] if leaf in self.few else self._root(leaf) for leaf in range(len(self.n))]

    def _root(self, leaf: int) -> Floats:
        n, first = self.n[leaf], self.first[leaf]
        if n == 0:
            return np.zeros((len(first) + 1, 0))
        within = square_root(self.second[leaf] / n - np.outer(first, first) / n**2)
        return np.block([[within, first[:, None] / n], [np.zeros((1, within.shape[1])), np.ones((1, 1))]])


def batches(predictions: Predictions, cells: Cells) -> Iterator[Batch]:
    """The scored, answered faces of a table, `BATCH` at a time."""
    frame = predictions.frame
    scores = [f"score:{name}" for name in predictions.labels.names]
    leaf = pl.lit(0, pl.Int64)
    size = 1
    known: dict[int, int] = {}
    for j, attribute in enumerate(predictions.attributes):
        # One comparison per level: a join by `replace_strict` would hold the whole of a streamed table in memory.
        name = pl.col(f"attr:{attribute.name}")
        known_levels = ((name == level).cast(pl.Int64) * (i + 1) for i, level in enumerate(attribute.levels))
        code = pl.sum_horizontal(pl.lit(0, pl.Int64), *known_levels)
        leaf = leaf + code * size
        for row, levels in enumerate(cells.levels):
            known[row] = known.get(row, 0) + int(levels[j] + 1) * size
        size *= len(attribute.levels) + 1
    place = np.array([known.get(row, 0) for row in range(len(cells.levels))], np.int64)
    order = np.argsort(place)
    keep = [leaf.alias("leaf"), pl.col("true").cast(pl.Int64), pl.col("predicted").cast(pl.Int64), *scores]
    if cells.units is not None:
        keep.append(person_code().fill_null(-1).alias("person"))
    answered = pl.col("predicted").is_not_null() & pl.all_horizontal(pl.col(scores).is_not_null())
    for part in frame.select(keep).filter(answered).collect_batches(chunk_size=BATCH, maintain_order=True):
        for piece in part.iter_slices(BATCH):
            yield Batch(
                leaf=order[np.searchsorted(place[order], piece["leaf"].to_numpy())],
                true=piece["true"].to_numpy(),
                predicted=piece["predicted"].to_numpy(),
                p=piece.select(scores).to_numpy().astype(np.float64),
                person=piece["person"].to_numpy() if cells.units is not None else None,
            )


def collect(predictions: Predictions, cells: Cells) -> Scored | None:
    """Reduce a table's scores to moments; None if it has none."""
    if f"score:{predictions.labels.names[0]}" not in predictions.frame.collect_schema():
        return None
    classes, leaves = len(predictions.labels.names), len(cells.levels)
    room = HISTOGRAM_CELLS // (2 * classes * leaves)
    held = list(batches(predictions, cells)) if cells.total <= 64 * BATCH else None
    if held == []:
        return None
    levels = exact_levels([batch.p for batch in held], room) if held else None
    width = max(len(v) for v in levels) if levels else int(np.clip(room, GRID_LEAST, GRID_MOST))
    histogram = np.zeros((classes, leaves, 2, width))
    for batch in held or batches(predictions, cells):
        _add_histogram(histogram, batch, levels)
    if not histogram.any():
        return None
    scored = _empty(classes, leaves, histogram, cells.units)
    placements = pooled_placements(histogram)
    for batch in held or batches(predictions, cells):
        x = features(batch, classes, levels, placements)
        _add_moments(scored, batch, x)
        if held is not None and len(held) == 1 and scored.persons is None:
            _keep_few(scored, batch, x)
    return scored


def _empty(classes: int, leaves: int, histogram: Floats, units: Units | None) -> Scored:
    width = (BINS + 2) * classes + BINS + 2
    return Scored(
        classes,
        np.zeros(leaves),
        np.zeros((leaves, width)),
        np.zeros((leaves, width, width)),
        histogram,
        np.zeros((leaves, BINS, 2)),
        persons=None if units is None else PersonSums(units, leaves, width, classes),
    )


def _add_histogram(histogram: Floats, batch: Batch, levels: list[Floats] | None) -> None:
    classes, leaves, _, width = histogram.shape
    for c in range(classes):
        place = (batch.leaf * 2 + (batch.true == c)) * width + level_of(batch.p[:, c], c, levels, width)
        histogram[c] += np.bincount(place, minlength=leaves * 2 * width).reshape(leaves, 2, width)


def features(batch: Batch, classes: int, levels: list[Floats] | None, placements: Floats) -> Floats:
    """The features of each face, (face, feature), laid out as the module says."""
    n = len(batch.true)
    rows = np.arange(n)
    out = np.zeros((n, (BINS + 2) * classes + BINS + 2))
    confidence = batch.p[rows, batch.predicted]
    out[rows, bin_of(confidence)] = confidence - (batch.predicted == batch.true)
    square = np.zeros(n)
    tail = BINS * (classes + 1)
    for c in range(classes):
        labelled = (batch.true == c).astype(np.int64)
        p = batch.p[:, c]
        out[rows, BINS * (c + 1) + bin_of(p)] = p - labelled
        square += (p - labelled) ** 2
        centred = placements[c, labelled, level_of(p, c, levels, placements.shape[-1])]
        out[:, tail + 2 + c] = np.where(labelled == 1, centred, 0)
        out[:, tail + 2 + classes + c] = np.where(labelled == 1, 0, centred)
    out[:, tail] = square
    out[:, tail + 1] = -np.log(np.maximum(batch.p[rows, batch.true], SMALLEST_P))
    return out


def _add_moments(scored: Scored, batch: Batch, x: Floats) -> None:
    order = np.argsort(batch.leaf, kind="stable")
    leaf = batch.leaf[order]
    starts = np.flatnonzero(np.r_[True, leaf[1:] != leaf[:-1]])
    confidence = batch.p[np.arange(len(x)), batch.predicted]
    place = batch.leaf * BINS + bin_of(confidence)
    shape = scored.bins.shape[:2]
    scored.bins[..., 0] += np.bincount(place, minlength=shape[0] * BINS).reshape(shape)
    scored.bins[..., 1] += np.bincount(place, weights=confidence, minlength=shape[0] * BINS).reshape(shape)
    for start, stop in zip(starts, np.r_[starts[1:], len(leaf)], strict=True):
        mine = x[order[start:stop]]
        scored.n[leaf[start]] += len(mine)
        scored.first[leaf[start]] += mine.sum(0)
        if scored.persons is None:
            scored.second[leaf[start]] += mine.T @ mine
    if scored.persons is not None and batch.person is not None:
        scored.persons.add(x, batch.true, batch.leaf, batch.person)


def _keep_few(scored: Scored, batch: Batch, x: Floats) -> None:
    """Keep the faces of leaves that hold fewer of them than there are features; `batch` is all there is."""
    for leaf in np.flatnonzero((scored.n > 0) & (scored.n < x.shape[1])).tolist():
        mine = x[batch.leaf == leaf]
        scored.few[leaf] = np.c_[mine, np.ones(len(mine))].T / np.sqrt(len(mine))
