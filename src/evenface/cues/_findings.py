"""What a cue could not read, and whose faces those are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evenface.core.manifest import Manifest
from evenface.core.tables import Notice
from evenface.cues._cue import CueReading

if TYPE_CHECKING:
    import polars as pl


def unanswered(manifest: Manifest, name: str, reading: CueReading) -> pl.DataFrame:
    """Count faces of a manifest that a cue could not read, by its attributes, and by region and data set.

    Region and data set count where there are several; where the two are the same, as `region` alone.

    Returns:
        As `unread_by` gives it.
    """
    frame = manifest.frame
    columns = {f"attr:{each.name}": each.name for each in manifest.attributes}
    columns |= {name: name for name in ("region", "dataset") if frame[name].n_unique() > 1}
    if frame["region"].equals(frame["dataset"]):
        columns.pop("dataset", None)
    return unread_by(frame, columns, name, reading.reasons)


def unread_by(
    frame: pl.DataFrame, columns: Mapping[str, str], name: str, reasons: Sequence[str | None]
) -> pl.DataFrame:
    """Count faces that a cue could not read, over all and in each level of each of some columns.

    Args:
        frame: A row per face.
        columns: Column of `frame` -> what it is called.
        name: Of the cue.
        reasons: (face,) why it could not be read; None where it could.

    Returns:
        `cue`, `attribute` (`all` for all faces), `level` (`not known` where null), `faces`, `unread`, `share` of
        unread faces, `reasons` with how often each was given.
    """
    import polars as pl

    told = frame.with_columns(pl.Series(" reason", reasons, pl.String), pl.lit("all").alias(" all"))
    parts = [
        told.group_by(pl.col(column).fill_null("not known").alias("level"), maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("faces"),
            pl.col(" reason").count().cast(pl.Int64).alias("unread"),
            pl.col(" reason").drop_nulls().value_counts(sort=True).alias("reasons"),
        )
        .sort("level")
        .with_columns(pl.lit(attribute).alias("attribute"))
        for column, attribute in {" all": "all", **columns}.items()
    ]
    why = pl.col("reasons").list.eval(
        pl.format("{} ({})", pl.element().struct.field(" reason"), pl.element().struct.field("count"))
    )
    return pl.concat(parts).select(
        pl.lit(name).alias("cue"),
        "attribute",
        "level",
        "faces",
        "unread",
        (pl.col("unread") / pl.col("faces")).alias("share"),
        why.list.join(", ").alias("reasons"),
    )


def findings(counts: pl.DataFrame) -> list[Notice]:
    """Say which groups a cue failed on whole, while it read others.

    Args:
        counts: As `unanswered` gives them.
    """
    import polars as pl

    read_some = counts.filter(pl.col("attribute") == "all", pl.col("share") < 1)
    lost = counts.filter(pl.col("attribute") != "all", pl.col("share") == 1).join(read_some, "cue", "semi")
    return [
        Notice(
            "cue_fails_group",
            f"Cue {row['cue']!r} reads no face of {row['attribute']}={row['level']} ({row['faces']:,} faces), and "
            f"reads others: {row['reasons']}. What is built on it says nothing of this group.",
        )
        for row in lost.iter_rows(named=True)
    ]
