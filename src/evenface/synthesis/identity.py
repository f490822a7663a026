"""Identity: from the seed of a person to the details of a head that tell this person from others.

Each local change of the mesh is an axis: its two directions ("incr" and "decr", "up" and "down") are one number with
a normal law, cut off at two and a half deviations so that no draw leaves the range of plausible heads. Deviations are
our choice, set by looking at many draws, and printed in `SPREADS`.
"""

from __future__ import annotations

import re
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.dice import normal, uniform
from evenface.synthesis.head import load_head

Floats = NDArray[np.float64]

SPREADS: dict[str, float] = {
    "head-age": 0.0,  # age is set, not drawn
    "head-fat": 0.0,  # so is weight
    "head": 0.16,
    "neck-double": 0.0,
    "neck": 0.15,
    "measure-neck": 0.15,
    "forehead": 0.22,
    "eyebrows": 0.20,
    "eye-epicanthus": 0.0,  # a marker of the poles of shape: left to them
    "eye-scale": 0.16,
    "eye-height": 0.12,
    "eye-trans": 0.12,
    "eye-push": 0.10,
    "eye-corner": 0.20,
    "eye": 0.22,
    "nose-compression": 0.10,
    "nose-trans": 0.12,
    "nose": 0.26,
    "mouth-scale": 0.18,
    "mouth-trans": 0.12,
    "mouth-angles": 0.10,  # the resting mouth must not look like an expression
    "mouth-laugh-lines": 0.15,
    "mouth-upperlip-ext": 0.05,
    "mouth-lowerlip-ext": 0.05,
    "mouth-upperlip-middle": 0.05,
    "mouth-lowerlip-middle": 0.05,
    "mouth": 0.24,
    "chin": 0.24,
    "cheek": 0.24,
    "ear": 0.30,
    "asym": 0.10,
}
"""Standard deviation of each local change, by the longest prefix of its name; 1 is the whole change as modelled."""

_CUT = 2.5
_OPPOSITES = {
    "decr": "incr",
    "down": "up",
    "in": "out",
    "backward": "forward",
    "concave": "convex",
    "compress": "uncompress",
    "l": "r",
}


@cache
def _axes() -> tuple[tuple[str, int, int, float], ...]:
    """Axes: name, index of the change in its negative and positive direction (-1: none), deviation."""
    names = load_head().local_names
    found = []
    for index, name in enumerate(names):
        stem, _, ending = name.rpartition("-")
        spread = SPREADS[max((p for p in SPREADS if name.startswith(p)), key=len)]
        if ending in _OPPOSITES:
            other = f"{stem}-{_OPPOSITES[ending]}"
            found.append((stem, index, names.index(other), spread))
        elif ending not in _OPPOSITES.values() or not any(
            f"{stem}-{negative}" in names for negative, positive in _OPPOSITES.items() if positive == ending
        ):
            found.append((name, -1, index, spread))
    return tuple(found)


@cache
def _table() -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Axes that are drawn, as columns: a number that stands for the name, deviation, index forwards and backwards."""
    drawn = [axis for axis in _axes() if axis[3] > 0]
    codes = np.array([zlib.crc32(name.encode()) for name, *_ in drawn])
    spreads = np.array([spread for *_, spread in drawn])
    return codes, spreads, np.array([f for _, _, f, _ in drawn]), np.array([b for _, b, _, _ in drawn])


def local_changes(person: Floats, distinctness: Floats) -> Floats:
    """Draw how much of each local change a person has.

    Args:
        person: (face,) seeds.
        distinctness: (face,) factor on every draw.

    Returns:
        (face, change) coefficients of at least 0, in the order of `Head.local_names`.
    """
    codes, spreads, forwards, backwards = _table()
    draws = normal("shape", person.astype(np.uint64)[:, None], codes)
    amounts = np.clip(draws, -_CUT, _CUT) * spreads * distinctness[:, None]
    alone = backwards < 0  # a shape without an opposite, such as an oval head: in some people only
    out = np.zeros((len(person), len(load_head().local_names)))
    out[:, forwards] = np.maximum(0, amounts - np.where(alone, 0.5 * spreads, 0))
    out[:, backwards[~alone]] = np.maximum(0, -amounts[:, ~alone])
    return out


def trait(name: str, person: Floats) -> Floats:
    """Draw a number in [0, 1) that belongs to the person: where moles lie, how brows arch, which way hair is parted."""
    return uniform(f"trait {re.sub('_', ' ', name)}", person.astype(np.uint64))
