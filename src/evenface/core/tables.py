"""Column contract of Predictions, one of the two tables that travel between rooms; `core.manifest` has the other.

**Predictions** hold one row per face. The canonical columns, all in one `polars.LazyFrame`:

| column            | type    | meaning                                                                     |
|-------------------|---------|-----------------------------------------------------------------------------|
| `face`            | any     | optional: identifies the face (unique)                                      |
| `subject`         | any     | optional: the person shown; faces of one subject are resampled together     |
| `true`            | Int16   | index into `labels.names`; never null                                       |
| `predicted`       | Int16   | index into `labels.names`; null = no answer (no face found, abstained)      |
| `score:<class>`   | Float64 | optional, one per class: probabilities that sum to one; null = no scores    |
| `attr:<name>`     | String  | one per attribute; null = not known for this face                           |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from evenface.core.labels import LabelSpace


ORIGINS = ("self-reported", "annotated", "estimated", "generated", "unknown")
"""How an attribute can have come to be known; of a generated face it is known because it was set."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One protected or descriptive attribute of the people shown.

    Attributes:
        name: As the user named the column, such as `"gender"`.
        levels: Its values in the order to show them; numbers are binned first.
        provenance: How the values came to be known, one of `ORIGINS`.
    """

    name: str
    levels: tuple[str, ...]
    provenance: str = "unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader of a result must know: a code to test for and a sentence to read."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row per face: what it was labelled, what a model answered, and who is shown.

    Attributes:
        frame: The canonical columns of this module's table.
        labels: The classes, in the order that `true` and `predicted` index.
        attributes: The attributes in `frame`, in the user's order.
        rows: Number of faces.
        source: File name, or `"table in memory"`.
        sha256: Hash of the input's bytes.
        notes: Each choice that was made for the user, in words (which column was read as what).
        warnings: What looks wrong but can be worked with.
        counted: The faces of `frame` counted by `true`, `predicted` and all attributes, with their number in `count`,
            where that was known before `frame` is read. Whoever replaces `frame` must set it anew or to None.
    """

    frame: pl.LazyFrame
    labels: LabelSpace
    attributes: tuple[Attribute, ...]
    rows: int
    source: str
    sha256: str
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = field(default=())
    counted: pl.DataFrame | None = None

    def count(self, columns: Sequence[str]) -> pl.DataFrame:
        """Count the faces by canonical columns: these columns, and the number of faces in `count` (Int64)."""
        import polars as pl

        if self.counted is not None and set(columns) <= set(self.counted.columns):
            return self.counted.group_by(columns).agg(pl.col("count").sum())
        return self.frame.group_by(columns).agg(pl.len().cast(pl.Int64).alias("count")).collect(engine="streaming")
