"""From arrays to the object of `audit.json`; docs/AUDIT_SCHEMA.md says what each key holds."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.drawing import Drawn
from evenface.audit.flows import NO_ANSWER, examine, standardise, words
from evenface.audit.group_table import GroupTable
from evenface.audit.jsonable import number, numbers
from evenface.audit.metric import Metric
from evenface.audit.plan import Plan
from evenface.audit.score_draws import ScoreSums
from evenface.core.tables import Notice, Predictions
from evenface.core.words import counted

FLOWS_PER_GROUPING = 12
FEW_PERSONS = 10


def describe_versions() -> dict[str, str]:
    """Versions that the numbers depend on."""
    import polars as pl

    return {"python": platform.python_version(), "numpy": np.__version__, "polars": pl.__version__}


def describe_input(predictions: Predictions, plan: Plan) -> dict[str, Any]:
    """What was audited."""
    cells = plan.cells
    per_leaf = cells.counts.sum((1, 2))
    attributes = [
        {
            "name": a.name,
            "levels": list(a.levels),
            "provenance": a.provenance,
            "missing": int(per_leaf[cells.levels[:, j] < 0].sum()),
        }
        for j, a in enumerate(predictions.attributes)
    ]
    return {
        "source": predictions.source,
        "sha256": predictions.sha256,
        "rows": cells.total,
        "answered": int(cells.counts[..., :-1].sum()),
        "subjects": cells.units.n if cells.units is not None else None,
        "scores": plan.scores is not None,
        "classes": list(cells.classes),
        "label_space": predictions.labels.name,
        "attributes": attributes,
    }


def describe_settings(plan: Plan, asked: dict[str, Any]) -> dict[str, Any]:
    """How it was audited, and `asked`: what was said of the reading and the metrics, for making it again."""
    settings = {"by": list(plan.cells.attributes)} | asdict(plan.settings)
    return settings | {"unit": "face" if plan.cells.units is None else "subject", "asked": asked}


def describe_metrics(metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """What each metric is."""
    keys = (
        "name",
        "title",
        "scope",
        "per_class",
        "direction",
        "ideal",
        "low",
        "high",
        "needs",
        "null",
        "formula",
        "source",
    )
    out = [{key: getattr(m, key) for key in keys} for m in metrics]
    return [{k: number(v) if isinstance(v, float) else v for k, v in entry.items()} for entry in out]


def describe_group_metrics(plan: Plan, table: GroupTable) -> list[dict[str, dict[str, Any]]]:
    """Per group: metric -> numbers."""
    fields = ("value", "low", "high", "low_simultaneous", "high_simultaneous", "shrunken")
    lists = [numbers(getattr(table, f)) for f in fields]
    names = [c.name for c in plan.group_columns]
    sizes = table.n.tolist()
    out = []
    for g in range(len(plan.counts)):
        rows = [part[g] for part in lists]
        out.append(
            {
                name: dict(zip(fields, column, strict=True))
                | {"n": sizes[g][j], "undefined": table.undefined.get((g, j))}
                for j, (name, column) in enumerate(zip(names, zip(*rows, strict=True), strict=True))
            }
        )
    return out


def describe_groups(plan: Plan, table: GroupTable) -> list[dict[str, Any]]:
    """`groups[]`, and last `overall`."""
    metrics = describe_group_metrics(plan, table)
    counts = plan.counts
    n, answered = counts.sum((1, 2)).tolist(), counts[..., :-1].sum((1, 2)).tolist()
    sums = plan.scores.observed() if plan.scores is not None else None
    out = []
    for g, group in enumerate(plan.groups.names):
        numbers_of_group = {"confusion": counts[g].tolist(), "metrics": metrics[g], "calibration": calibration(sums, g)}
        sizes = {"n": n[g], "answered": answered[g]}
        if not group.levels:
            out.append(sizes | numbers_of_group)
            continue
        who: dict[str, Any] = {"by": group.by, "group": group.name, "levels": group.levels}
        marks = {"subjects": _persons(plan, g), "small": answered[g] < plan.settings.min_group}
        out.append(who | sizes | marks | numbers_of_group)
    return out


def _persons(plan: Plan, group: int) -> int | None:
    """Persons in a group, if they are known."""
    units = plan.cells.units
    return None if units is None else len(np.unique(units.subject[plan.groups.member[group][units.leaf]]))


def calibration(sums: ScoreSums | None, group: int) -> list[dict[str, Any]] | None:
    """Mean confidence and accuracy of each bin in use."""
    if sums is None:
        return None
    n, confidence = sums.bin_count[group], sums.bin_confidence[group]
    right = confidence - sums.confidence_residual[group]
    return [
        {"confidence": float(c / k), "accuracy": min(max(float(r / k), 0.0), 1.0), "n": int(k)}
        for c, r, k in zip(confidence, right, n, strict=True)
        if k > 0
    ]


def describe_flows(plan: Plan, drawn: Drawn) -> list[dict[str, Any]]:
    """`flows[]`: the strongest flows of each grouping, the strongest first; corrected over those of all groupings."""
    largest = drawn.flow.max(1, initial=0)
    return [
        _flow(plan, by, rows, place, strength, largest)
        for by, rows in plan.compared.items()
        if len(rows) > 1
        for place, strength in _strongest(plan.counts[rows])
    ]


def _strongest(counts: NDArray[np.int64]) -> list[tuple[tuple[int, int, int], float]]:
    """The places (group, true, answer) of the strongest flows, and their statistics."""
    statistic, tested = standardise(counts)
    # Of two groups each flow has its mirror image; the one that is too frequent is told.
    strength = np.where(tested, np.abs(statistic) if len(counts) > 2 else statistic, -1)
    order = np.argsort(-strength, axis=None, kind="stable")[:FLOWS_PER_GROUPING]
    places = [tuple(int(k) for k in np.unravel_index(i, strength.shape)) for i in order]
    return [((g, t, a), float(strength[g, t, a])) for g, t, a in places if strength[g, t, a] > 0]


def _flow(
    plan: Plan,
    by: str,
    rows: NDArray[np.int64],
    place: tuple[int, int, int],
    strength: float,
    chance: NDArray[np.float64],
) -> dict[str, Any]:
    z = NormalDist().inv_cdf((1 + plan.settings.level) / 2)
    flow = examine(plan.counts[rows], place, z, plan.groups.member[rows], plan.cells.units)
    classes = plan.cells.classes
    true, answer = classes[place[1]], [*classes, NO_ANSWER][place[2]]
    group = plan.groups.names[rows[place[0]]].name
    rate, rest = flow.count / flow.size, flow.rest_count / flow.rest_size
    return {
        "by": by,
        "group": group,
        "true": true,
        "predicted": answer,
        "n": flow.size,
        "count": flow.count,
        "rate": rate,
        "rest_rate": rest,
        "ratio": rate / rest if rest > 0 else None,
        "low": number(flow.low),
        "high": number(flow.high),
        "p": flow.p,
        "p_adjusted": float((np.count_nonzero(chance >= strength - 1e-5) + 1) / (len(chance) + 1)),
        "words": words(group, true, answer, flow),
    }


def small_groups(plan: Plan, by: str) -> str:
    """Begin to say how many groups of a grouping are too small to be compared; empty: none is."""
    span = plan.groups.spans[by]
    few = span.stop - span.start - len(plan.compared[by])
    every, have = counted(span.stop - span.start, "group"), "has" if few == 1 else "have"
    return f"{few} of {every} of {by} {have} fewer than {plan.settings.min_group}" if few else ""


def describe_warnings(predictions: Predictions, plan: Plan) -> list[dict[str, str]]:
    """`warnings[]`: those of the reading, and what the audit itself found wanting."""
    found = list(predictions.warnings)
    for by, rows in plan.compared.items():
        if small := small_groups(plan, by):
            found.append(Notice("small_groups", f"{small} answered faces: shown, but left out of gaps."))
        if len(rows) < 2:
            found.append(Notice("one_group", f"{by} has fewer than two groups large enough to compare."))
    return [{"code": n.code, "message": n.message} for n in found] + _few_persons(plan)


def _few_persons(plan: Plan) -> list[dict[str, str]]:
    if plan.cells.units is None:
        return []
    compared = [g for rows in plan.compared.values() for g in rows.tolist()]
    few = [plan.groups.names[g].name for g in compared if (_persons(plan, g) or 0) < FEW_PERSONS]
    if not few:
        return []
    who = counted(len(few), "compared group holds", "compared groups hold")
    text = f"{who} fewer than {FEW_PERSONS} persons (such as {few[0]}): intervals are rough."
    return [{"code": "few_subjects", "message": text}]
