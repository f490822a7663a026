"""CASME II: spontaneous micro-expressions at 200 frames a second.

- Pictures: frames of clips, `CASME2_RAW_selected/sub01/EP02_01f/img46.jpg` or `Cropped/sub01/EP02_01f/reg_img46.jpg`;
  the coding in `CASME2-coding-20140508.xlsx` (or the same saved as csv): person, clip, onset, apex, offset, action
  units, estimated emotion.
- Splits: none. Split by person; the custom is leave-one-subject-out.
- Labels: happy, disgust, repression, surprise, fear, sad, others, by two coders from action units, film and what the
  person said; of the frames from onset to offset. The custom of three classes (positive, negative, surprise) is a
  merge of these.
- Subjects: 26, `sub01` and so on. Attributes: none in the files (mean age 22; Chinese students).
- Columns more: `clip`, `frame`, `frames`, `phase`, `units` (as coded: `4+L10`).
- Licence: research, on request (casme.psych.ac.cn).
- Publication: Yan et al., "CASME II: an improved spontaneous micro-expression database and the baseline evaluation",
  PLoS ONE 9(1): e86041, 2014.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.datasets._codings import coded
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_PICTURE = r"(?:^|/)(?<subject>sub\d{2})/(?<take>EP\d{2}_\d{2}\w?)/(?:reg_)?img(?<frame>\d+)\.(?:jpg|bmp|png)$"
_SIGN = r"(^|/)sub\d{2}/EP\d{2}_\d{2}\w?/(reg_)?img\d+\.(jpg|bmp|png)$"
_NAMES = ("happy", "disgust", "repression", "surprise", "fear", "sad", "others")


def _read(files: Files) -> Draft:
    import polars as pl

    frames = files.match(_PICTURE).with_columns(pl.concat_str("subject", pl.lit("/"), "take").alias("clip"))
    subject = pl.col("subject").str.replace(r"^(?i:sub)?0*(\d+)(\.0)?$", "$1").str.zfill(2)
    return coded(files, frames.drop("take"), "CASME2", pl.lit("sub") + subject + "/" + pl.col("filename"))


CASME2 = DataSet(
    name="casme2",
    title="CASME II",
    doc=__doc__,
    source="Yan et al., PLoS ONE 2014",
    licence="research, on request",
    layout="sub01/EP02_01f/img46.jpg (or reg_img46.jpg) and CASME2-coding-20140508.xlsx.",
    signs=(_SIGN,),
    reader=_read,
    labels=LabelSpace("CASME II", _NAMES, {}, {"happy": "happiness", "sad": "sadness"}),
    region="China",
)
