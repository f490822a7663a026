"""Read a table of predictions: put the columns, classes, scores and attributes together into `Predictions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace, get_space
from evenface.core.reading.attributes import Attributes, attribute_expressions
from evenface.core.reading.codes import Classes, name_classes
from evenface.core.reading.columns import Columns, recognise
from evenface.core.reading.files import ROWS, SAMPLE, OpenTable, hashed, open_unhashed, with_counts
from evenface.core.reading.findings import findings
from evenface.core.reading.given import Given, find_scores
from evenface.core.reading.plan import Cell, Plan
from evenface.core.reading.scores import list_expression, list_width
from evenface.core.reading.values import MOST_VALUES, is_code, plain_integer
from evenface.core.reconcile import Reconciliation, reconcile
from evenface.core.tables import Notice, Predictions


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
    into: str | Sequence[str] | Mapping[str, str] | LabelSpace | None = None,
) -> Predictions:
    """Read anybody's predictions, one row per face.

    What is not given is recognised by its name; every choice is in `Predictions.notes`. A row whose true class is
    missing is left out and counted in a warning. A row without an answer stays, with `predicted` null.

    Args:
        source: What `open_table` takes: a path, a polars, pandas or Arrow table, or a mapping of columns.
        by: Attribute columns. If not given, columns named like gender, race, age, …
        label: Column of the true class.
        pred: Column of the predicted class. Without one, the class with the highest score.
        scores: One list column, or one column per class (in the order of the classes unless their names say
            otherwise), or class -> column. Probabilities, percentages and logits are told apart.
        subject: Column of the person shown.
        face: Column that identifies the face.
        labels: The classes that codes or names stand for, as `get_space` takes them.
        bins: Attribute -> lower edges, for numbers such as age.
        provenance: Attribute -> self-reported, annotated, estimated, generated or unknown.
        into: Classes to report instead, reconciled with `reconcile`. Faces of a class without a place there are left
            out; answers without a place become the class "other", which is always wrong. A mapping of class to
            class says where each goes, instead of the rules.

    Raises:
        InputError: The table cannot be read as predictions.
        SettingsError: An argument does not fit the table.
        UnknownNameError: No label space has this name.
    """
    table = open_unhashed(source)
    try:
        schema = table.frame.collect_schema()
        columns = recognise(
            schema, table.source, by=by, label=label, pred=pred, scores=scores, subject=subject, face=face
        )
        table = with_counts(table, _counted_columns(columns))
        cells = _cells(table, columns)
        parsed = _with_lists(table, columns)
        classes = _classes(parsed, columns, cells, labels)
        given = find_scores(parsed, columns, classes)
        plan = Plan(classes, given, _reconciled(classes.space, into), schema, columns, cells)
        rows = parsed.filter(plan.kept)
        attributes = attribute_expressions(rows, columns.by, bins, provenance, lenient=by is None)
        return _compose(table, rows, plan, attributes, "" if by is not None else ", recognised by name")
    except pl.exceptions.PolarsError as fault:
        raise InputError(f"{table.source}: cannot be read to its end: {str(fault).splitlines()[0]}.") from fault


def _compose(table: OpenTable, rows: OpenTable, plan: Plan, attributes: Attributes, how: str) -> Predictions:
    expressions, described, attribute_notes, attribute_warnings = attributes
    classes, given, columns = plan.classes, plan.given, plan.columns
    expressions = [*plan.expressions(), *expressions]
    frame = rows.frame.select(expressions)
    frame = frame if table.streamed else frame.collect().lazy()
    counted = _counted(rows, expressions)
    length = frame.select(pl.len()) if counted is None else counted.lazy().select(pl.col("count").sum())
    used = _used(columns, given)
    unused = _unused([name for name in plan.schema.names() if name not in used])
    roles = _role_notes(columns, how)
    predictions = Predictions(
        frame=frame,
        labels=plan.space,
        attributes=described,
        rows=int(length.collect(engine="streaming").item()),
        source=table.source,
        sha256=hashed(table, used).sha256,
        notes=(*table.notes, *roles, *classes.notes, *given.notes, *plan.notes, *attribute_notes, *unused),
        warnings=(*table.warnings, *classes.warnings, *given.warnings, *plan.warnings, *attribute_warnings),
        counted=counted,
    )
    return replace(predictions, warnings=predictions.warnings + findings(predictions, table.streamed))


def _counted_columns(columns: Columns) -> list[str]:
    """Columns by which rows are counted: again and again for their values, and in the end for the audit."""
    return list(dict.fromkeys([columns.true, *([columns.pred] if columns.pred else []), *columns.namers, *columns.by]))


def _counted(rows: OpenTable, expressions: Sequence[pl.Expr]) -> pl.DataFrame | None:
    """Count faces by their canonical columns from the raw ones: each combination is mapped once, not each row."""
    named = {expression.meta.output_name(): expression for expression in expressions}
    keys = [named[name] for name in named if name in {"true", "predicted"} or name.startswith("attr:")]
    needed = {name for key in keys for name in key.meta.root_names()}
    if rows.counted is None or not needed <= set(rows.counted.columns):
        return None
    return rows.counted.group_by(keys).agg(pl.col(ROWS).sum().alias("count"))


def _reconciled(
    source: LabelSpace, into: str | Sequence[str] | Mapping[str, str] | LabelSpace | None
) -> Reconciliation | None:
    if into is None:
        return None
    if isinstance(into, Mapping):
        return reconcile(source, LabelSpace.of(list(dict.fromkeys(into.values()))), into)
    return reconcile(source, get_space(into))


def _with_lists(table: OpenTable, columns: Columns) -> OpenTable:
    """Parse columns of listed scores once, rather than in each pass over the rows."""
    listed = [place.listed for place in columns.scores if place.listed]
    if not listed:
        return table
    frame = table.frame.with_columns(list_expression(table.frame, name).alias(name) for name in listed)
    return replace(table, frame=frame if table.streamed else frame.collect().lazy())


def _cells(table: OpenTable, columns: Columns) -> list[Cell]:
    """Count rows per (true value, predicted value, names of the code): few cells, however many rows."""
    wanted = list(dict.fromkeys([columns.true, *([columns.pred] if columns.pred else []), *columns.namers]))
    schema = table.frame.collect_schema()
    if nested := [name for name in wanted if schema[name].is_nested()]:
        raise InputError(
            f"{table.source}: column {nested[0]!r} holds {schema[nested[0]]}, where one class per face is needed."
        )
    sample = table.frame.select(wanted).head(SAMPLE).collect(engine="streaming")
    many = [name for name in wanted if sample[name].n_unique() > MOST_VALUES]
    if broken := [name for name in many if name not in columns.namers]:
        raise InputError(
            f"{table.source}: column {broken[0]!r} has over {MOST_VALUES:,} different values; that is no list "
            "of classes. "
            "Name the right columns with label and pred."
        )
    counted = table.count([name for name in wanted if name not in many])
    text = counted.with_columns(pl.exclude(ROWS).cast(pl.String).str.strip_chars())
    merged: Counter[tuple[str | None, str | None, tuple[str | None, ...]]] = Counter()
    for row in text.iter_rows(named=True):
        names = tuple(row.get(name) for name in columns.namers)
        merged[row[columns.true], row[columns.pred] if columns.pred else None, names] += row[ROWS]
    return [(true, pred, names, count) for (true, pred, names), count in merged.items()]


def _classes(
    table: OpenTable,
    columns: Columns,
    cells: Sequence[Cell],
    labels: str | Sequence[str] | Mapping[str, str] | LabelSpace | None,
) -> Classes:
    true: Counter[str | None] = Counter()
    pred: Counter[str | None] = Counter()
    for true_value, pred_value, _, count in cells:
        true[true_value] += count
        pred[pred_value] += count if columns.pred else 0
    code_names, namer = _code_names(columns, cells)
    family = next((place for place in columns.scores if place.columns and not place.by_place), None)
    listed = next((place.listed for place in columns.scores if place.listed), None)
    width = list_width(table.frame, listed) if listed and not code_names else 0
    names = tuple(family.columns or ()) if family else ()
    found = name_classes(true, pred if columns.pred else {}, table.source, labels, code_names, names, width)
    if not code_names:
        return found
    if labels is not None:
        return replace(found, warnings=found.warnings + _contradictions(found, code_names, namer))
    said = f"Names of the classes: column {namer!r}, which goes with {columns.true!r} one to one."
    return replace(found, notes=(said, *found.notes))


def _contradictions(found: Classes, code_names: Mapping[str, str], namer: str) -> tuple[Notice, ...]:
    """Hold the user's labels against a column that names the codes."""
    space = found.space
    wrong = {code: name for code, name in sorted(code_names.items()) if space.find(name) != space.find(code)}
    if not wrong:
        return ()
    said = ", ".join(f"{code} is {space.find(code)} there and {name!r} here" for code, name in wrong.items())
    message = f"{space.name} and column {namer!r} name the codes differently: {said}. {space.name} was used, as asked."
    return (Notice("labels_contradict", message),)


