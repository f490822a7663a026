"""`dataset_bias`: from tables of faces to one result that can be written as JSON."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

import evenface
from evenface.audit.dataset.counts import FaceCounts, align, count_faces
from evenface.audit.dataset.pairs import similarities
from evenface.audit.dataset.profile import metrics_of, profile
from evenface.audit.dataset.stereotypes import stereotypes
from evenface.audit.dataset.uncertainty import LEVEL, MOST_FACES
from evenface.audit.dataset.words import summary
from evenface.core.errors import SettingsError
from evenface.core.tables import Notice

SCHEMA = "evenface.dataset_bias/1"
_INDEPENDENT = (
    "Intervals and chance levels treat faces as independent draws. Where one person appears many times, as in films "
    "and laboratory recordings, they are too narrow."
)
_ESTIMATED = (
    "{names}: estimated by a model, not said by the people shown. Every number on them also carries the errors of that "
    "model, which the intervals here do not include."
)


def dataset_bias(
    tables: object,
    by: Sequence[str],
    label: str | None = None,
    *,
    against: object | None = None,
    names: Sequence[str] | None = None,
    cross: int = 1,
    bins: Mapping[str, Sequence[float]] | None = None,
    provenance: Mapping[str, str] | None = None,
    resamples: int = 1000,
    permutations: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure whom a data set shows and which expression goes with whom, before any training.

    Args:
        tables: A table with one row per face (a path, or a polars, pandas or Arrow table), or a list of several.
        by: Columns of the attributes.
        label: Column of the expression label; found by its usual names if not given.
        against: One more table, which each of `tables` is compared with. Without it, several tables are compared
            with each other.
        names: Of the data sets, in the order of `tables` and then `against`; file names if not given.
        cross: Up to how many attributes are crossed.
        bins: Column -> increasing lower edges, for attributes that are numbers.
        provenance: Column -> self-reported, annotated, estimated, generated or unknown.
        resamples: Multinomial resamples behind intervals; 0 makes none.
        permutations: Chance tables behind chance levels and adjusted p values; 0 makes none.
        seed: Of all random draws. The same input and settings give the same result.

    Returns:
        A dictionary ready for JSON, as in docs/DATASET_BIAS_SCHEMA.md: undefined numbers are None, with a reason.

    Raises:
        InputError: A table cannot be read.
        SettingsError: A column is missing or a setting is out of its range.

    Example:
        >>> faces = {"gender": ["F"] * 30 + ["M"] * 10, "label": ["happy"] * 20 + ["sad"] * 20}
        >>> found = dataset_bias(faces, ["gender"])["datasets"][0]
        >>> found["profiles"][0]["metrics"]["imbalance_ratio"]["value"]
        3.0
        >>> found["stereotypes"][0]["cells"][0]["words"]
        'happy: 20 of 30 among gender=F (67 %), 0 of 10 among the rest'
    """
    _check(resamples, permutations)
    sources = list(tables) if isinstance(tables, list | tuple) else [tables]
    sources += [] if against is None else [against]
    if not sources:
        raise SettingsError("No table is given. Give at least one, with one row per face.")
    read = _read(sources, by, label, names, bins=bins, provenance=provenance)
    data_sets = align(read)
    groupings = data_sets[0].groupings(cross)
    many = max(data.rows for data in data_sets) > MOST_FACES
    pairs = (
        [(a, len(data_sets) - 1) for a in range(len(data_sets) - 1)]
        if against is not None
        else list(combinations(range(len(data_sets)), 2))
    )
    result = {
        "schema": SCHEMA,
        "evenface": evenface.__version__,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "polars": pl.__version__},
        "settings": {
            "by": list(by),
            "label": data_sets[0].label,
            "cross": cross,
            "level": LEVEL,
            "resamples": resamples,
            "permutations": 0 if many else permutations,
            "seed": seed,
        },
        "summary": [],
        "notes": _notes(data_sets),
        "warnings": _warnings(data_sets, many),
        "metrics": [
            m.describe()
            for scope in ("representational", "stereotypical", "local", "similarity")
            for m in metrics_of(scope)
        ],
        "datasets": [_data_set(data, cross, resamples, 0 if many else permutations, seed) for data in data_sets],
        "similarity": similarities(data_sets, pairs, groupings, resamples, permutations, seed),
    }
    result["summary"] = summary(result)
    return dict(_plain(result))


def _check(resamples: int, permutations: int) -> None:
    faults = [
        f"{name} must be 0 or at least 100, got {value}."
        for name, value in (("resamples", resamples), ("permutations", permutations))
        if value != 0 and value < 100
    ]
    if faults:
        raise SettingsError(" ".join(faults))


def _read(
    sources: list[object], by: Sequence[str], label: str | None, names: Sequence[str] | None, **settings: Any
) -> list[FaceCounts]:
    if names is not None and len(names) != len(sources):
        raise SettingsError(f"There are {len(sources)} tables but {len(names)} names. Give one name per table.")
    read: list[FaceCounts] = []
    taken: set[str] = set()
    for place, source in enumerate(sources):
        data = count_faces(source, by, label, name=names[place] if names else None, taken=frozenset(taken), **settings)
        taken.add(data.name)
        read.append(data)
    return read


def _data_set(data: FaceCounts, cross: int, resamples: int, permutations: int, seed: int) -> dict[str, Any]:
    groupings = data.groupings(cross)
    return {
        "name": data.name,
        "input": {
            "source": data.source,
            "sha256": data.sha256,
            "rows": data.rows,
            "label": data.label,
            "labels": list(data.labels),
            "attributes": [
                {
                    "name": attribute.name,
                    "levels": list(attribute.levels),
                    "provenance": attribute.provenance,
                    "missing": int(data.counts[data.profiles[:, place] < 0].sum()),
                }
                for place, attribute in enumerate(data.attributes)
            ],
        },
        "profiles": [profile(data, g, resamples, np.random.default_rng([seed, 0, i])) for i, g in enumerate(groupings)],
        "stereotypes": stereotypes(data, groupings, resamples, permutations, seed) if data.label else [],
    }


def _notes(data_sets: list[FaceCounts]) -> list[str]:
    several = len(data_sets) > 1
    read = [f"{data.name}: {note}" if several else note for data in data_sets for note in data.notes]
    estimated = [a.name for a in data_sets[0].attributes if a.provenance == "estimated"]
    return [*read, _INDEPENDENT, *([_ESTIMATED.format(names=", ".join(estimated))] if estimated else [])]


def _warnings(data_sets: list[FaceCounts], many: bool) -> list[dict[str, str]]:
    several = len(data_sets) > 1
    found = [(f"{data.name}: " if several else "", notice) for data in data_sets for notice in data.warnings]
    if many:
        found.append(
            (
                "",
                Notice("no_chance", f"Over {MOST_FACES:,} faces: chance levels are left out, as they cannot be drawn."),
            )
        )
    return [{"code": notice.code, "message": f"{start}{notice.message}"} for start, notice in found]


def _plain(value: Any) -> Any:
    """Turn numpy numbers into Python's, round to 12 significant digits, and make what is not finite None."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
