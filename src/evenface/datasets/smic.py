"""SMIC: spontaneous micro-expressions of people who watched films and were to keep a straight face.

- Pictures: frames of clips, `HS/s1/micro/negative/s1_ne_01/image235.jpg` (or `reg_image235.bmp`,
  `SMIC_all_cropped/HS/…`): camera (HS 100 frames a second, VIS and NIR 25), person, class, clip.
- Splits: none. Split by person; the custom is leave-one-subject-out.
- Labels: positive, negative, surprise, by what the person said and two annotators; of every frame of the clip. Clips
  under `non_micro` are kept without a label.
- Subjects: 16 (HS), 8 (VIS, NIR); `s1` and so on. Attributes: none in the files.
- Columns more: `camera`, `clip`, `frame`, `frames`.
- Licence: research, on request (University of Oulu, CMVS).
- Publication: Li, Pfister, Huang, Zhao, Pietikäinen, "A spontaneous micro-expression database: inducement, collection
  and baseline", FG 2013.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_PICTURE = (
    r"(?:^|/)(?<folder>(?<camera>HS|VIS|NIR)/(?<subject>s\d+)/(?:micro/(?<label>positive|negative|surprise)/)?"
    r"(?:non_micro/)?(?<clip>s\d+_[^/]+))/[A-Za-z_]*(?<frame>\d+)\.(?:jpg|bmp|png)$"
)
_SIGN = (
    r"(^|/)(HS|VIS|NIR)/s\d+/(micro/(positive|negative|surprise)|non_micro)/s\d+_[^/]+/[A-Za-z_]*\d+\.(jpg|bmp|png)$"
)


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PICTURE).with_columns(pl.col("frame").cast(pl.Int32)).sort("folder", "frame")
    table = table.with_columns(
        pl.len().over("folder").cast(pl.Int32).alias("frames"),
        pl.concat_str("camera", pl.lit("/"), "clip").alias("clip"),
    )
    return Draft(table.drop("folder"))


SMIC = DataSet(
    name="smic",
    title="SMIC",
    doc=__doc__,
    source="Li et al., FG 2013",
    licence="research, on request",
    layout="HS/s1/micro/negative/s1_ne_01/image235.jpg and so on.",
    signs=(_SIGN,),
    reader=_read,
    labels=SPACES["SMIC-3"],
    region="Finland",
)
