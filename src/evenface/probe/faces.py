"""Which faces a probe can use: those with features, a known attribute and stratum, and enough people like them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import SettingsError

Ints = NDArray[np.int64]
LEAST_PEOPLE = 5  # of a level, within a stratum


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces that a probe uses.

    Attributes:
        features: (face, feature) float32.
        codes: (face,) index into `levels`.
        people: (face,) index of the person.
        strata: (face,) index into `given`.
        levels: Codes of the levels, as given.
        given: Codes of the strata, as given; one 0 without strata.
        left_out: How many faces were not used.
        undefined: Why nothing can be measured, or an empty text.
    """

    features: NDArray[np.float32]
    codes: Ints
    people: Ints
    strata: Ints
    levels: Ints
    given: Ints
    left_out: int
    undefined: str


def usable(
    features: NDArray[np.floating], codes: ArrayLike, given: ArrayLike | None, subjects: ArrayLike | None
) -> Faces:
    """Choose the faces that can be used.

    A level with fewer than five persons is left out of its stratum, as is a stratum with fewer than two levels.

    Raises:
        SettingsError: The arguments are not of the same length.
    """
    table = np.asarray(features, np.float32).reshape(len(features), -1)
    code = np.asarray(codes, np.int64)
    stratum = np.zeros_like(code) if given is None else np.asarray(given, np.int64)
    person = np.arange(len(code)) if subjects is None else np.unique(np.asarray(subjects), return_inverse=True)[1]
    lengths = {"features": len(table), "codes": len(code), "given": len(stratum), "subjects": len(person)}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise SettingsError(f"A probe needs one entry for each face in all it is given; got {said}.")
    known = (code >= 0) & (stratum >= 0) & np.isfinite(table).all(1)
    kept = known.copy()
    kept[known] = _enough(code[known], stratum[known], person[known])
    levels, level = np.unique(code[kept], return_inverse=True)
    strata, at = np.unique(stratum[kept], return_inverse=True)
    _, people = np.unique(person[kept], return_inverse=True)
    why = "" if kept.any() else _reason(code[known], given is not None)
    return Faces(table[kept], level, people, at, levels, strata, int((~kept).sum()), why)


def _enough(code: Ints, stratum: Ints, person: Ints) -> NDArray[np.bool_]:
    """Which faces are of a level with enough persons, in a stratum with two such levels."""
    cells, cell = np.unique(np.stack([stratum, code]), axis=1, return_inverse=True)
    cell = cell.ravel()
    of = np.unique(np.stack([cell, person]), axis=1)[0]
    firm = np.bincount(of, minlength=cells.shape[1]) >= LEAST_PEOPLE
    number = cells[0].max(initial=0) + 1
    varied = np.bincount(cells[0], firm, number) >= 2
    return np.asarray(firm[cell] & varied[stratum])


def _reason(code: Ints, within: bool) -> str:
    there = len(np.unique(code))
    if there < 2:
        return f"the attribute has {'one value' if there else 'no value'} in these faces"
    where = " under any one expression" if within else ""
    return f"fewer than two levels have {LEAST_PEOPLE} persons{where}"