def _code_names(columns: Columns, cells: Sequence[Cell]) -> tuple[dict[str, str], str]:
    """Find a column that names the true codes one to one."""
    for place, namer in enumerate(columns.namers):
        pairs = {(plain_integer(true), names[place]) for true, _, names, _ in cells if true and names[place]}
        table = {code: name for code, name in pairs if name is not None}
        one_to_one = len(table) == len(pairs) == len(set(table.values())) > 0
        if one_to_one and not any(map(is_code, table.values())):
            return table, namer
    return {}, ""


def _used(columns: Columns, given: Given) -> list[str]:
    scores = given.place.used if given.place else ()
    return [
        name
        for name in (columns.true, columns.pred, columns.face, columns.subject, *columns.by, *columns.namers, *scores)
        if name
    ]


def _role_notes(columns: Columns, how: str) -> list[str]:
    roles = (
        ("True class", columns.true),
        ("Predicted class", columns.pred),
        ("Face", columns.face),
        ("Subject", columns.subject),
    )
    notes = [f"{role}: column {name!r}." for role, name in roles if name]
    return [*notes, f"Attributes: {', '.join(map(repr, columns.by))}{how}."]


def _unused(names: Sequence[str]) -> list[str]:
    return [f"Columns not used: {', '.join(name or '(unnamed)' for name in names)}."] if names else []
