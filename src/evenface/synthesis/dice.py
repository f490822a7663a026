"""Random numbers that depend on their seed and their name alone: never on what was drawn before, or on how many.

Each number is a hash (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014) of a name and of whole numbers,
such as a seed and a row. So face 700 is the same face in a run of a thousand and in a run of one, and a parameter that
is added later does not move the others. For drawing pictures, not for cryptography.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def bits(name: str, *seeds: ArrayLike) -> NDArray[np.uint64]:
    """Give 64 random bits for each element of the broadcast `seeds`, whole numbers of at least 0."""
    state = np.asarray(zlib.crc32(name.encode()), np.uint64)
    with np.errstate(over="ignore"):  # wrapping round is what these hashes are made of
        for seed in seeds:
            state = _mixed(state + _GOLDEN + _mixed(np.asarray(seed, np.uint64) * _GOLDEN))
        return np.asarray(_mixed(state + _GOLDEN))


def uniform(name: str, *seeds: ArrayLike) -> NDArray[np.float64]:
    """Give numbers spread evenly over [0, 1), one for each element of the broadcast `seeds`.

    Example:
        >>> uniform("yaw", 7, [0, 1, 2]).round(3)
        array([0.901, 0.413, 0.262])
        >>> uniform("yaw", 7, 2).round(3)
        np.float64(0.262)
    """
    return np.asarray((bits(name, *seeds) >> np.uint64(11)) * 2.0**-53, np.float64)


def normal(name: str, *seeds: ArrayLike) -> NDArray[np.float64]:
    """Give numbers of a standard normal law, one for each element of the broadcast `seeds`."""
    return _inverse_normal(uniform(name, *seeds) + 2.0**-54)


def choice(shares: Sequence[float] | NDArray[np.float64], name: str, *seeds: ArrayLike) -> NDArray[np.int64]:
    """Give indices into `shares`, each as often as its share; shares need not sum to 1.

    Args:
        shares: (option,) for one law, or (element, option) for a law of each element of the broadcast `seeds`.
        name: What is drawn.
        seeds: Whole numbers of at least 0.
    """
    total = np.cumsum(np.asarray(shares, np.float64), axis=-1)
    place = uniform(name, *seeds)[..., None] * total[..., -1:]
    return np.asarray((place >= total[..., :-1]).sum(-1))


def _inverse_normal(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert the normal law by Acklam's rational approximation: relative error below 1.2e-9, no table and no SciPy."""
    a = (-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.383577518672690e2, -3.066479806614716e1, 2.506628277459239)  # fmt: skip  # noqa: E501
    b = (-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1)
    c = (-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783)  # fmt: skip  # noqa: E501
    d = (7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416)
    q = chance - 0.5
    r = q * q
    middle = np.polyval(a, r) * q / (np.polyval(b, r) * r + 1)
    s = np.sqrt(-2 * np.log(np.minimum(chance, 1 - chance)))
    tail = np.polyval(c, s) / (np.polyval(d, s) * s + 1) * np.where(q < 0, 1, -1)
    return np.asarray(np.where(np.abs(q) <= 0.5 - 0.02425, middle, tail))
