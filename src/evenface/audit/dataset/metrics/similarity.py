"""How alike two data sets are in who they show: DSAP, from the shares of their groups."""

from __future__ import annotations

import numpy as np

from evenface.audit.dataset.spec import Floats, data_metric, shares


@data_metric(
    "similarity",
    "Demographic similarity (DSAP)",
    formula="sum_g min(p_g, q_g) = 1 - sum_g |p_g - q_g| / 2",
    source="Dominguez-Catena, Paternain, Galar, DSAP, arXiv 2312.14626; Renkonen 1938",
    low=0,
    high=1,
    bias="low",
    undefined="one of the data sets has no face with a known group",
    interval="distance",
    differences=lambda first, second: shares(first) - shares(second),
)
def dsap(first: Floats, second: Floats) -> Floats:
    """Part of the two profiles that is the same: 1 the same shares in each group, 0 no group in common."""
    return np.asarray(np.minimum(shares(first), shares(second)).sum(axis=-1))
