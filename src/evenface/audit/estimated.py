"""Attributes that were estimated: how groups and gaps move once the estimator's errors are taken into account.

An estimator that is right on 72 % of faces mixes the groups, and a gap between mixed groups is too small. Given
its confusion matrix M = P(estimated | true), the counts of the true groups solve M' N = N_observed, provided that the
estimator's errors do not depend on the label or the answer (non-differential misclassification; Barron 1977,
Biometrics; matrix method). What is possible without that assumption is bounded for accuracy: in each estimated group
the members of a true group may be those read best or those read worst (Horowitz & Manski 1995, Econometrica).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.draws import Bootstrap
from evenface.audit.evaluate import columns, evaluate
from evenface.audit.metric import Array
from evenface.audit.plan import Plan
from evenface.audit.sums import CountSums
from evenface.core.errors import InputError, SettingsError, UnknownNameError, did_you_mean

Floats = NDArray[np.float64]
MOST_AMPLIFIED = 20.0  # condition number beyond which the observed groups say next to nothing of the true ones
DRAWS = 400
BOUNDED = ("accuracy", "accuracy_all")
STREAM = 5


@dataclass(frozen=True)
class Estimator:
    """Error rates of what estimated an attribute.

    Attributes:
        attribute: Which.
        matrix: (true level, estimated level), rows sum to 1.
        counts: The faces behind each row if they were given, so that their own uncertainty is carried along.
    """

    attribute: str
    matrix: Floats
    counts: Floats | None


def read_estimator(attribute: str, levels: Sequence[str], given: object) -> Estimator:
    """Take an estimator's error rates in the form a user has them.

    Args:
        attribute: Its name.
        levels: Its levels, in the audit's order.
        given: A share of right estimates (errors then go to all other levels alike); a mapping true level -> estimated
            level -> rate or count; or a CSV file with a row per true level and a column per estimated level.

    Raises:
        InputError: The file cannot be read as such a table.
        SettingsError: Levels do not fit the attribute, or the matrix cannot be inverted.
    """
    if isinstance(given, str | Path):
        try:
            given = float(str(given))
        except ValueError:
            given = _read_csv(attribute, Path(str(given)))
    if isinstance(given, float | int):
        return _even_errors(attribute, len(levels), float(given))
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"Error rates of {attribute!r}: expected a share, a mapping true -> estimated -> rate, or a CSV file, "
            f"got {type(given).__name__}."
        )
    _same_levels(attribute, levels, given)
    table = np.array([[float(given[t].get(e, 0)) for e in levels] for t in levels])
    faults = [t for t, row in zip(levels, table, strict=True) if not row.sum() > 0 or (row < 0).any()]
    if faults:
        raise SettingsError(f"Error rates of {attribute!r}: rows {', '.join(faults)} are empty or negative.")
    total = table.sum(1)
    counted = bool((total > 1.5).all() and np.allclose(table, np.rint(table)))
    return _checked(Estimator(attribute, table / total[:, None], table if counted else None))


def _even_errors(attribute: str, n: int, right: float) -> Estimator:
    if not 0 < right <= 1:
        raise SettingsError(f"Error rates of {attribute!r}: a share of right estimates lies in 0 … 1, got {right}.")
    matrix = np.full((n, n), (1 - right) / max(n - 1, 1))
    np.fill_diagonal(matrix, right)
    return _checked(Estimator(attribute, matrix, None))


def _checked(estimator: Estimator) -> Estimator:
    condition = np.linalg.cond(estimator.matrix)
    if not condition < MOST_AMPLIFIED:
        raise SettingsError(
            f"Error rates of {estimator.attribute!r}: the estimates say too little of the truth to be corrected "
            f"(condition number {condition:.0f}, at most {MOST_AMPLIFIED:.0f}). Merge levels that are mixed up."
        )
    return estimator


def _same_levels(attribute: str, levels: Sequence[str], given: Mapping[str, Any]) -> None:
    named = set(given) | {e for row in given.values() for e in row}
    strange = sorted(named - set(levels))
    lacking = [level for level in levels if level not in given]
    if strange or lacking:
        hints = " ".join(f"{s!r}?{did_you_mean(s, levels)}" for s in strange)
        raise SettingsError(
            f"Error rates of {attribute!r} do not fit its levels {', '.join(levels)}: "
            f"not there: {', '.join(lacking) or 'none'}; unknown: {hints or 'none'}"
        )


def _read_csv(attribute: str, path: Path) -> dict[str, dict[str, float]]:
    import polars as pl

    try:
        table = pl.read_csv(path)
        first, *rest = table.columns
        return {str(row[first]): {name: float(row[name] or 0) for name in rest} for row in table.iter_rows(named=True)}
    except (OSError, ValueError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"Error rates of {attribute!r}: cannot read {path} as a CSV with true levels in the first column and "
            f"one column per estimated level ({error})."
        ) from error


def estimated_effects(plan: Plan, given: Mapping[str, object]) -> list[dict[str, Any]]:
    """`estimated[]`: for each attribute with known error rates, what its groups and gaps become.

    Raises:
        UnknownNameError: An attribute is not in the audit.
        SettingsError: Error rates do not fit.
    """
    out: list[dict[str, Any]] = []
    for attribute, rates in given.items():
        if attribute not in plan.cells.attributes:
            raise UnknownNameError("attribute", attribute, plan.cells.attributes)
        estimator = read_estimator(attribute, plan.cells.level_names[attribute], rates)
        out += _effects(plan, estimator)
    return out


def _effects(plan: Plan, estimator: Estimator) -> list[dict[str, Any]]:
    span = plan.groups.spans[estimator.attribute]
    observed = plan.counts[span].astype(float)
    metrics = [m for m in plan.by_counts if not m.per_class and m.direction != "closer"]
    cols = columns(metrics, plan.cells.classes)
    seen = _values(metrics, observed)
    fixed = _values(metrics, correct(observed, estimator.matrix))
    low, high = _interval(plan, estimator, metrics)
    bounds = accuracy_bounds(observed, estimator.matrix)
    names = [plan.groups.names[g].name for g in range(span.start, span.stop)]
    out = []
    for j, column in enumerate(cols):
        for g, name in enumerate([*names, "gap"]):
            bound = bounds[column.name][:, g].tolist() if column.name in bounds else [None, None]
            numbers = [seen[g, j], fixed[g, j], low[g, j], high[g, j]]
            value = [float(v) if np.isfinite(v) else None for v in numbers]
            keys = ("observed", "corrected", "low", "high")
            out.append(
                {"attribute": estimator.attribute, "metric": column.name, "group": name}
                | dict(zip(keys, value, strict=True))
                | {"bound_low": bound[0], "bound_high": bound[1]}
                | {"undefined": None if value[1] is not None else "the corrected counts leave nothing to divide by"}
            )
    return out


def correct(observed: Array, matrix: Floats) -> Floats:
    """Counts of the true groups (…, group, true, answer) from those of the estimated ones; negative ones become 0."""
    return np.maximum(np.einsum("ge,...eta->...gta", np.linalg.inv(matrix.T), observed), 0)


def _values(metrics: Sequence[Any], counts: Floats) -> Floats:
    """Values of each group, and a last row with the largest minus the smallest, (…, group + 1, column)."""
    value = evaluate(
        metrics,
        CountSums(counts, counts.sum((-1, -3)).reshape(-1, counts.shape[-2]).any(0)),
        counts.shape[:-2],
        counts.shape[-2],
    )
    gap = np.fmax.reduce(value, -2) - np.fmin.reduce(value, -2)
    return np.concatenate([value, gap[..., None, :]], axis=-2)


def _interval(plan: Plan, estimator: Estimator, metrics: Sequence[Any]) -> tuple[Floats, Floats]:
    """Percentile interval of the corrected values over resampled tables, and over error rates if they were counted."""
    rng = np.random.default_rng([plan.settings.seed, STREAM])
    span = plan.groups.spans[estimator.attribute]
    drawn = Bootstrap(plan.cells).draw(rng, DRAWS)
    member = plan.groups.member[span].astype(float)
    classes = len(plan.cells.classes)
    tables = (member @ drawn.astype(float)).reshape(DRAWS, -1, classes, classes + 1)
    if estimator.counts is None:
        values = _values(metrics, correct(tables, estimator.matrix))
    else:
        shares = [rng.dirichlet(row + 0.5, DRAWS) for row in estimator.counts]
        matrices = np.stack(shares, axis=1)
        values = np.stack([_values(metrics, correct(t, m)) for t, m in zip(tables, matrices, strict=True)])
    tail = 100 * (1 - plan.settings.level) / 2
    known = np.isfinite(values).all(0)
    filled = np.where(np.isfinite(values), values, 0)
    low, high = np.percentile(filled, [tail, 100 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def accuracy_bounds(observed: Floats, matrix: Floats) -> dict[str, Floats]:
    """What each true group's accuracy, and the gap, can be if errors of the estimator may depend on the answer.

    Args:
        observed: (estimated group, true class, answer).
        matrix: (true level, estimated level).

    Returns:
        Metric -> (2, group + 1): lowest and highest; the last column is the gap.
    """
    right = np.einsum("gcc->g", observed[..., :-1])
    out = {}
    for name, size in (("accuracy", observed[..., :-1].sum((1, 2))), ("accuracy_all", observed.sum((1, 2)))):
        true_size = np.maximum(np.linalg.solve(matrix.T, size), 1e-9)
        members = np.minimum(matrix * true_size[:, None], size)  # (true, estimated): how many of whom are where
        total = np.maximum(members.sum(1), 1e-9)
        low = np.maximum(0, members - (size - right)).sum(1) / total
        high = np.minimum(members, right).sum(1) / total
        least = max(0.0, float(low.max() - high.min()))
        most = max(float(np.delete(high, g).max(initial=0) - low[g]) for g in range(len(low))) if len(low) > 1 else 0.0
        out[name] = np.array([[*low, least], [*high, max(most, least)]])
    return out
