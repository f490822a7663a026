"""From arrays to the object of `compare.json`; docs/COMPARE_SCHEMA.md says what each key holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.compare.changes import Changes
from evenface.audit.compare.draws import DrawnChanges
from evenface.audit.compare.gapchange import GapChanges, find_ends, measure_gaps, swap_p
from evenface.audit.compare.joint import Joint
from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.compare.pairing import Pair
from evenface.audit.compare.words import gap_words, is_share, overall_words, verdict
from evenface.audit.gap_table import NO_INTERVAL
from evenface.audit.gaps import HEADLINE, GapKey
from evenface.audit.jsonable import number
from evenface.audit.plan import Plan
from evenface.core.multiplicity import holm
from evenface.core.tables import Predictions

Floats = NDArray[np.float64]
Plans = tuple[Plan, Plan]


def describe_input(a: Predictions, b: Predictions, pair: Pair, joint: Joint) -> dict[str, Any]:
    """What was compared."""
    per_leaf = joint.cells[0].counts.sum((1, 2))
    return {
        "a": {"source": a.source, "sha256": a.sha256, "rows": a.rows},
        "b": {"source": b.source, "sha256": b.sha256, "rows": b.rows},
        "faces": pair.faces,
        "subjects": joint.persons,
        "left_out": pair.left_out,
        "classes": list(joint.classes),
        "attributes": [
            {
                "name": x.name,
                "levels": list(x.levels),
                "provenance": x.provenance,
                "missing": int(per_leaf[joint.levels[:, j] < 0].sum()),
            }
            for j, x in enumerate(pair.attributes)
        ],
    }


def describe_settings(plan: Plan) -> dict[str, Any]:
    """How it was compared; `permutations` is the number of swapped tables."""
    settings = {"by": list(plan.cells.attributes)} | asdict(plan.settings)
    return settings | {"unit": "face" if plan.cells.units is None else "subject"}


def right_counts(joint: Joint, member: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
    """How many faces of each group (group,) both, one alone or neither model read rightly; no answer is not right."""
    a, b = (answer == joint.true for answer in joint.answers)
    inside = member[:, joint.leaf]
    return {
        "both_right": inside @ (joint.count * (a & b)),
        "only_a_right": inside @ (joint.count * (a & ~b)),
        "only_b_right": inside @ (joint.count * (b & ~a)),
        "neither_right": inside @ (joint.count * ~(a | b)),
    }


def p_values(joint: Joint, plans: Plans, changes: Changes, drawn: DrawnChanges) -> tuple[Floats, NDArray[np.bool_]]:
    """Give p of each change (group, column), and where it is McNemar's rather than that of the swap test.

    McNemar's test answers for accuracy where faces are independent, and all faces of the group have an answer from
    both models or from neither.
    """
    p = np.where(np.isfinite(changes.change), swap_p(changes.change, drawn.group_swap), np.nan)
    exact = np.zeros(p.shape, bool)
    if joint.subject is None:
        member = plans[0].groups.member
        right = right_counts(joint, member)
        none = len(joint.classes)
        a, b = joint.answers
        lone = member[:, joint.leaf] @ (joint.count * ((a == none) != (b == none)))
        alone = zip(right["only_a_right"].tolist(), right["only_b_right"].tolist(), strict=True)
        mid = np.array([mcnemar_mid_p(x, y) for x, y in alone])
        for j, column in enumerate(plans[0].group_columns):
            if column.name in ("accuracy", "accuracy_all"):
                exact[:, j] = (lone == 0) | (column.name == "accuracy_all")
        exact &= np.isfinite(p)
        p = np.where(exact, mid[:, None], p)
    return p, exact


def describe_groups(joint: Joint, plans: Plans, changes: Changes, drawn: DrawnChanges) -> list[dict[str, Any]]:
    """`groups[]`, and as its last entry all faces together."""
    p, exact = p_values(joint, plans, changes, drawn)
    names = plans[0].groups.names
    stepped = np.full(p.shape, np.nan)
    for j in range(p.shape[1]):
        stepped[:, j] = holm(p[:, j], [g.by for g in names])
    right = right_counts(joint, plans[0].groups.member)
    answered = np.minimum(*(plan.counts[..., :-1].sum((1, 2)) for plan in plans))
    out = []
    for g, group in enumerate(names):
        metrics = {
            column.name: {
                "a": number(changes.a[g, j]),
                "b": number(changes.b[g, j]),
                "change": number(changes.change[g, j]),
                "low": number(changes.low[g, j]),
                "high": number(changes.high[g, j]),
                "low_simultaneous": number(changes.low_simultaneous[g, j]),
                "high_simultaneous": number(changes.high_simultaneous[g, j]),
                "p": number(p[g, j]),
                "p_adjusted": number(stepped[g, j]),
                "test": "McNemar mid-p" if exact[g, j] else "swap",
                "undefined": changes.undefined.get((g, j)),
            }
            for j, column in enumerate(plans[0].group_columns)
        }
        entry = {"by": group.by, "group": group.name, "levels": group.levels, "n": int(plans[0].counts[g].sum())}
        entry["small"] = bool(answered[g] < plans[0].settings.min_group)
        out.append(entry | {k: int(v[g]) for k, v in right.items()} | {"metrics": metrics})
    return out


def describe_gaps(plans: Plans, changes: Changes, drawn: DrawnChanges) -> list[dict[str, Any]]:
    """`gaps[]`."""
    level = plans[0].settings.level
    found = measure_gaps(drawn, level)
    sizes = Counter(key.family for key, value in zip(drawn.keys, found.change, strict=True) if np.isfinite(value))
    out = []
    for i, key in enumerate(drawn.keys):
        metric = key.column.metric
        entry = _gap(key, drawn, found, i) | _ends(plans[0], changes, key)
        if found.smallest_detectable[i] == 0:
            entry |= _unmoved(plans[0], changes, key)
        entry["verdict"] = verdict(entry, level)
        label = f"{metric.title} [{key.column.label}]" if key.column.label else metric.title
        words = gap_words(entry, label, points=is_share(metric), family=sizes[key.family], level=level)
        out.append({k: v for k, v in entry.items() if not k.startswith("even_")} | {"words": words})
    return out


def _gap(key: GapKey, drawn: DrawnChanges, found: GapChanges, i: int) -> dict[str, Any]:
    """One gap; `even_…` are the numbers turned so that less is more even."""
    low, high = sorted((-1 if key.upside_down else 1) * float(x) for x in (found.low[i], found.high[i]))
    defined = bool(np.isfinite(found.change[i]))
    change = -found.change[i] if key.upside_down else found.change[i]
    return {
        "by": key.by,
        "metric": key.name,
        "family": key.family,
        "kind": key.kind,
        "a": number(key.value(float(drawn.seen[0, i]))),
        "b": number(key.value(float(drawn.seen[1, i]))),
        "change": number(float(change)),
        "low": number(low) if defined else None,
        "high": number(high) if defined else None,
        "p": number(found.p[i]),
        "p_adjusted": number(found.p_adjusted[i]),
        "smallest_detectable": number(found.smallest_detectable[i]) if defined else None,
        "undefined": _why(defined, int(found.lost[i]), len(drawn.boot)),
        "even_change": float(found.change[i]),
        "even_low": float(found.low[i]),
        "even_high": float(found.high[i]),
    }


def _why(defined: bool, lost: int, drawn: int) -> str | None:
    """Why a gap has no change, or its change no interval, if it lacks one."""
    if not defined:
        return "fewer than two compared groups have a value under both models"
    return NO_INTERVAL.format(lost=lost, drawn=drawn) if lost else None


def _unmoved(plan: Plan, changes: Changes, key: GapKey) -> dict[str, Any]:
    """What is known of a change that no draw moves, as where the models never differ: draws would call it surely 0.

    Its interval reaches as far as the simultaneous intervals of two groups' changes lie apart, which know that few
    faces prove little; a metric that itself compares groups has none.
    """
    if key.kind != "difference":
        return {"low": None, "high": None, "smallest_detectable": None}
    rows, j = _rows(plan, changes, key), plan.group_columns.index(key.column)
    apart = changes.high_simultaneous[rows, j][:, None] - changes.low_simultaneous[rows, j]
    reach = float(apart[~np.eye(len(rows), dtype=bool)].max())
    ends = {"low": -reach, "high": reach}
    return {**ends, **{f"even_{end}": value for end, value in ends.items()}, "smallest_detectable": None}


def _rows(plan: Plan, changes: Changes, key: GapKey) -> NDArray[np.int64]:
    """The groups of a grouping that are compared in a metric."""
    span, j = plan.groups.spans[key.by], plan.group_columns.index(key.column)
    every = np.arange(span.start, span.stop)
    return every[plan.enough[every, j] & np.isfinite(changes.change[every, j])]


def _ends(plan: Plan, changes: Changes, key: GapKey) -> dict[str, Any]:
    """Which groups lie at the ends under each model, how the ends moved, and which groups took no part."""
    names, span = plan.groups.names, plan.groups.spans[key.by]
    every = np.arange(span.start, span.stop)
    out: dict[str, Any] = dict.fromkeys(("best", "worst", "ceiling", "floor", "how"))
    if key.kind == "between":
        return out | {"left_out": [names[g].name for g in np.setdiff1d(every, plan.compared[key.by])]}
    rows, j = _rows(plan, changes, key), plan.group_columns.index(key.column)
    out["left_out"] = [names[g].name for g in np.setdiff1d(every, rows)]
    if len(rows) < 2 or key.column.metric.direction == "closer":
        return out
    ends = find_ends((changes.a[:, j], changes.b[:, j]), rows, 1 if key.column.metric.direction == "higher" else -1)
    for which in ("best", "worst"):
        one, two = getattr(ends, which)
        out[which] = {"a": names[one].name, "b": names[two].name}
    return out | {"ceiling": ends.ceiling, "floor": ends.floor, "how": ends.how}


def describe_summary(plan: Plan, overall: dict[str, Any], gaps: list[dict[str, Any]]) -> list[str]:
    """The sentences to read first: all faces, then the gap of each single attribute, then whatever else is firm."""
    first = next((c for name in HEADLINE for c in plan.group_columns if c.name == name), None)
    first = first or next((c for c in plan.group_columns if c.label is None), None)
    out = []
    if first is not None:
        only = (overall["only_a_right"], overall["only_b_right"])
        entry = overall["metrics"][first.name]
        out.append(overall_words(entry, first.metric.title, only, plan.settings.level, points=is_share(first.metric)))
        single = [g for g in gaps if g["metric"] == first.name and g["by"] in plan.cells.attributes]
        out += [g["words"] for g in single]
        firm = [g for g in gaps if g["family"] == "headline" and g["verdict"] in ("smaller", "larger")]
        out += [g["words"] for g in firm if g not in single]
    return out
