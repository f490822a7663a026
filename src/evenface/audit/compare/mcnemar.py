"""McNemar's test, exact with mid-p: which of two models is right more often on the same faces."""

from __future__ import annotations

import numpy as np

from evenface.audit.intervals import SMALLEST_P


def mcnemar_mid_p(only_a: int, only_b: int) -> float:
    """Two-sided mid-p of `only_a` against `only_b`, under which each such face fell to either model by a fair coin.

    The exact conditional p (McNemar 1947) less half the probability of what was seen on each side, which keeps the
    error rate near its level where the exact test is far below it (Fagerland, Lydersen, Laake 2013,
    doi:10.1186/1471-2288-13-91).

    Args:
        only_a: Faces that A alone got right.
        only_b: Faces that B alone got right.

    Returns:
        p in (0, 1]; 1 where the two counts are equal.

    Example:
        >>> mcnemar_mid_p(4, 4), round(mcnemar_mid_p(1, 9), 6)
        (1.0, 0.011719)
    """
    n, k = only_a + only_b, min(only_a, only_b)
    if only_a == only_b:
        return 1.0
    steps = np.arange(1, k + 1)
    log = np.cumsum(np.concatenate([[0.0], np.log(n - steps + 1) - np.log(steps)])) - n * np.log(2)
    mass = np.exp(log)
    return max(float(2 * mass.sum() - mass[-1]), SMALLEST_P)
