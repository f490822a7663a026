"""Error rates of what estimated an attribute, read in the form a user has them and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, did_you_mean

Floats = NDArray[np.float64]
MOST_AMPLIFIED = 20.0  # condition number beyond which the observed groups say next to nothing of the true ones
NEAR_ONE = 0.02  # by how much rates of one true level may miss 1


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
    counts: NDArray[np.int64] | None


def read_estimator(attribute: str, levels: Sequence[str], given: object) -> Estimator:
    """Take an estimator's error rates in the form a user has them.

    Args:
        attribute: Its name.
        levels: Its levels, in the audit's order.
        given: A share of right estimates (errors then go to all other levels alike); a mapping true level -> estimated
            level -> rate or count; or a CSV file with a row per true level and a column per estimated level. Whole
            numbers of 2 and more in a row are counts of faces, whose own uncertainty is carried along; else the
            rates of each true level must sum to one.

    Raises:
        InputError: The file cannot be read as such a table.
        SettingsError: Levels do not fit the attribute, numbers are no rates, or the matrix cannot be inverted.
    """
    if isinstance(given, str | Path):
        given = _share_or_csv(attribute, str(given))
    if isinstance(given, float | int):
        return _even_errors(attribute, len(levels), float(given))
    if not isinstance(given, Mapping) or not all(isinstance(row, Mapping) for row in given.values()):
        raise SettingsError(
            f"Error rates of {attribute!r}: expected a share such as 0.72, a mapping true -> estimated -> rate, or a "
            f"CSV file, got {given!r:.80}."
        )
    given = {str(true): {str(e): rate for e, rate in row.items()} for true, row in given.items()}
    _same_levels(attribute, levels, given)
    try:
        table = np.array([[float(given[t].get(e) or 0) for e in levels] for t in levels])
    except (TypeError, ValueError) as error:
        raise SettingsError(f"Error rates of {attribute!r}: expected numbers ({error}).") from error
    total = _totals(attribute, levels, table)
    counted = bool((total > 1 + NEAR_ONE).all())
    counts = np.rint(table).astype(np.int64) if counted else None
    return _checked(Estimator(attribute, table / total[:, None], counts))


def _totals(attribute: str, levels: Sequence[str], table: Floats) -> Floats:
    """Sums of rows that are all counts, or all rates."""
    broken = ~np.isfinite(table).all(1) | (table < 0).any(1) | ~(table.sum(1) > 0)
    total = np.asarray(table.sum(1))
    rates, counts = np.abs(total - 1) <= NEAR_ONE, np.all(table == np.rint(table), axis=1) & (total >= 2)
    if not broken.any() and (rates.all() or counts.all()):
        return total
    wrong = broken if broken.any() else ~rates
    shown = ", ".join(f"{level} ({sum_:.3g})" for level, sum_, w in zip(levels, total, wrong, strict=True) if w)
    turned = (
        " Columns do: is the table turned? Rows are true levels." if np.allclose(table.sum(0), 1, atol=NEAR_ONE) else ""
    )
    raise SettingsError(
        f"Error rates of {attribute!r}: the rates of each true level must sum to one, or all be counts of faces; "
        f"they do not for {shown}.{turned}"
    )


def _even_errors(attribute: str, n: int, right: float) -> Estimator:
    if not 1 / max(n, 1) < right <= 1:
        raise SettingsError(
            f"Error rates of {attribute!r}: a share of right estimates lies between chance (1/{n} for {n} levels) and "
            f"1, got {right:g}."
        )
    matrix = np.full((n, n), (1 - right) / max(n - 1, 1))
    np.fill_diagonal(matrix, right)
    return _checked(Estimator(attribute, matrix, None))


def _checked(estimator: Estimator) -> Estimator:
    condition = np.linalg.cond(estimator.matrix)
    if not condition < MOST_AMPLIFIED:
        shown = f"{condition:.0f}" if condition < 1e6 else "over a million"
        raise SettingsError(
            f"Error rates of {estimator.attribute!r}: the estimates say too little of the truth to be corrected "
            f"(condition number {shown}, at most {MOST_AMPLIFIED:.0f}). Merge levels that are mixed up."
        )
    return estimator


def _same_levels(attribute: str, levels: Sequence[str], given: Mapping[str, Mapping[str, Any]]) -> None:
    strange = sorted({*given, *(e for row in given.values() for e in row)} - set(levels))
    lacking = [level for level in levels if level not in given]
    if strange or lacking:
        hints = "".join(did_you_mean(s, levels) for s in strange)
        raise SettingsError(
            f"Error rates of {attribute!r} do not fit its levels {', '.join(levels)}. "
            f"Not there: {', '.join(lacking) or 'none'}. Unknown: {', '.join(map(repr, strange)) or 'none'}.{hints} "
            "Levels that the table does not have must be merged into others, or dropped."
        )


def _share_or_csv(attribute: str, given: str) -> float | dict[str, dict[str, str | None]]:
    try:
        return float(given)
    except ValueError:
        return _read_csv(attribute, Path(given))


def _read_csv(attribute: str, path: Path) -> dict[str, dict[str, str | None]]:
    import polars as pl

    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"Error rates of {attribute!r}: cannot read {path} as a CSV with true levels in the first column and "
            f"one column per estimated level ({str(error).splitlines()[0]}). A share of right estimates is a number "
            "such as 0.72."
        ) from error
    first, *rest = table.columns
    if table[first].is_duplicated().any() or table[first].null_count():
        raise InputError(f"Error rates of {attribute!r}: {path} must name each true level once in its first column.")
    return {row[first]: {name: row[name] for name in rest} for row in table.iter_rows(named=True)}
