"""Read a table of predictions: put the columns, classes, scores and attributes together into `Predictions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace, get_space
from evenface.core.reading.attributes import attribute_expressions
from evenface.core.reading.codes import Classes, name_classes
from evenface.core.reading.columns import Columns, Scores, recognise
from evenface.core.reading.files import OpenTable, hashed, open_unhashed
from evenface.core.reading.findings import findings
from evenface.core.reading.scores import (
    Kind,
    highest,
    kind_of,
    list_expression,
    list_width,
    number_expression,
    probabilities,
    summary,
)
from evenface.core.reading.permuted import best_assignment
from evenface.core.reading.values import MOST_VALUES, mapped, plain_integer
from evenface.core.reconcile import Reconciliation, reconcile
from evenface.core.tables import Notice, Predictions

#: Class that an answer becomes when the reported space has no place for it: never true, so always a wrong answer.
OTHER = "other"
_AGREE = 0.95  # share of rows in which the highest score must be the predicted class


def read_predictions(
    source: object,
    *,
    by: Sequence[str] | None = None,
    label: str | None = None,
    pred: str | None = None,
    scores: str | Sequence[str] | Mapping[str, str] | None = None,
    subject: str | None = None,
    face: str | None = None,
    labels: str | Sequence[str] | Mapping[str, str] | LabelSpace | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    provenance: Mapping[str, str] | None = None,
    into: str | Sequence[str] | LabelSpace | None = None,
) -> Predictions:
    """Read anybody's predictions, one row per face.

    What is not given is recognised by its name; every choice is in `Predictions.notes`. A row whose true class is missing is
    left out and counted in a warning. A row without an answer stays, with `predicted` null.

    Args:
        source: What `open_table` takes: a path, a polars, pandas or Arrow table, or a mapping of columns.
        by: Attribute columns. If not given, columns named like gender, race, age, …
        label: Column of the true class.
        pred: Column of the predicted class. Without one, the class with the highest score.
        scores: One list column, or one column per class (in the order of the classes unless their names say otherwise), or
            class -> column. Probabilities, percentages and logits are told apart.
        subject: Column of the person shown.
        face: Column that identifies the face.
        labels: The classes that codes or names stand for, as `get_space` takes them.
        bins: Attribute -> lower edges, for numbers such as age.
        provenance: Attribute -> self-reported, annotated, estimated or unknown.
        into: Classes to report instead, reconciled with `reconcile`. Faces of a class without a place there are left out;
            answers without a place become the class "other", which is always wrong.

    Raises:
        InputError: The table cannot be read as predictions.
        SettingsError: An argument does not fit the table.
        UnknownNameError: No label space has this name.
    """
    table = open_unhashed(source)
    schema = table.frame.collect_schema()
    columns = recognise(schema, table.source, by=by, label=label, pred=pred, scores=scores, subject=subject, face=face)
    cells = _cells(table, columns)
    classes, notes = _classes(table, columns, cells, labels)
    given = _scores(table, columns, classes)
    plan = _Plan(classes, given, reconcile(classes.space, get_space(into)) if into is not None else None, columns, cells)
    frame = table.frame.filter(plan.kept)
    attributes = attribute_expressions(replace(table, frame=frame), columns.by, bins, provenance, lenient=by is None)
    used = [column for column in _used(columns, given) if column in schema]
    result = frame.select([*plan.expressions(schema), *attributes[0]])
    result = result if table.streamed else result.collect().lazy()
    unused = [name for name in schema.names() if name not in used]
    predictions = Predictions(
        frame=result,
        labels=plan.space,
        attributes=attributes[1],
        rows=int(result.select(pl.len()).collect(engine="streaming").item()),
        source=table.source,
        sha256=hashed(table, used).sha256,
        notes=(*table.notes, *_role_notes(columns, by), *notes, *classes.notes, *given.notes, *plan.notes, *attributes[2], *_unused(unused)),
        warnings=(*table.warnings, *classes.warnings, *given.warnings, *plan.warnings, *attributes[3]),
    )
    return replace(predictions, warnings=predictions.warnings + findings(predictions, table.streamed))


_Cell = tuple[str | None, str | None, tuple[str | None, ...], int]


def _cells(table: OpenTable, columns: Columns) -> list[_Cell]:
    """Count rows per (true value, predicted value, names of the code): as many cells as the classes make, however many rows."""
    wanted = list(dict.fromkeys([columns.true, *([columns.pred] if columns.pred else []), *columns.namers]))
    schema = table.frame.collect_schema()
    if nested := [name for name in wanted if schema[name].is_nested()]:
        raise InputError(f"{table.source}: column {nested[0]!r} holds {schema[nested[0]]}, where one class per face is needed.")
    sample = table.frame.select(wanted).head(100_000).collect(engine="streaming")
    many = [name for name in wanted if sample[name].n_unique() > MOST_VALUES]
    if broken := [name for name in many if name not in columns.namers]:
        raise InputError(
            f"{table.source}: column {broken[0]!r} has over {MOST_VALUES:,} different values; that is no list of classes. "
            "Name the right columns with label and pred."
        )
    counted = table.frame.group_by(name for name in wanted if name not in many).len().collect(engine="streaming")
    text = counted.with_columns(pl.exclude("len").cast(pl.String).str.strip_chars())
    if "len" in wanted:
        raise InputError(f"{table.source}: a class column is named 'len'. Rename it.")
    merged: Counter[tuple[str | None, str | None, tuple[str | None, ...]]] = Counter()
    for row in text.iter_rows(named=True):
        names = tuple(row.get(name) for name in columns.namers)
        merged[row[columns.true], row[columns.pred] if columns.pred else None, names] += row["len"]
    return [(true, pred, names, count) for (true, pred, names), count in merged.items()]


def _classes(
    table: OpenTable, columns: Columns, cells: Sequence[_Cell], labels: str | Sequence[str] | Mapping[str, str] | LabelSpace | None
) -> tuple[Classes, tuple[str, ...]]:
    true: Counter[str | None] = Counter()
    pred: Counter[str | None] = Counter()
    for true_value, pred_value, _, count in cells:
        true[true_value] += count
        pred[pred_value] += count if columns.pred else 0
    code_names, namer = _code_names(columns, cells)
    family = next((place for place in columns.scores if place.columns and not place.by_place), None)
    listed = next((place.listed for place in columns.scores if place.listed), None)
    width = list_width(table.frame, listed, list_expression(table.frame, listed)) if listed and not code_names else 0
    names = tuple(family.columns or ()) if family else ()
    found = name_classes(true, pred if columns.pred else {}, table.source, labels, code_names, names, width)
    return found, (f"Names of the classes: column {namer!r}, which goes with {columns.true!r} one to one.",) if code_names and labels is None else ()


def _code_names(columns: Columns, cells: Sequence[_Cell]) -> tuple[dict[str, str], str]:
    """Find a column that names the true codes one to one."""
    for place, namer in enumerate(columns.namers):
        pairs = {(plain_integer(true), names[place]) for true, _, names, _ in cells if true and names[place]}
        table = {code: name for code, name in pairs if name is not None}
        one_to_one = len(table) == len(pairs) == len(set(table.values())) > 0
        if one_to_one and not any(plain_integer(name).lstrip("-").isdigit() for name in table.values()):
            return table, namer
    return {}, ""


@dataclass(frozen=True, slots=True)
class _Given:
    """Scores as they were found: one raw number per class, and what kind of number."""

    raw: tuple[pl.Expr, ...] = ()
    kind: Kind | None = None
    place: Scores | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


def _scores(table: OpenTable, columns: Columns, classes: Classes) -> _Given:
    places = columns.scores or ((Scores(_class_columns(table, columns, classes)),) if _class_columns(table, columns, classes) else ())
    must = "scores" in columns.chosen_by_user or columns.pred is None
    faults: list[str] = []
    for place in places:
        try:
            raw = _raw(table, place, classes)
        except InputError as fault:
            faults.append(str(fault))
            if must or place.listed:
                raise InputError(f"{table.source}: {fault}") from fault
            continue
        return _understood(table, columns, classes, place, raw)
    notes = tuple(f"{fault} They were not used." for fault in faults)
    return _Given(notes=notes)


def _class_columns(table: OpenTable, columns: Columns, classes: Classes) -> dict[str, str]:
    """Find columns named exactly like the classes that hold numbers."""
    taken = {columns.true, columns.pred, columns.face, columns.subject, *columns.by}
    names = [name for name in table.frame.collect_schema().names() if name not in taken and not plain_integer(name).isdigit()]
    found = {name: name for name in names if classes.space.find(name)}
    return found if len(found) == len(classes.space.names) > 1 else {}


def _raw(table: OpenTable, place: Scores, classes: Classes) -> tuple[pl.Expr, ...]:
    """Give the raw score of each class, in the order of the classes where that is known, else of the list."""
    names, schema = classes.space.names, table.frame.collect_schema()
    if place.listed:
        lists = list_expression(table.frame, place.listed)
        width = list_width(table.frame, place.listed, lists)
        if width != len(names):
            raise InputError(
                f"column {place.listed!r} has {width} scores per face, but there are {len(names)} classes ({', '.join(names)}). "
                "Give labels with all classes in the order of the scores."
            )
        return tuple(lists.list.get(at, null_on_oob=True) for at in range(width))
    found = {classes.space.find(name): column for name, column in (place.columns or {}).items()}
    if place.by_place and set(found) != set(names) and len(place.columns or {}) == len(names) and classes.ordered:
        found = dict(zip(names, (place.columns or {}).values(), strict=True))
    if set(found) != set(names) or len(place.columns or {}) != len(names):
        given = ", ".join((place.columns or {}).values())
        raise InputError(f"score columns {given} do not fit the {len(names)} classes {', '.join(names)}: one column per class is needed.")
    return tuple(number_expression(schema, found[name]) for name in names)


def _understood(table: OpenTable, columns: Columns, classes: Classes, place: Scores, raw: tuple[pl.Expr, ...]) -> _Given:
    """Look at all rows once: what kind of numbers, and does the highest one agree with the prediction."""
    seen = table.frame.select(summary(raw))
    answers = [table.frame.group_by(columns.pred, highest(raw).alias(" highest")).len()] if columns.pred else []
    first, *rest = pl.collect_all([seen, *answers], engine="streaming")
    kind = kind_of(first.row(0, named=True), len(raw))
    where = f"column {place.listed!r}, a list" if place.listed else "columns " + ", ".join(map(repr, place.used))
    notes, warnings = [f"Scores: {where}.", *kind.notes], list(kind.warnings)
    if not rest:
        if place.listed and not classes.ordered:
            raise InputError(_unordered(table, place, classes))
        notes.append("Predicted class: none was given, so the class with the highest score.")
        return _Given(raw, kind, place, tuple(notes), tuple(warnings))
    agreement = np.zeros((len(raw), len(raw)))
    for pred, top, count in rest[0].iter_rows():
        name = classes.pred.get(str(pred).strip()) if pred is not None else None
        if name is not None and top is not None:
            agreement[top, classes.space.index(name)] += count
    order = best_assignment(agreement)
    total, kept, moved = agreement.sum(), np.trace(agreement), agreement[np.arange(len(raw)), order].sum()
    if place.listed and not classes.ordered:
        if moved < _AGREE * total:
            raise InputError(_unordered(table, place, classes))
        notes.append(f"Order of the scores, from their agreement with the predictions: {', '.join(classes.space.names[i] for i in order)}.")
        raw = tuple(raw[order.index(i)] for i in range(len(raw)))
    elif total and kept < _AGREE * total:
        warnings.append(_disagreement(classes, order, total, kept, moved))
    return _Given(raw, kind, place, tuple(notes), tuple(warnings))


def _unordered(table: OpenTable, place: Scores, classes: Classes) -> str:
    return (
        f"{table.source}: column {place.listed!r} lists scores, but the order of its classes is not known. "
        f"Give labels: the {len(classes.space.names)} names ({', '.join(classes.space.names)}) in the order of the scores."
    )


def _disagreement(classes: Classes, order: Sequence[int], total: float, kept: float, moved: float) -> Notice:
    said = f"The highest score is not the predicted class in {int(total - kept):,} of {int(total):,} rows."
    if moved >= _AGREE * total:
        names = classes.space.names
        pairs = ", ".join(f"the scores of {names[i]} are those of {names[j]}" for i, j in enumerate(order) if i != j)
        return Notice("scores_permuted", f"{said} The scores look permuted; all would agree if {pairs}. Give scores in the order of the classes.")
    return Notice("scores_disagree", f"{said} The predicted column is what is audited; the scores may come from another model or step.")


@dataclass(frozen=True, slots=True)
class _Plan:
    """From raw columns to canonical ones."""

    classes: Classes
    given: _Given
    into: Reconciliation | None
    columns: Columns
    cells: Sequence[_Cell]

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
        if self.into is None:
            return self.classes.space
        target = self.into.target
        return replace(target, names=(*target.names, OTHER)) if self.other else target

    @property
    def kept(self) -> pl.Expr:
        """Rows whose true class is known and reported."""
        known = {value: 1 for value in self.classes.true if self._true(value)}
        return mapped(self.columns.true, known, pl.Int16).is_not_null()

    def _answer(self, name: str | None) -> int | None:
        reported = self.reported(name)
        return None if name is None else self.space.index(reported if reported is not None else OTHER)

    def expressions(self, schema: pl.Schema) -> list[pl.Expr]:
        space = self.space
        true = {value: space.index(found) for value in self.classes.true if (found := self._true(value))}
        columns = [(self.columns.face, "face"), (self.columns.subject, "subject")]
        result = [pl.col(column).alias(alias) for column, alias in columns if column]
        result.append(mapped(self.columns.true, true, pl.Int16).alias("true"))
        if self.columns.pred:
            answers = {value: self._answer(name) for value, name in self.classes.pred.items()}
            predicted = mapped(self.columns.pred, answers, pl.Int16)
        else:
            places = {at: self._answer(name) for at, name in enumerate(self.classes.space.names)}
            predicted = highest(self.given.raw).replace_strict(list(places), list(places.values()), default=None, return_dtype=pl.Int16)
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
        return [pl.sum_horizontal(nothing, *values, ignore_nulls=False).alias(f"score:{name}") for name, values in parts.items()]

    @property
    def notes(self) -> tuple[str, ...]:
        notes = [self.into.sentence] if self.into else []
        silent = sum(count for true, pred, _, count in self.cells if self._true(true) and (not pred or self.classes.pred.get(pred) is None))
        if self.columns.pred and silent:
            notes.append(f"No answer (empty, or a text that says so) in {silent:,} rows; they stay, as faces without an answer.")
        return tuple(notes)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        warnings = []
        untold = sum(count for true, _, _, count in self.cells if not true or self.classes.true.get(true) is None)
        if untold:
            warnings.append(Notice("no_truth", f"The true class is missing in {untold:,} rows; they cannot be scored and are left out."))
        if self.into:
            lost = sum(count for true, _, _, count in self.cells if true and self.classes.true.get(true) and not self._true(true))
            if lost:
                dropped = ", ".join(self.into.dropped)
                warnings.append(Notice("dropped_classes", f"{lost:,} faces of {dropped} are left out, as {self.into.target.name} has no such class."))
            if self.other:
                said = f"Answers that {self.into.target.name} has no class for are kept as {OTHER!r}: they count as wrong answers."
                warnings.append(Notice("other_answers", said))
        return tuple(warnings)


def _used(columns: Columns, given: _Given) -> list[str]:
    scores = given.place.used if given.place else ()
    return [name for name in (columns.true, columns.pred, columns.face, columns.subject, *columns.by, *columns.namers, *scores) if name]


def _role_notes(columns: Columns, by: Sequence[str] | None) -> list[str]:
    roles = (("True class", columns.true), ("Predicted class", columns.pred), ("Face", columns.face), ("Subject", columns.subject))
    notes = [f"{role}: column {name!r}." for role, name in roles if name]
    chosen = "" if by is not None else ", recognised by name"
    return [*notes, f"Attributes: {', '.join(map(repr, columns.by))}{chosen}."]


def _unused(names: Sequence[str]) -> list[str]:
    return [f"Columns not used: {', '.join(names)}."] if names else []
