"""What looks wrong in predictions that could be read: permuted classes, repeated faces, a single class, no answers."""

from __future__ import annotations

import numpy as np
import polars as pl

from evenface.core.reading.permuted import permuted_classes
from evenface.core.tables import Notice, Predictions
from evenface.core.words import counted

FEWEST_ANSWERS = 10  # below, that no class is both read and true may well be chance
MOST_CHECKED = 5_000_000  # faces of a streamed table whose names are held in memory to look for repeated ones


def findings(predictions: Predictions, streamed: bool) -> tuple[Notice, ...]:
    """Look for faults in canonical predictions.

    Args:
        predictions: As read.
        streamed: Whether the rows may not fit in memory; repeated faces are then looked for up to 5 million rows.
    """
    names = predictions.labels.names
    cells = predictions.count(["true", "predicted"])
    answered = cells.drop_nulls("predicted")
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    confusion[answered["true"].to_numpy(), answered["predicted"].to_numpy()] = answered["count"].to_numpy()
    warnings = []
    if cells["true"].n_unique() == 1:
        warnings.append(
            Notice(
                "one_class",
                f"Every face has the true class {names[int(cells['true'][0])]!r}: most metrics are undefined.",
            )
        )
    if not len(answered):
        warnings.append(Notice("no_answers", "No row has an answer: nothing but coverage can be measured."))
    read, true = confusion.sum(0) > 0, confusion.sum(1) > 0
    if confusion.sum() >= FEWEST_ANSWERS and not (read & true).any():
        sides = [", ".join(repr(name) for name, used in zip(names, u, strict=True) if used) for u in (read, true)]
        message = f"No predicted class ({sides[0]}) is ever a true class ({sides[1]}), so no answer can be right."
        warnings.append(Notice("no_common_class", f"{message} Check which columns were read as what."))
    if cycles := permuted_classes(confusion, names):
        said = "; ".join(map(str, cycles))
        message = f"The class order looks permuted: {said}. Check the order of the codes, and give it with labels."
        warnings.append(Notice("permuted_classes", message))
    return (*warnings, *_repeated(predictions, streamed))


def _repeated(predictions: Predictions, streamed: bool) -> tuple[Notice, ...]:
    schema = predictions.frame.collect_schema()
    if "face" not in schema.names() or schema["face"].is_nested():
        return ()
    if streamed and predictions.rows > MOST_CHECKED:
        said = f"With over {MOST_CHECKED:,} rows, it was not checked whether a face comes twice."
        return (Notice("repeats_unchecked", said),)
    faces = predictions.frame.select("face", "true", "predicted").drop_nulls("face")
    if faces.select(pl.col("face").is_duplicated().any()).collect(engine="streaming").item() is False:
        return ()
    alike = (pl.col("true").n_unique() == 1) & (pl.col("predicted").n_unique() == 1)
    repeated = (
        faces.group_by("face").agg(pl.len(), alike.alias("alike")).filter(pl.col("len") > 1).sort("face").collect()
    )
    extra, differ = int((repeated["len"] - 1).sum()), int((~repeated["alike"]).sum())
    shown = ", ".join(repr(str(face)) for face in repeated["face"].head(3))
    message = (
        f"{counted(repeated.height, 'face comes', 'faces come')} more than once ({counted(extra, 'row')} too many), "
        f"such as {shown}; {differ:,} of them with different labels or answers. All rows are counted."
    )
    return (Notice("repeated_faces", message),)
