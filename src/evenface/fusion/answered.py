"""Answers of a study as tables of predictions, so that `evenface audit --by region` can read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from evenface.core.writing import RESUME, write_table
from evenface.fusion.data import TransferData
from evenface.fusion.matrix import Cell, Job
from evenface.fusion.settings import TransferSettings


def write_predictions(settings: TransferSettings, data: TransferData, cells: Mapping[Job, Cell], folder: Path) -> None:
    """Write what the models that see all cues answer, for the first seed and the split by person.

    For each regime and fusion there is a table `<regime>-<fusion>-from-<region>.parquet` for each region learnt from,
    and `<regime>-<fusion>-own.parquet`, where each face is read by the model that learnt in the face's own region.
    Columns: `face`, `subject`, `label`, `predicted`, `score_<class>`, `region`, the attributes, and `weight_<cue>`:
    what the fusion gave each cue on this face. A face that no cue could read is a row without an answer.

    Raises:
        InputError: A table cannot be written.
    """
    pairs = [(regime, fusion) for regime in settings.regimes for fusion in settings.fusions]
    first = {job.source: cell for job, cell in cells.items() if job.seed == settings.seeds[0] and not job.random}
    for which, (regime, fusion) in enumerate(pairs):
        own = []
        for source, cell in first.items():
            table = _table(data, cell, which)
            write_table(table, folder / f"{regime}-{fusion}-from-{source}.parquet", RESUME)
            if source in data.regions:
                own.append(table.filter(pl.col("region") == source))
        write_table(pl.concat(own), folder / f"{regime}-{fusion}-own.parquet", RESUME)


def _table(data: TransferData, cell: Cell, which: int) -> pl.DataFrame:
    chances = cell.chances[which].astype(np.float64)
    chances /= chances.sum(1, keepdims=True)  # half precision does not sum to one
    answered = np.isfinite(chances).all(1)
    names = np.array(data.classes)
    said = pl.Series(names[np.nan_to_num(chances).argmax(1)])
    known = data.frame[cell.faces].select(
        "face", "subject", "region", *(pl.col(f"attr:{a.name}").alias(a.name) for a in data.attributes)
    )
    scores = {f"score_{name}": pl.Series(chances[:, i]).fill_nan(None) for i, name in enumerate(data.classes)}
    scores |= {f"weight_{cue}": pl.Series(cell.weights[which][:, i].astype(np.float32)).fill_nan(None)
               for i, cue in enumerate(data.cues)}  # fmt: skip
    return known.with_columns(
        label=pl.Series(names[data.labels[cell.faces]]), predicted=pl.when(pl.Series(answered)).then(said), **scores
    )
