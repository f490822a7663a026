"""FER2013's table: pictures as grey values in the rows of a csv."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.pictures import INSIDE

if TYPE_CHECKING:
    import polars as pl

    from evenface.datasets._files import Files

USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
"""Column `Usage` -> split."""


def rows_of_pixels(files: Files, file: str) -> pl.Expr:
    """Give `file` of each row of a table whose rows are those of this csv, in its order.

    Raises:
        InputError: The csv lies in an archive, where rows cannot be found in place.
    """
    import polars as pl

    if INSIDE in files.prefix + file:
        raise InputError(f"{files.prefix}{file}: pictures in a table are read in place only if it is unpacked.")
    return (pl.lit(file + INSIDE) + pl.int_range(pl.len()).cast(pl.String)).alias("file")
