"""Which faces are in which batch: a function of the seed and the number of the step, so that nothing must be kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.mitigation._mitigation import Mitigation

Places = NDArray[np.int64]
_ORDER, _STEP = 1, 2  # kinds of draws, so that none repeats another's numbers


def steps_per_epoch(faces: int, batch: int) -> int:
    """Give how many whole batches there are; fewer faces than a batch make one batch."""
    return max(1, faces // batch)


def order_of(seed: int, epoch: int, faces: int, weights: NDArray[np.float64] | None) -> Places:
    """Give the order in which an epoch goes through the faces.

    Args:
        seed: Of the run.
        epoch: From 0.
        faces: How many there are.
        weights: (face,) how often each is drawn, in proportion; None: each exactly once, in random order.

    Returns:
        (face,) places among the training faces.
    """
    rng = np.random.default_rng([seed, _ORDER, epoch])
    if weights is None:
        return rng.permutation(faces)
    # One draw in each of `faces` equal strips of the summed weights: expected numbers are met to within one face.
    ends = np.cumsum(weights) / weights.sum()
    drawn = np.searchsorted(ends, (np.arange(faces) + rng.random(faces)) / faces, side="right")
    return rng.permutation(np.minimum(drawn, faces - 1))


def face_weights(
    mitigation: Mitigation, epoch: int, labels: NDArray[np.int64], balanced: bool
) -> NDArray[np.float64] | None:
    """Combine what the mitigation and the balance of classes want drawn more often; None: neither wants anything."""
    wanted = mitigation.sampling_weights(epoch)
    if not balanced:
        return wanted
    by_class = class_weights(labels, int(labels.max()) + 1)[labels]
    return by_class if wanted is None else wanted * by_class


def class_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Give (class,) weights as one over the faces of the class, with mean 1 over faces; 1 without faces."""
    counts = np.bincount(labels, minlength=classes)
    there = counts > 0
    out = np.ones(classes)
    out[there] = len(labels) / (there.sum() * counts[there])
    return out


def step_seed(seed: int, step: int, rank: int) -> int:
    """Give the seed of everything that is random within a step, on one device."""
    return int(np.random.SeedSequence([seed, _STEP, step, rank]).generate_state(1, np.uint64)[0] >> 1)
