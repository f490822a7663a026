"""The comparison itself: two tables of predictions in, a `Comparison` out.

Two tables -> pairs of answers -> joint cells -> paired draws -> changes, gap changes, verdicts -> `Comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from evenface import __version__
from evenface.audit.cells import make_groups
from evenface.audit.compare import document as doc
from evenface.audit.compare.changes import measure_changes
from evenface.audit.compare.draws import draw_changes
from evenface.audit.compare.joint import Joint, count_joint
from evenface.audit.compare.pairing import pair
from evenface.audit.compare.result import SCHEMA, Comparison
from evenface.audit.document import describe_metrics, describe_versions, small_groups
from evenface.audit.metric import Metric
from evenface.audit.plan import AuditSettings, Plan, choose, make_plan
from evenface.audit.run import read_once
from evenface.core.errors import InputError, SettingsError
from evenface.core.tables import Predictions


def compare(
    a: object,
    b: object,
    by: Sequence[str] | None = None,
    *,
    metrics: Sequence[str | Metric] | None = None,
    settings: AuditSettings | None = None,
    pred_b: str | None = None,
    **options: Any,
) -> Comparison:
    """Measure how much fairer or less fair B is than A on the same faces, and whether that is more than luck.

    Args:
        a: What `evenface.audit` takes: a path, a table, a dict of columns, or `Predictions` (not to be told how
            to be read); with face ids.
        b: The same for the other model; rows are paired by face id, in any order.
        by: Columns that hold attributes of the people shown. None: those recognised by name.
        metrics: Names from `METRICS`, or metrics of your own; such as need counts only. None: all of these.
        settings: Crossing, resamples, seed and so on; `permutations` is the number of swapped tables.
        pred_b: Column of B's answers, if it is named otherwise than A's; two models may stand in one file.
        **options: Any field of `AuditSettings` by its name; all else says how to read both tables, as for
            `evenface.core.reading.read_predictions`.

    Returns:
        Changes B - A as data; `evenface.audit.compare.write.write(comparison, folder)` writes them down.

    Raises:
        InputError: A table cannot be read, or the two cannot be paired.
        SettingsError: A setting makes no sense or says how to read `Predictions`, or a metric needs scores.
        UnknownNameError: A metric is in no table.

    Example:
        >>> faces = {"id": range(80), "y_true": ["happy", "sad"] * 40, "gender": ["f"] * 40 + ["m"] * 40}
        >>> one = faces | {"y_pred": ["happy", "sad"] * 20 + ["happy"] * 40}
        >>> two = faces | {"y_pred": ["happy", "sad"] * 40}
        >>> found = compare(one, two, by=["gender"], resamples=100, permutations=100)
        >>> found.gap("accuracy", "gender")["change"], found.gap("accuracy", "gender")["verdict"]
        (-0.5, 'smaller')
    """
    from threadpoolctl import threadpool_limits  # here, since importing it writes to the environment

    own = {f.name for f in fields(AuditSettings)}
    settings = replace(settings or AuditSettings(), **{k: v for k, v in options.items() if k in own})
    settings.check()
    chosen = _choose(metrics)
    reading = {k: v for k, v in options.items() if k not in own}
    one = _read("A", a, by=by, **reading)
    two = _read("B", b, by=by, **reading | ({"pred": pred_b} if pred_b is not None else {}))
    with threadpool_limits(1, "blas"):
        return Comparison(_measure(one, two, chosen, settings))


def _read(which: str, table: object, **how: Any) -> Predictions:
    """Read one of the two tables; files are often named alike, so a fault says whose it is."""
    try:
        return read_once(table, **how)
    except InputError as fault:
        raise InputError(f"{which}: {fault}") from fault
    except SettingsError as fault:
        raise SettingsError(f"{which}: {fault}") from fault


def _choose(metrics: Sequence[str | Metric] | None) -> tuple[Metric, ...]:
    chosen = choose(metrics, scores=metrics is not None)
    lacking = [m.name for m in chosen if m.needs == "scores"]
    if lacking:
        raise SettingsError(f"{', '.join(lacking)} need scores; comparisons are made for metrics from counts only.")
    return chosen


def _measure(a: Predictions, b: Predictions, metrics: Sequence[Metric], settings: AuditSettings) -> dict[str, Any]:
    paired = pair(a, b)
    joint = count_joint(paired)
    plans = _plans(joint, metrics, settings)
    drawn = draw_changes(joint, plans)
    changes = measure_changes(joint, plans)
    *groups, overall = doc.describe_groups(joint, plans, changes, drawn)
    gaps = doc.describe_gaps(plans, changes, drawn)
    overall = {k: v for k, v in overall.items() if k not in ("by", "group", "levels", "small")}
    return {
        "schema": SCHEMA,
        "evenface": __version__,
        "versions": describe_versions(),
        "input": doc.describe_input(a, b, paired, joint),
        "settings": doc.describe_settings(plans[0]),
        "notes": [f"{which}: {note}" for which, table in (("A", a), ("B", b)) for note in table.notes],
        "warnings": _warnings(a, b, plans[0]) + [{"code": n.code, "message": n.message} for n in paired.warnings],
        "metrics": describe_metrics(plans[0].metrics),
        "summary": doc.describe_summary(plans[0], overall, gaps),
        "overall": overall,
        "groups": groups,
        "gaps": gaps,
    }


def _plans(joint: Joint, metrics: Sequence[Metric], settings: AuditSettings) -> tuple[Plan, Plan]:
    """One plan per model over the same groups; compared are those large enough under both."""
    cells = joint.cells
    groups = make_groups(cells[0], settings.cross)
    one, two = (make_plan(metrics, each, groups, None, settings) for each in cells)
    compared = {by: np.intersect1d(rows, two.compared[by]) for by, rows in one.compared.items()}
    enough = one.enough & two.enough
    return replace(one, compared=compared, enough=enough), replace(two, compared=compared, enough=enough)


def _warnings(a: Predictions, b: Predictions, plan: Plan) -> list[dict[str, str]]:
    found = [
        {"code": n.code, "message": f"{which}: {n.message}"}
        for which, table in (("A", a), ("B", b))
        for n in table.warnings
    ]
    for by in plan.compared:
        if small := small_groups(plan, by):
            text = f"{small} faces answered by A and by B: shown, but left out of gaps."
            found.append({"code": "small_groups", "message": text})
    return found
