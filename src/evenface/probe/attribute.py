"""How much of an attribute can be read from features: `probe`.

Half of the persons fit the probes and the others are scored, then the other way round. The same probes are fitted to
the attribute as it is dealt to other persons, which gives their chance level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from evenface.core.errors import UnknownNameError
from evenface.probe._batch import Batch, surprise, two_parts
from evenface.probe.faces import Faces, usable
from evenface.probe.knn import fit_knn
from evenface.probe.linear import fit_linear
from evenface.probe.mdl import online_code
from evenface.probe.mlp import fit_mlp
from evenface.probe.result import Leak, Probe, Reading, against
from evenface.probe.scores import Cells
from evenface.probe.shuffle import LEAST_PERMUTATIONS, enough, parts, shuffled

Ints = NDArray[np.int64]
KINDS = ("linear", "mlp", "knn")
_MLP_SHARE = 5  # an MLP is fitted to one in five of the permutations, since it costs more
_HALVES = 2


def probe(
    features: NDArray[np.floating],
    codes: ArrayLike,
    *,
    given: ArrayLike | None = None,
    subjects: ArrayLike | None = None,
    seed: int = 0,
    permutations: int = 200,
    kinds: Sequence[str] = KINDS,
) -> Probe:
    """Measure how well an attribute can be read from features, beside what chance alone would show.

    Args:
        features: (face, feature), of faces that the model has not learnt from. More axes are flattened.
        codes: (face,) index of the attribute's level; negative where it is not known.
        given: (face,) index of what is held fixed, such as the expression; negative where not known. The probe then
            measures what features tell of the attribute beyond what `given` does: its means are taken off, its base
            rates are known, scores are means within each of its values, and chance deals attributes within them.
        subjects: (face,) the person shown, of any type; each face is a person of its own if not given.
        seed: Of all random draws.
        permutations: How often the attribute is dealt to other persons; a fifth as often for the MLP, but at least 39.
        kinds: Which probes to fit: `linear`, `mlp`, `knn`. The description length comes with `linear`.

    Returns:
        Balanced accuracy and bits of each probe, with interval, chance band and p. Where fewer than two levels have
        enough persons there is no reading, and `undefined` says why.

    Raises:
        SettingsError: The arguments are not of the same length, or there are too few permutations for a band.
        UnknownNameError: There is no such probe.
    """
    enough(permutations)
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("probe", kind, KINDS)
    faces = usable(features, codes, given, subjects)
    strata = () if given is None else tuple(faces.given.tolist())
    people = len(np.unique(faces.people))
    if faces.undefined:
        return Probe(0, 0, faces.left_out, strata=strata, undefined=faces.undefined)
    readings = _Task(faces, permutations, seed).readings(kinds)
    counts = np.zeros((len(faces.given), len(faces.levels)))
    np.add.at(counts, (faces.strata, faces.codes), 1)
    share = counts / counts.sum(1, keepdims=True)
    weight = counts.sum(1) / counts.sum()
    entropy = -(share * np.log2(np.where(share > 0, share, 1))).sum(1) @ weight
    guessing = weight @ (1 / (counts > 0).sum(1))
    levels = tuple(faces.levels.tolist())
    return Probe(len(faces.codes), people, faces.left_out, levels, strata, float(entropy), float(guessing), readings)


class _Task:
    """One attribute with its permutations, and the halves of persons."""

    def __init__(self, faces: Faces, permutations: int, seed: int) -> None:
        self.seed = seed
        rng = np.random.default_rng(seed)
        taken = shuffled(faces.codes, faces.people, faces.strata, permutations, rng)
        codes = np.concatenate([faces.codes[:, None], faces.codes[taken]], 1)
        self.features = torch.from_numpy(faces.features)
        self.codes = torch.from_numpy(codes)
        self.people = torch.from_numpy(faces.people)
        self.strata = torch.from_numpy(faces.strata)
        self.half = torch.from_numpy(parts(faces.people, _HALVES, rng))
        self.levels = len(faces.levels)
        self.cells = Cells(faces.strata, faces.people, len(faces.given), self.levels)

    def readings(self, kinds: Sequence[str]) -> dict[str, Reading]:
        """Fit and score each kind of probe."""
        return {kind: self._reading(kind) for kind in dict.fromkeys(kinds)}

    def _reading(self, kind: str) -> Reading:
        columns = self.codes.shape[1]
        if kind == "mlp":
            columns = min(columns, 1 + max(LEAST_PERMUTATIONS, (columns - 1) // _MLP_SHARE))
        codes = self.codes[:, :columns]
        hits, saved = torch.zeros(codes.shape), torch.zeros(codes.shape)
        for half in range(_HALVES):
            to_score = self.half == half
            fit, new = two_parts(self.features, codes, self.people, self.strata, ~to_score, self.levels)
            evidence = _evidence(kind, fit, new, self._generator())
            saved[to_score] = surprise(torch.zeros_like(evidence), new) - surprise(evidence, new)
            hits[to_score] = (evidence.argmax(1) == new.codes).float()
        rng = np.random.default_rng(self.seed)
        measures = self.cells.leaks(hits.double().numpy(), saved.double().numpy(), codes.numpy(), rng)
        if kind == "linear":
            measures["mdl"] = self._description()
        return Reading(measures, columns - 1)

    def _description(self) -> Leak:
        """Bits per face that the features save in the online code."""
        code, without = online_code(self.features, self.codes, self.people, self.strata, self.levels, self._generator())
        # No interval: blocks build on each other, so persons cannot be drawn anew.
        return against(((without - code) / len(self.codes)).numpy(), np.zeros(0))

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed)


def _evidence(kind: str, fit: Batch, new: Batch, generator: torch.Generator) -> Tensor:
    if kind == "knn":
        return fit_knn(fit, new)
    return (fit_linear if kind == "linear" else fit_mlp)(fit, new, generator)
