"""RAF-DB: Real-world Affective Faces, basic emotions, each face judged by about forty people.

- Pictures: `Image/aligned/test_0001_aligned.jpg` (100 x 100), or `Image/original/test_0001.jpg` where the aligned
  ones are missing; also inside `Image/aligned.zip`. Labels in `EmoLabel/list_patition_label.txt` (spelt so).
- Splits: 12,271 train, 3,068 test. Where validation is needed it must be split off train.
- Labels: seven, codes 1 to 7 in the order surprise, fear, disgust, happy, sad, angry, neutral; majority of the crowd.
  The compound part, with codes to 11, is another set.
- Subjects: not known. One person may be in both splits.
- Attributes, by annotators who looked at the picture (`Annotation/manual/test_0001_manu_attri.txt`: five landmarks,
  then three codes): gender male, female, unsure; race Caucasian, African-American, Asian; age 0-3, 4-19, 20-39,
  40-69, 70+.
- Licence: non-commercial research, for staff of institutions who ask the authors (whdeng.cn/RAF/model1.html).
- Publication: Li, Deng, Du, "Reliable crowdsourcing and deep locality-preserving learning for expression recognition
  in the wild", CVPR 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.errors import InputError
from evenface.core.labels import SPACES
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, levels
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_LIST = r"(^|/)EmoLabel/list_patition_label\.txt$"
_ALIGNED = r"(?:^|/)(?<face>(?:train|test)_\d+)_aligned\.(?:jpg|png)$"
_ORIGINAL = r"(?:^|/)(?<face>(?:train|test)_\d+)\.(?:jpg|png)$"
_ATTRIBUTES = r"(?:^|/)(?<face>(?:train|test)_\d+)_manu_attri\.txt$"
_CODES = {
    "gender": {"0": "male", "1": "female", "2": "unsure"},
    "race": {"0": "Caucasian", "1": "African-American", "2": "Asian"},
    "age": {"0": "0-3", "1": "4-19", "2": "20-39", "3": "40-69", "4": "70+"},
}


def _read(files: Files) -> Draft:
    import polars as pl

    lines = pl.DataFrame({"line": files.text(files.first(_LIST) or "").split("\n")})
    table = lines.filter(pl.col("line").str.strip_chars() != "").with_columns(
        pl.col("line").str.extract_groups(r"^(?<face>(?:train|test)_\d+)\.jpg\s+(?<label>\d+)\s*$").alias("_")
    )
    table = table.unnest("_")
    if (strange := table.filter(pl.col("face").is_null())["line"]).len():
        raise InputError(f"RAF-DB's list has {len(strange)} lines such as {strange[0]!r}; expected 'test_0001.jpg 4'.")
    if table["label"].cast(pl.Int32).max() in range(8, 12):
        raise InputError("This list has codes above 7: the compound part of RAF-DB. The basic part is read here.")
    aligned = files.match(_ALIGNED)
    pictures = aligned if aligned.height else files.match(_ORIGINAL)
    table = table.join(pictures.unique("face", keep="first", maintain_order=True), "face", "full", coalesce=True)
    table = table.with_columns(pl.col("face").str.extract("^(train|test)").alias("split"))
    table, notes = _with_attributes(files, table.sort("face"))
    return Draft(table.drop("line"), tuple(_attributes()), notes=(*_amiss(table), *notes))


def _amiss(table: pl.DataFrame) -> list[str]:
    """Faces are joined by number here, so what is missing on either side is told here."""
    import polars as pl

    lost, extra = table.filter(pl.col("file").is_null())["face"], table.filter(pl.col("label").is_null())["face"]
    notes = [f"Labels without a picture: {len(lost):,}, such as {lost[0]!r}; kept, with no image."] if len(lost) else []
    if len(extra):
        notes.append(f"Pictures without a label: {len(extra):,}, such as {extra[0]!r}; kept, unlabelled.")
    return notes


def _with_attributes(files: Files, table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    import polars as pl

    found = files.match(_ATTRIBUTES)
    texts = pl.Series("text", [files.text(file) for file in found["file"]], dtype=pl.String)
    codes = (
        texts.str.strip_chars()
        .str.replace_all(r"\r", "")
        .str.extract_groups(r"(?<gender>\d+)\s+(?<race>\d+)\s+(?<age>\d+)$")
    )
    frame = pl.DataFrame({"face": found["face"], "codes": codes}).unnest("codes") if found.height else None
    if frame is None:
        nulls = [pl.lit(None, pl.String).alias(f"attr:{name}") for name in _CODES]
        return table.with_columns(nulls), [
            "No files of attributes (Annotation/manual): gender, race and age are not known."
        ]
    frame = frame.select("face", *(levels(name, codes).alias(f"attr:{name}") for name, codes in _CODES.items()))
    table = table.join(frame, "face", "left")
    unknown = table.filter(pl.any_horizontal(pl.col(f"attr:{name}").is_null() for name in _CODES)).height
    return table, [f"Faces that lack an attribute, or have a code that is not known: {unknown:,}."] if unknown else []


def _attributes() -> list[Attribute]:
    return [Attribute(name, tuple(codes.values()), "annotated") for name, codes in _CODES.items()]


RAFDB = DataSet(
    name="rafdb",
    title="RAF-DB (basic)",
    doc=__doc__,
    source="Li, Deng, Du, CVPR 2017",
    licence="non-commercial research, on request",
    layout="EmoLabel/list_patition_label.txt, Image/aligned/test_0001_aligned.jpg, Annotation/manual/….txt.",
    signs=(_LIST,),
    reader=_read,
    labels=SPACES["RAF-DB"],
    region="web",
)
