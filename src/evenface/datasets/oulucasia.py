"""Oulu-CASIA NIR&VIS: sequences from a neutral face to the peak of a posed expression, in three lights, by two cameras.

- Pictures: `OriginalImg/VL/Strong/P001/Anger/000.jpeg` (or `PreProcess_Img`, `B_OriginalImg` …): camera (VL visible,
  NI near infrared), light (Strong, Weak, Dark), person, expression, frame.
- Splits: none. Split by person.
- Labels: anger, disgust, fear, happiness, sadness, surprise, of the last frame; the first is labelled neutral here,
  as the sequences begin with it. Frames between are not labelled; see `clip`, `frame`, `frames`, `phase`.
- Subjects: 80, `P001` to `P080`: the first 50 taken in Oulu, the others in Beijing, and `region` says so.
- Attributes: none in the files (74 % are men, ages 23 to 58).
- Licence: research, on request (University of Oulu, CMVS).
- Publication: Zhao, Huang, Taini, Li, Pietikäinen, "Facial expression recognition from near-infrared videos", Image
  and Vision Computing 2011.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_SIGN = r"(^|/)(VL|NI)/(Strong|Weak|Dark)/P\d{3}/(Anger|Disgust|Fear|Happiness|Sadness|Surprise)/\d+\.(jpe?g|png)$"
_PICTURE = r"(?<clip>(?:VL|NI)/(?:Strong|Weak|Dark)/P\d{3}/\w+)/(?<frame>\d+)\.(?:jpe?g|png)$"
_FROM_OULU = 50


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PICTURE).with_columns(pl.col("frame").cast(pl.Int32)).sort("file")
    parts = pl.col("clip").str.split("/")
    clip = pl.col("file").str.replace(r"/[^/]*$", "")  # originals and crops of one clip may both be there
    first, last = (pl.col("frame") == edge.over(clip) for edge in (pl.col("frame").min(), pl.col("frame").max()))
    table = table.with_columns(
        clip.alias("clip"),
        pl.len().over(clip).cast(pl.Int32).alias("frames"),
        pl.when(last).then(pl.lit("apex")).when(first).then(pl.lit("rest")).otherwise(pl.lit("onset")).alias("phase"),
        *(parts.list.get(i).alias(name) for i, name in enumerate(("camera", "light", "subject", "emotion"))),
    )
    label = pl.when(pl.col("phase") == "apex").then("emotion").when(pl.col("phase") == "rest").then(pl.lit("neutral"))
    person = pl.col("subject").str.slice(1).cast(pl.Int32)
    place = pl.when(person <= _FROM_OULU).then(pl.lit("Finland")).otherwise(pl.lit("China"))
    return Draft(table.with_columns(label.alias("label"), place.alias("region")).drop("emotion"))


OULUCASIA = DataSet(
    name="oulucasia",
    title="Oulu-CASIA",
    doc=__doc__,
    source="Zhao et al., Image and Vision Computing 2011",
    licence="research, on request",
    layout="OriginalImg/VL/Strong/P001/Anger/000.jpeg and so on.",
    signs=(_SIGN,),
    reader=_read,
    labels=SPACES["FER2013"],
)
