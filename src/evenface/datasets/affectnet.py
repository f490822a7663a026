"""AffectNet: faces found by web searches in six languages, with an expression, valence and arousal.

- Pictures: `Manually_Annotated_Images/103/….jpg` with `training.csv` and `validation.csv`; or, as handed out since
  2021, `train_set/images/0.jpg` with `train_set/annotations/0_exp.npy` (and `_val`, `_aro`), and `val_set` alike.
- Splits: 287,651 train and 4,000 validation with eight expressions (older form: 414,799 and 5,500 lines). No test
  part was given out; results are told on validation.
- Labels: eight expressions by one annotator (two agreed on 60.7 %); codes 8 to 10 (none, uncertain, no face) are kept
  without a label. `valence` and `arousal` from -1 to 1; -2 means not given and becomes null.
- Subjects: not known. Attributes: none.
- Licence: research, on request by staff of institutions (mohammadmahoor.com/affectnet); pictures must not be shared.
- Publication: Mollahosseini, Hasani, Mahoor, "AffectNet: a database for facial expression, valence, and arousal
  computing in the wild", IEEE Transactions on Affective Computing 2017, arXiv:1708.03985.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from evenface.core.errors import InputError
from evenface.core.labels import SPACES
from evenface.core.pictures import open_bytes
from evenface.datasets._dataset import DataSet, Draft, beside, need_columns
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_TABLES = r"(^|/)(training|validation)\.csv$"
_IMAGES = r"(?:^|/)Manually_Annotated(?:_Images|/Manually_Annotated_Images)/"
_SET = r"(?:^|/)(?<part>train|val)_set/images/(?<number>\d+)\.(?:jpg|png)$"
_CODE = r"(?:^|/)(?<part>train|val)_set/annotations/(?<number>\d+)_(?<what>exp|val|aro)\.npy$"
_COLUMNS = ["subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression"]
_ALL = [*_COLUMNS, "valence", "arousal"]


def _read(files: Files) -> Draft:
    if files.has(_SET):
        return Draft(_from_sets(files))
    return Draft(_from_tables(files), pictures=rf"{_IMAGES}.*\.(jpg|jpeg|png|JPG|bmp|tif|tiff)$")


def _from_tables(files: Files) -> pl.DataFrame:
    import polars as pl

    found = files.match(_TABLES)["file"].to_list()
    inside = files.first(_IMAGES) or ""
    folder = files.match(f"^(?<start>.*?{_IMAGES})")["start"].head(1).to_list() if inside else [f"{beside(found[0])}"]
    parts = []
    for file in found:
        table = files.table(file)
        if "expression" not in table.columns:  # validation.csv was handed out without a header
            table = files.table(file, names=_ALL)
        need_columns(files, file, table, ("subDirectory_filePath", "expression"))
        split = "train" if file.endswith("training.csv") else "validation"
        path = pl.col("subDirectory_filePath")
        affect = [name for name in ("valence", "arousal") if name in table.columns]
        parts.append(
            table.select(
                (pl.lit(folder[0]) + path).alias("file"),
                path.alias("face"),
                pl.lit(split).alias("split"),
                pl.col("expression").alias("label"),
                *(_affect(name) for name in affect),
            )
        )
    return pl.concat(parts, how="diagonal")


def _affect(name: str) -> pl.Expr:
    import polars as pl

    value = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(value.is_between(-1, 1)).then(value).alias(name)


def _from_sets(files: Files) -> pl.DataFrame:
    import polars as pl

    pictures = files.match(_SET)
    codes = files.match(_CODE)
    codes = codes.with_columns(pl.Series("code", [_number(files, file) for file in codes["file"]], dtype=pl.String))
    wide = codes.pivot("what", index=["part", "number"], values="code", aggregate_function="first")
    wide = wide.with_columns(pl.lit(None, pl.String).alias(w) for w in ("exp", "val", "aro") if w not in wide.columns)
    table = pictures.join(wide, ["part", "number"], "full", coalesce=True).sort("part", pl.col("number").cast(pl.Int64))
    return table.rename({"exp": "label", "val": "valence", "aro": "arousal"}).select(
        "file",
        pl.concat_str("part", pl.lit("/"), "number").alias("face"),
        pl.col("part").replace_strict({"train": "train", "val": "validation"}, return_dtype=pl.String).alias("split"),
        "label",
        _affect("valence"),
        _affect("arousal"),
    )


def _number(files: Files, file: str) -> str:
    try:
        return str(np.load(io.BytesIO(open_bytes(files.prefix + file)), allow_pickle=False).reshape(-1)[0]).strip()
    except (ValueError, IndexError, EOFError) as error:
        raise InputError(f"{files.prefix}{file} holds no number: {error}.") from error


AFFECTNET = DataSet(
    name="affectnet",
    title="AffectNet",
    doc=__doc__,
    source="Mollahosseini, Hasani, Mahoor, IEEE TAC 2017, arXiv:1708.03985",
    licence="research, on request",
    layout="training.csv, validation.csv and Manually_Annotated_Images/; or train_set/images, train_set/annotations.",
    signs=(
        rf"{_SET.replace('?<part>', '?:').replace('?<number>', '?:')}|{_TABLES}",
        rf"{_IMAGES}|_set/annotations/\d+_exp\.npy$",
    ),
    reader=_read,
    labels=SPACES["AffectNet-8"],
    region="web",
)
