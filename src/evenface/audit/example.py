"""A table of predictions that the package makes by itself, with gaps planted where we know them.

For the docs and the tests: no data, no network. The people in it do not exist.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
SHARES = (0.10, 0.06, 0.06, 0.34, 0.22, 0.13, 0.09)
RIGHT = (0.76, 0.64, 0.62, 0.93, 0.85, 0.80, 0.84)
LEVELS = {
    "gender": (("Female", "Male"), (0.52, 0.48)),
    "race": (("Asian", "Black", "Indian", "White"), (0.22, 0.14, 0.12, 0.52)),
    "age": (("0-19", "20-39", "40-59", "60+"), (0.22, 0.48, 0.22, 0.08)),
}
SHORTFALL = {"Black": 0.08, "60+": 0.14}  # planted: how much less often such faces are read rightly
ANGRY_MEN = 0.22  # planted: share of neutral faces of men that are read as angry
MISSED = {"Black": 0.06}  # planted: share of faces that the detector does not find, 1 % elsewhere

PLANTED = (
    f"Planted: the model is right about {100 * SHORTFALL['Black']:.0f} points less often on faces of Black people, "
    f"whom the detector also misses more often, and {100 * SHORTFALL['60+']:.0f} points less on faces of people "
    f"of 60 and more; and it reads {100 * ANGRY_MEN:.0f} % of neutral men as angry, on top of its other errors."
)  # the same in words


def planted_table(faces: int = 6000, seed: int = 0) -> pl.DataFrame:
    """Make the table.

    Args:
        faces: Number of rows.
        seed: Of all draws.

    Returns:
        Columns `face, label, prediction, p_angry … p_surprise, gender, race, age`; prediction and probabilities are
        null where no face was found.

    Example:
        >>> planted_table(3).columns[:3]
        ['face', 'label', 'prediction']
    """
    rng = np.random.default_rng(seed)
    true = rng.choice(len(CLASSES), faces, p=SHARES)
    people = {name: rng.choice(levels, faces, p=shares) for name, (levels, shares) in LEVELS.items()}
    right = np.array(RIGHT)[true]
    missed = np.full(faces, 0.01)
    for column in people.values():
        right -= np.array([SHORTFALL.get(level, 0.0) for level in column])
        missed += np.array([MISSED.get(level, 0.0) for level in column])
    answer = np.where(rng.random(faces) < right, true, _another(true, rng))
    neutral, angry = CLASSES.index("neutral"), CLASSES.index("angry")
    as_angry = (true == neutral) & (people["gender"] == "Male") & (rng.random(faces) < ANGRY_MEN)
    answer[as_angry] = angry
    logits = rng.normal(size=(faces, len(CLASSES)))
    logits[np.arange(faces), answer] = logits.max(1) + rng.exponential(1.6, faces)
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    found = rng.random(faces) >= missed
    names = np.array(CLASSES)
    table = pl.DataFrame({"face": [f"made_{i:05d}" for i in range(faces)], "label": names[true]})
    scores = [pl.Series(f"p_{name}", p[:, i].round(5)) for i, name in enumerate(CLASSES)]
    table = table.with_columns(pl.Series("prediction", names[answer]), *scores)
    hide = [pl.when(pl.Series(found)).then(pl.col(c)).alias(c) for c in table.columns[2:]]
    return table.with_columns(*hide, *[pl.Series(name, column) for name, column in people.items()])


def _another(true: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A class other than the true one for each face, by how common classes are."""
    share = np.tile(SHARES, (len(CLASSES), 1))
    np.fill_diagonal(share, 0)
    upper = (share / share.sum(1, keepdims=True)).cumsum(1)
    upper[:, -1] = 1
    return (rng.random((len(true), 1)) >= upper[true]).sum(1)
