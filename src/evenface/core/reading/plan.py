"""From raw columns to canonical ones, once classes and scores are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from evenface.core.labels import LabelSpace
from evenface.core.reading.codes import Classes
from evenface.core.reading.columns import Columns
from evenface.core.reading.given import Given
from evenface.core.reading.scores import highest, probabilities
from evenface.core.reading.values import mapped
from evenface.core.reconcile import Reconciliation
from evenface.core.tables import Notice

#: Class that an answer becomes when the reported space has no place for it: never true, so always a wrong answer.
OTHER = "other"
#: One combination of raw values: true, predicted, names of the code, and how many rows have it.
Cell = tuple[str | None, str | None, tuple[str | None, ...], int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make of each row.

    Attributes:
        classes: Classes of the table.
        given: Its scores.
        into: How its classes become the reported ones, if they are other ones.
        schema: Types of the table's columns.
        columns: Role of each column.
        cells: Rows counted by raw class values.
    """

    classes: Classes
    given: Given
    into: Reconciliation | None
    schema: pl.Schema
    columns: Columns
    cells: Sequence[Cell]

    def reported(self, name: str | None) -> str | None:
        """Give the class that is reported for a class of the table, if there is one."""
        return name if name is None or self.into is None else self.into.table[name]

    @property
    def other(self) -> bool:
        """Whether some answer has no place in the reported classes."""
        if self.into is None or not self.into.dropped:
            return False
        names = (self.classes.pred.get(pred) for true, pred, _, _ in self.cells if pred and self._true(true))
        return bool(self.given.raw) or any(name and self.reported(name) is None for name in names)

    def _true(self, value: str | None) -> str | None:
        return self.reported(self.classes.true.get(value)) if value is not None else None

    @property
    def space(self) -> LabelSpace:
        """The classes to report."""
        if self.into is None:
            return self.classes.space
        target = self.into.target
        return replace(target, names=(*target.names, OTHER)) if self.other else target

    @property
    def kept(self) -> pl.Expr:
        """Rows whose true class is known and reported."""
        known = {value: 1 for value in self.classes.true if self._true(value)}
        return mapped(self.schema, self.columns.true, known, pl.Int16).is_not_null()

    def _answer(self, name: str | None) -> int | None:
        reported = self.reported(name)
        return None if name is None else self.space.index(reported if reported is not None else OTHER)

    def expressions(self) -> list[pl.Expr]:
        """Give the canonical columns, apart from attributes."""
        space = self.space
        true = {value: space.index(found) for value in self.classes.true if (found := self._true(value))}
        columns = [(self.columns.face, "face"), (self.columns.subject, "subject")]
        result = [pl.col(column).alias(alias) for column, alias in columns if column]
        result.append(mapped(self.schema, self.columns.true, true, pl.Int16).alias("true"))
        if self.columns.pred:
            answers = {value: at for value, name in self.classes.pred.items() if (at := self._answer(name)) is not None}
            predicted = mapped(self.schema, self.columns.pred, answers, pl.Int16)
        else:
            answers_by_place = [self._answer(name) for name in self.classes.space.names]
            predicted = highest(self.given.raw, answers_by_place)
        return [*result, predicted.alias("predicted"), *self._score_expressions(space)]

    def _score_expressions(self, space: LabelSpace) -> list[pl.Expr]:
        if self.given.kind is None:
            return []
        single = probabilities(self.given.raw, self.given.kind)
        if self.into is None:
            return [value.alias(f"score:{name}") for name, value in zip(space.names, single, strict=True)]
        parts: dict[str, list[pl.Expr]] = {name: [] for name in space.names}
        for name, value in zip(self.classes.space.names, single, strict=True):
            parts[self.reported(name) or OTHER].append(value)
        nothing = pl.when(single[0].is_not_null()).then(0.0)
        return [
            pl.sum_horizontal(nothing, *values, ignore_nulls=False).alias(f"score:{name}")
            for name, values in parts.items()
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided, in words."""
        notes = [self.into.sentence] if self.into else []
        silent = sum(
            count
            for true, pred, _, count in self.cells
            if self._true(true) and (not pred or self.classes.pred.get(pred) is None)
        )
        if self.columns.pred and silent:
            notes.append(
                f"No answer (empty, or a text that says so) in {silent:,} rows; they stay, as faces without an answer."
            )
        return tuple(notes)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """Rows left out and answers out of place."""
        warnings = []
        untold = sum(count for true, _, _, count in self.cells if not true or self.classes.true.get(true) is None)
        if untold:
            warnings.append(
                Notice(
                    "no_truth", f"The true class is missing in {untold:,} rows; they cannot be scored and are left out."
                )
            )
        if self.into:
            lost = sum(
                count
                for true, _, _, count in self.cells
                if true and self.classes.true.get(true) and not self._true(true)
            )
            if lost:
                dropped = ", ".join(self.into.dropped)
                warnings.append(
                    Notice(
                        "dropped_classes",
                        f"{lost:,} faces of {dropped} are left out, as {self.into.target.name} has no such class.",
                    )
                )
            if self.other:
                what = f"Answers that {self.into.target.name} has no class for"
                why = "As no face is truly that, means over classes leave it out."
                said = f"{what} are kept as {OTHER!r}: they count as wrong answers. {why}"
                warnings.append(Notice("other_answers", said))
        return tuple(warnings)
