"""FER2013: faces found by a web search for words of emotion, cropped to 48 x 48 grey pixels.

- Pictures: rows of `fer2013.csv` (`emotion, pixels, Usage`), also called `icml_face_data.csv`, read in place; or the
  folders that are handed around, `train/angry/Training_10118481.jpg` and so on.
- Splits: 28,709 train, 3,589 validation (`PublicTest`), 3,589 test (`PrivateTest`). The folders have both test parts
  as `test`. Pictures occur more than once, also across splits: check.
- Labels: seven expressions, one per face, by one annotator; noisy (people agree with them on about 65 %).
- Subjects: not known. Attributes: none.
- Licence: made for a challenge; the rights of the pictures are not clear: research only. Ask at Kaggle, "Challenges
  in representation learning: facial expression recognition challenge".
- Publication: Goodfellow et al., "Challenges in representation learning: a report on three machine learning
  contests", ICONIP 2013, arXiv:1307.0414.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft, need_columns
from evenface.datasets._files import Files
from evenface.datasets._pixels import USAGE, rows_of_pixels

_TABLE = r"(^|/)(fer2013|icml_face_data)\.csv$"
_PICTURE = (
    r"(?:^|/)(?<split>train|test|validation)/(?<label>[a-z]+)/"
    r"(?<face>(?:Training|PublicTest|PrivateTest)_\d+)\.(?:jpg|png)$"
)


def _read(files: Files) -> Draft:
    import polars as pl

    file = files.first(_TABLE)
    if file is None:
        table = files.match(_PICTURE)
        return Draft(table.with_columns(pl.concat_str("split", "label", "face", separator="/").alias("face")))
    table = files.table(file)
    need_columns(files, file, table, ("emotion", "pixels", "Usage"))
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(7)
    return Draft(
        table.select(
            rows_of_pixels(files, file),
            (pl.lit("fer") + number).alias("face"),
            pl.col("emotion").str.strip_chars().alias("label"),
            pl.col("Usage")
            .str.strip_chars()
            .replace_strict(USAGE, default=None, return_dtype=pl.String)
            .alias("split"),
        )
    )


FER2013 = DataSet(
    name="fer2013",
    title="FER2013",
    doc=__doc__,
    source="Goodfellow et al., ICONIP 2013, arXiv:1307.0414",
    licence="rights of the pictures unclear, research only",
    layout="fer2013.csv with columns emotion, pixels, Usage; or train/angry/Training_1.jpg and so on.",
    signs=(rf"{_TABLE}|{_PICTURE.replace('?<split>', '?:').replace('?<label>', '?:').replace('?<face>', '?:')}",),
    reader=_read,
    labels=SPACES["FER2013"],
    region="web",
)
