"""Base rates: how frequent each expression is held to be, and answers under others than those that a model learnt.

A model that learnt from faces of which a third are neutral calls a doubtful face neutral. Where expressions are as
frequent as `rates` and not as the `trained` shares, and faces of one expression look as they did in training, the
probabilities are by Bayes' rule

    p'(expression) ~ p(expression) * rates(expression) / trained(expression).

`estimate` finds the rates of the faces at hand from the probabilities alone, as Saerens, Latinne and Decaestecker,
Adjusting the outputs of a classifier to new a priori probabilities, Neural Computation 14 (2002), with calibrated
probabilities as Alexandari, Kundaje and Shrikumar, ICML 2020, arXiv:1901.06852, find necessary. Ours: one face more for
each expression, a Dirichlet prior, so that none is ruled out because a hundred faces seem to have none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError

Floats = NDArray[np.float64]
BaseRates = Literal["trained", "uniform", "estimated"]
KINDS: tuple[str, ...] = get_args(BaseRates)
LEAST = 100
"""Faces that estimated rates need: with fewer they cost more answers than they mend (docs/PREDICT.md)."""
_ONE_MORE = 1.0
_RAREST = 1e-3  # a trained share below it counts as this: what was hardly ever seen must not become a frequent answer
_STEPS, _STILL = 10_000, 1e-8


def rebased(p: Floats, trained: Floats, rates: Floats) -> Floats:
    """Give probabilities (face, class) as they are under other base rates; rows of NaN stay so.

    Args:
        p: (face, class) probabilities under the trained shares.
        trained: (class,) shares, as the model learnt them.
        rates: (class,) shares to hold for true.
    """
    weighed = p * (rates / np.maximum(trained, _RAREST))
    return np.asarray(weighed / weighed.sum(1, keepdims=True))


def estimate(p: Floats, trained: Floats) -> tuple[Floats, int]:
    """Estimate the shares of expressions among faces without labels, by expectation and maximisation.

    The likelihood is concave in the shares, so the start does not matter.

    Args:
        p: (face, class) calibrated probabilities under the trained shares; rows with NaN are left out.
        trained: (class,) shares, as the model learnt them.

    Returns:
        (class,) shares that sum to one, and the number of faces that they are estimated from.

    Raises:
        InputError: Fewer than `LEAST` faces.
    """
    p = p[np.isfinite(p).all(1)]
    if len(p) < LEAST:
        raise InputError(
            f"Base rates can be estimated from {LEAST} faces or more, and here are {len(p)}. Give more pictures at "
            "once, or choose the base rates 'trained' or 'uniform'."
        )
    rates = np.full(p.shape[1], 1 / p.shape[1])
    for _ in range(_STEPS):
        new = (rebased(p, trained, rates).sum(0) + _ONE_MORE) / (len(p) + _ONE_MORE * p.shape[1])
        still = np.abs(new - rates).max() < _STILL
        rates = new
        if still:
            break
    return rates, len(p)


def told(classes: Sequence[str], rates: Floats, faces: int) -> str:
    """Say estimated rates in words, as the table keeps them."""
    shares = ", ".join(f"{name} {rate:.3f}" for name, rate in zip(classes, rates, strict=True))
    return f"estimated from {faces} faces: {shares}"
