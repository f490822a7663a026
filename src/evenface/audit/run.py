"""The audit itself: a table of predictions in, an `Audit` out.

predictions -> cells -> draws of random tables -> values and intervals -> gaps, worst groups, flows -> Audit
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from evenface import __version__
from evenface.audit import document as doc
from evenface.audit.cells import count_cells, make_groups
from evenface.audit.drawing import draw_all
from evenface.audit.estimated import estimated_effects
from evenface.audit.gap_table import describe_gaps
from evenface.audit.group_table import group_table
from evenface.audit.jsonable import plain
from evenface.audit.metric import Metric
from evenface.audit.plan import AuditSettings, Plan, choose, make_plan
from evenface.audit.ranking import pairs, worst_groups
from evenface.audit.result import SCHEMA, Audit
from evenface.audit.score_draws import ScoreDraws
from evenface.audit.scored import collect
from evenface.core.errors import SettingsError
from evenface.core.reading import read_predictions
from evenface.core.tables import Predictions


def audit(
    table: object,
    by: Sequence[str] | None = None,
    *,
    metrics: Sequence[str | Metric] | None = None,
    settings: AuditSettings | None = None,
    error_rates: Mapping[str, object] | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Audit:
    """Measure each metric overall, within each group and across groups, with intervals and chance levels.

    Args:
        table: A path (CSV, TSV, Parquet, Arrow, JSON lines), a pandas, polars or Arrow table, a dict of columns, or
            `Predictions`, with which nothing that says how to read can be given. One row per face; faces without an
            answer are counted, not dropped.
        by: Columns that hold attributes of the people shown. None: those recognised by name.
        metrics: Names from `METRICS`, or metrics of your own made with `evenface.audit.metric.metric`. None: all.
        settings: Crossing, resamples, seed and so on.
        error_rates: For attributes that were *estimated*: attribute -> the estimator's error rates, in any form that
            `evenface.audit.estimator.read_estimator` takes.
        progress: Called with the share of work done, 0 … 1.
        **options: Any field of `AuditSettings` by its name; all else says how to read the table (`label`, `pred`,
            `scores`, `subject`, `face`, `labels`, `bins`, …), as for `evenface.core.reading.read_predictions`.

    Returns:
        The audit as data; `evenface.report.write(audit.data, folder)` writes it down.

    Raises:
        InputError: The table cannot be read as predictions.
        SettingsError: A setting makes no sense, or says how to read `Predictions`.
        UnknownNameError: A metric is in no table.

    Example:
        >>> faces = {"y_true": ["happy", "sad"] * 40, "y_pred": ["happy"] * 80, "gender": ["f", "m", "m", "f"] * 20}
        >>> audit(faces, by=["gender"], resamples=100, permutations=100).overall("accuracy").value
        0.5
    """
    own = {f.name for f in fields(AuditSettings)}
    settings = replace(settings or AuditSettings(), **{k: v for k, v in options.items() if k in own})
    settings.check()
    reading = {k: v for k, v in options.items() if k not in own and v is not None}
    rates = dict(error_rates or {})
    estimated_ones = [name for name in rates if by is None or name in by]
    if estimated_ones and not isinstance(table, Predictions):
        reading["provenance"] = dict.fromkeys(estimated_ones, "estimated") | dict(reading.get("provenance", {}))
    asked = plain({"metrics": metrics, "error_rates": rates} | reading)
    predictions = read_once(table, by=by, **reading)
    from threadpoolctl import threadpool_limits  # here, since importing it writes to the environment

    # Draws share the cores among themselves, so linear algebra must not ask for all of them again within each.
    with threadpool_limits(1, "blas"):
        plan = _prepare(predictions, metrics, settings)
        estimated = estimated_effects(plan, rates)
        return Audit(_document(predictions, plan, asked, estimated, progress))


def read_once(table: object, **how: Any) -> Predictions:
    """Read a table, unless it has been read.

    Raises:
        InputError: The table cannot be read as predictions.
        SettingsError: It has been read, and is told how to be.
    """
    if not isinstance(table, Predictions):
        return read_predictions(table, **how)
    if given := [name for name, value in how.items() if value is not None]:
        names = ", ".join(given)
        raise SettingsError(
            f"`Predictions` have been read, so {names} would change nothing. Give it to `read_predictions`."
        )
    return table


def _prepare(predictions: Predictions, metrics: Sequence[str | Metric] | None, settings: AuditSettings) -> Plan:
    cells = count_cells(predictions)
    scored = collect(predictions, cells)
    groups = make_groups(cells, settings.cross)
    scores = ScoreDraws(scored, groups, cells.patterns) if scored is not None else None
    return make_plan(choose(metrics, scores=scores is not None), cells, groups, scores, settings)


def _document(
    predictions: Predictions,
    plan: Plan,
    asked: dict[str, Any],
    estimated: list[dict[str, Any]],
    progress: Callable[[float], None] | None,
) -> dict[str, Any]:
    drawn = draw_all(plan, progress)
    table = group_table(plan, drawn)
    *groups, overall = doc.describe_groups(plan, table)
    return {
        "schema": SCHEMA,
        "evenface": __version__,
        "versions": doc.describe_versions(),
        "input": doc.describe_input(predictions, plan),
        "settings": doc.describe_settings(plan, asked),
        "notes": list(predictions.notes),
        "warnings": doc.describe_warnings(predictions, plan),
        "metrics": doc.describe_metrics(plan.metrics),
        "overall": overall,
        "groups": groups,
        "gaps": describe_gaps(plan, drawn, table) + pairs(plan, table),
        "worst": worst_groups(plan, table),
        "flows": doc.describe_flows(plan, drawn),
        "estimated": estimated,
    }
