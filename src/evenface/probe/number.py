"""How well a number, such as an age in years, can be read from features: `probe_number`, by ridge regression."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from evenface.core.errors import SettingsError
from evenface.probe._batch import two_parts
from evenface.probe.result import Probe, Reading, against
from evenface.probe.scores import Cells
from evenface.probe.shuffle import enough, parts, shuffled

LEAST_PEOPLE = 20
#: Weights of the squared length of the coefficients beside the mean squared error, on standardised features.
PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
_HALVES = 2
Floats = NDArray[np.float64]


def probe_number(
    features: NDArray[np.floating],
    values: ArrayLike,
    *,
    given: ArrayLike | None = None,
    subjects: ArrayLike | None = None,
    seed: int = 0,
    permutations: int = 200,
) -> Probe:
    """Measure how well ridge regression reads a number from features, beside what chance alone would show.

    As `probe`: half of the persons fit and the others are scored, then the other way round, and numbers are dealt to
    other persons. The penalty is chosen by generalised cross-validation (Golub, Heath and Wahba, Technometrics 21,
    1979) among the faces that are fitted.

    Args:
        features: (face, feature), of faces that the model has not learnt from. More axes are flattened.
        values: (face,) the number; NaN where it is not known.
        given: (face,) index of what is held fixed; its means are taken off features and numbers. Negative: not known.
        subjects: (face,) the person shown; each face is a person of its own if not given.
        seed: Of all random draws.
        permutations: How often numbers are dealt to other persons.

    Returns:
        One reading, `linear`: `r2`, the share of the squared deviation that is explained (below 0 where the mean is
        the better guess), and `correlation` of read and true numbers; or none, and the reason in `undefined`.

    Raises:
        SettingsError: The arguments are not of the same length, or there are too few permutations for a band.
    """
    enough(permutations)
    table = np.asarray(features, np.float32).reshape(len(features), -1)
    value = np.asarray(values, np.float64)
    stratum = np.zeros(len(value), np.int64) if given is None else np.asarray(given, np.int64)
    person = np.arange(len(value)) if subjects is None else np.unique(np.asarray(subjects), return_inverse=True)[1]
    if len({len(table), len(value), len(stratum), len(person)}) > 1:
        raise SettingsError("A probe needs one entry for each face in all it is given.")
    kept = np.isfinite(value) & (stratum >= 0) & np.isfinite(table).all(1)
    codes, strata = np.unique(stratum[kept], return_inverse=True)
    people = np.unique(person[kept], return_inverse=True)[1]
    number, left_out = int(people.max(initial=-1)) + 1, int((~kept).sum())
    said = () if given is None else tuple(codes.tolist())
    if number < LEAST_PEOPLE or np.ptp(value[kept]) == 0:
        why = f"{number} persons have a number, {LEAST_PEOPLE} are needed" if number < LEAST_PEOPLE else "one value"
        return Probe(0, 0, left_out, strata=said, undefined=why)
    rng = np.random.default_rng(seed)
    rank = np.unique(value[kept], return_inverse=True)[1]
    taken = shuffled(rank, people, strata, permutations, rng)
    dealt = value[kept][np.concatenate([np.arange(len(rank))[:, None], taken], 1)]
    half = parts(people, _HALVES, rng)
    read, true = _read(*map(torch.from_numpy, (table[kept], dealt, people, strata, half)))
    weights = Cells(strata, people, len(codes), 1).drawn(rng)
    measures = {
        name: against(score(read, true, None), score(read[:, :1], true[:, :1], weights))
        for name, score in (("r2", _explained), ("correlation", _correlation))
    }
    return Probe(int(kept.sum()), number, left_out, strata=said, readings={"linear": Reading(measures, permutations)})


def _read(features: Tensor, values: Tensor, people: Tensor, strata: Tensor, half: Tensor) -> tuple[Floats, Floats]:
    """Deviations (face, column) as they are read and as they are, from the mean of the other half's stratum."""
    read, true = torch.zeros_like(values), torch.zeros_like(values)
    none = torch.zeros((len(values), 1), dtype=torch.long)
    for part in range(_HALVES):
        fit = half != part
        seen, new = two_parts(features, none, people, strata, fit, 1)
        sums = torch.zeros(int(strata.max()) + 1, values.shape[1], dtype=values.dtype)
        faces = torch.bincount(strata[fit], minlength=len(sums)).clamp(min=1)
        centred = values - (sums.index_add_(0, strata[fit], values[fit]) / faces[:, None])[strata]
        true[~fit] = centred[~fit]
        read[~fit] = _ridge(seen.features.double(), centred[fit], new.features.double())
    return read.numpy(), true.numpy()


def _ridge(seen: Tensor, values: Tensor, new: Tensor) -> Tensor:
    """Read numbers (face, column) of new faces, each column with the penalty that is best for it."""
    left, scale, right = torch.linalg.svd(seen, full_matrices=False)
    inside, ahead = left.T @ values, new @ right.T
    best = torch.full((values.shape[1],), torch.inf, dtype=values.dtype)
    chosen = torch.zeros(len(new), values.shape[1], dtype=values.dtype)
    rest = values.square().sum(0) - inside.square().sum(0)  # what no feature explains
    for penalty in PENALTIES:
        kept = scale.square() / (scale.square() + penalty * len(seen))
        error = rest + ((1 - kept)[:, None] * inside).square().sum(0)
        error = error / (1 - kept.sum() / len(seen)) ** 2
        shrunk = kept / scale.clamp(min=1e-12)
        better = error < best
        best = torch.where(better, error, best)
        chosen = torch.where(better, ahead @ (shrunk[:, None] * inside), chosen)
    return chosen


def _explained(read: Floats, true: Floats, weights: Floats | None) -> Floats:
    weigh = np.ones((len(read), 1)) if weights is None else weights
    return np.asarray(1 - (weigh * (true - read) ** 2).sum(0) / (weigh * true**2).sum(0))


def _correlation(read: Floats, true: Floats, weights: Floats | None) -> Floats:
    weigh = np.ones((len(read), 1)) if weights is None else weights
    total = weigh.sum(0)
    read, true = read - (weigh * read).sum(0) / total, true - (weigh * true).sum(0) / total
    spread = np.sqrt((weigh * read**2).sum(0) * (weigh * true**2).sum(0))
    return np.asarray((weigh * read * true).sum(0) / np.where(spread > 0, spread, np.inf))
