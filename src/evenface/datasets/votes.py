"""Votes: what several people called one face, as one label, as a soft label, and how far they agree.

Columns `votes:<class>` hold how many people chose each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def majority(columns: Sequence[str], names: Sequence[str | None], share: float = 0.5) -> pl.Expr:
    """Give the class that has more than `share` of all votes in `columns`; null where none has.

    Args:
        columns: Of counts.
        names: The class of each column; None for one that is no class (`unknown`).
        share: From 0.5; more asks for more agreement.
    """
    import polars as pl

    total = pl.sum_horizontal(pl.col(list(columns)).cast(pl.Float64))
    result = pl.lit(None, pl.String)
    for column, name in zip(columns, names, strict=True):
        if name is not None:
            result = pl.when(pl.col(column) > share * total).then(pl.lit(name)).otherwise(result)
    return result


def entropy(columns: Sequence[str]) -> pl.Expr:
    """Give the entropy of the votes in nats: 0 where all agree; null where there are none."""
    import polars as pl

    total = pl.sum_horizontal(pl.col(list(columns)).cast(pl.Float64))
    shares = [pl.col(column) / total for column in columns]
    terms = [pl.when(share > 0).then(-share * share.log()).otherwise(0.0) for share in shares]
    return pl.when(total > 0).then(pl.sum_horizontal(terms))


def soft_labels(frame: pl.DataFrame, names: Sequence[str]) -> NDArray[np.float32]:
    """Give each class's share of the votes for these classes: (face, class); NaN rows where they have no votes.

    Args:
        frame: With `votes:<class>` for each name.
        names: Classes, in the order wanted.

    Raises:
        InputError: A class has no column of votes.
    """
    columns = [f"votes:{name}" for name in names]
    if missing := [name for name in columns if name not in frame.columns]:
        have = [name for name in frame.columns if name.startswith("votes:")]
        raise InputError(f"There is no column {', '.join(missing)}; votes there are: {', '.join(have) or 'none'}.")
    votes = frame.select(columns).to_numpy().astype(np.float32)
    total = votes.sum(1, keepdims=True)
    return np.divide(votes, total, out=np.full_like(votes, np.nan), where=total > 0)
