"""Find the scores of a table and hold them against the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evenface.core.errors import InputError
from evenface.core.reading.codes import Classes
from evenface.core.reading.columns import Columns, Scores
from evenface.core.reading.files import OpenTable
from evenface.core.reading.permuted import best_assignment
from evenface.core.reading.scores import Kind, highest, kind_of, list_width, number_expression, summary
from evenface.core.reading.values import is_code
from evenface.core.tables import Notice

_AGREE = 0.95  # share of rows in which the highest score must be the predicted class


@dataclass(frozen=True, slots=True)
class Given:
    """Scores as they were found: one raw number per class, and what kind of number."""

    raw: tuple[pl.Expr, ...] = ()
    kind: Kind | None = None
    place: Scores | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


def find_scores(table: OpenTable, columns: Columns, classes: Classes) -> Given:
    """Find scores that fit the classes.

    Raises:
        InputError: Listed scores, or ones that the user named or that must stand for predictions, do not fit.
    """
    places = columns.scores or (
        (Scores(_class_columns(table, columns, classes)),) if _class_columns(table, columns, classes) else ()
    )
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
    return Given(notes=notes)


def _class_columns(table: OpenTable, columns: Columns, classes: Classes) -> dict[str, str]:
    """Find columns named exactly like the classes that hold numbers."""
    taken = {columns.true, columns.pred, columns.face, columns.subject, *columns.by}
    names = [name for name in table.frame.collect_schema().names() if name not in taken and not is_code(name)]
    found = {name: name for name in names if classes.space.find(name)}
    return found if len(found) == len(classes.space.names) > 1 else {}


def _raw(table: OpenTable, place: Scores, classes: Classes) -> tuple[pl.Expr, ...]:
    """Give the raw score of each class, in the order of the classes where that is known, else of the list."""
    names, schema = classes.space.names, table.frame.collect_schema()
    if place.listed:
        width = list_width(table.frame, place.listed)
        if width != len(names):
            raise InputError(
                f"column {place.listed!r} has {width} scores per face, but there are {len(names)} classes "
                f"({', '.join(names)}). "
                "Give labels with all classes in the order of the scores."
            )
        return tuple(pl.col(place.listed).list.get(at, null_on_oob=True) for at in range(width))
    found = {classes.space.find(name): column for name, column in (place.columns or {}).items()}
    if place.by_place and set(found) != set(names) and len(place.columns or {}) == len(names) and classes.ordered:
        found = dict(zip(names, (place.columns or {}).values(), strict=True))
    if set(found) != set(names) or len(place.columns or {}) != len(names):
        given = ", ".join((place.columns or {}).values())
        raise InputError(
            f"score columns {given} do not fit the {len(names)} classes {', '.join(names)}: one column per "
            "class is needed."
        )
    return tuple(number_expression(schema, found[name]) for name in names)


def _understood(table: OpenTable, columns: Columns, classes: Classes, place: Scores, raw: tuple[pl.Expr, ...]) -> Given:
    """Look at all rows: what kind of numbers, and does the highest one agree with the prediction."""
    seen = table.frame.select(summary(raw)).collect(engine="streaming").row(0, named=True)
    answers = _answers(table, columns, classes, raw)
    silent = sum(count for name, top, count in answers if name is None and top is None)
    try:
        kind = kind_of({**seen, "rows": seen["rows"] - silent}, len(raw))
    except InputError as fault:
        raise InputError(f"{table.source}: {fault}") from fault
    where = f"column {place.listed!r}, a list" if place.listed else "columns " + ", ".join(map(repr, place.used))
    notes, warnings = [f"Scores: {where}.", *kind.notes], list(kind.warnings)
    if not columns.pred:
        if place.listed and not classes.ordered:
            raise InputError(_unordered(table, place, classes))
        notes.append("Predicted class: none was given, so the class with the highest score.")
        return Given(raw, kind, place, tuple(notes), tuple(warnings))
    agreement = np.zeros((len(raw), len(raw)))
    for name, top, count in answers:
        if name is not None and top is not None:
            agreement[top, classes.space.index(name)] += count
    order = best_assignment(agreement)
    total, kept, moved = agreement.sum(), np.trace(agreement), agreement[np.arange(len(raw)), order].sum()
    if place.listed and not classes.ordered:
        if moved < _AGREE * total:
            raise InputError(_unordered(table, place, classes))
        notes.append(
            f"Order of the scores, from their agreement with the predictions: "
            f"{', '.join(classes.space.names[i] for i in order)}."
        )
        raw = tuple(raw[order.index(i)] for i in range(len(raw)))
    elif total and kept < _AGREE * total:
        warnings.append(_disagreement(classes, order, total, kept, moved))
    return Given(raw, kind, place, tuple(notes), tuple(warnings))


def _answers(
    table: OpenTable, columns: Columns, classes: Classes, raw: tuple[pl.Expr, ...]
) -> list[tuple[str | None, int | None, int]]:
    """Count rows by predicted class and place of the highest score; None where there is none. Empty if not given."""
    if not columns.pred:
        return []
    counted = table.frame.group_by(columns.pred, highest(raw).alias(" highest")).len().collect(engine="streaming")
    named = (
        (None if pred is None else classes.pred.get(str(pred).strip()), *rest) for pred, *rest in counted.iter_rows()
    )
    return [(name, top, count) for name, top, count in named]


def _unordered(table: OpenTable, place: Scores, classes: Classes) -> str:
    return (
        f"{table.source}: column {place.listed!r} lists scores, but the order of its classes is not known. "
        f"Give labels: the {len(classes.space.names)} names ({', '.join(classes.space.names)}) in the order "
        "of the scores."
    )


def _disagreement(classes: Classes, order: Sequence[int], total: float, kept: float, moved: float) -> Notice:
    said = f"The highest score is not the predicted class in {int(total - kept):,} of {int(total):,} rows."
    if moved >= _AGREE * total:
        names = classes.space.names
        pairs = ", ".join(f"the scores of {names[i]} are those of {names[j]}" for i, j in enumerate(order) if i != j)
        return Notice(
            "scores_permuted",
            f"{said} The scores look permuted; all would agree if {pairs}. Give scores in the order of the classes.",
        )
    return Notice(
        "scores_disagree",
        f"{said} The predicted column is what is audited; the scores may come from another model or step.",
    )
