"""CK+, the Extended Cohn-Kanade set: sequences from a neutral face to the peak of a posed expression.

- Pictures: `cohn-kanade-images/S005/001/S005_001_00000011.png`; labels in `Emotion/…_emotion.txt` (or
  `Emotion_labels`), one file for each of the 327 sequences of 593 that show an emotion well.
- Splits: none; split by person.
- Labels: the file's code (0 neutral, 1 angry, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sad, 7 surprise) is that of
  the last frame, by coders of FACS. The first frame is neutral by the protocol, and is labelled so here. Frames
  between are not labelled; `frame`, `frames` and `phase` (`rest`, `onset`, `apex`) say where each stands in its
  `clip`.
- Subjects: 123, `S005` and so on.
- Attributes: none in the files. The publication counts 69 % women, 81 % Euro-American, 13 % Afro-American, ages 18 to
  50.
- Licence: research, on request (jeffcohn.net/resources). Only some people may be shown in print: see its read-me.
- Publication: Lucey et al., "The Extended Cohn-Kanade dataset (CK+)", CVPR Workshops 2010.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft, some
from evenface.datasets._files import Files

_PICTURE = r"(?:^|/)(?<subject>S\d{3})/(?<take>\d{3})/S\d{3}_\d{3}_(?<frame>\d{8})\.png$"
_EMOTION = r"(?:^|/)(?<subject>S\d{3})_(?<take>\d{3})_\d{8}_emotion\.txt$"


def _read(files: Files) -> Draft:
    import polars as pl

    clip = pl.concat_str("subject", "take", separator="_").alias("clip")
    frames = files.match(_PICTURE).with_columns(clip, pl.col("frame").cast(pl.Int32)).sort("clip", "frame")
    found = files.match(_EMOTION).with_columns(clip)
    codes = pl.Series("code", [files.text(file) for file in found["file"]], dtype=pl.String)
    emotions = found.with_columns(
        codes.str.strip_chars().cast(pl.Float64, strict=False).cast(pl.Int16).cast(pl.String).alias("code")
    ).select("clip", "code")
    first, last = (pl.col("frame") == edge.over("clip") for edge in (pl.col("frame").min(), pl.col("frame").max()))
    table = frames.join(emotions, "clip", "left", maintain_order="left").with_columns(
        pl.len().over("clip").cast(pl.Int32).alias("frames"),
        pl.when(last).then(pl.lit("apex")).when(first).then(pl.lit("rest")).otherwise(pl.lit("onset")).alias("phase"),
    )
    apex, rest = pl.col("phase") == "apex", pl.col("phase") == "rest"
    table = table.with_columns(pl.when(apex).then("code").when(rest).then(pl.lit("0")).alias("label"))
    lost = emotions.join(frames, "clip", "anti")["clip"]
    notes = (f"Labels of sequences that are not there: {len(lost)}, such as {some(lost)}.",) if len(lost) else ()
    if unread := emotions["code"].null_count():
        notes = (*notes, f"Label files without a code: {unread}; their sequences are unlabelled.")
    said = (
        f"{emotions.height} of {frames['clip'].n_unique()} sequences have a label; first frames are labelled neutral."
    )
    face = pl.concat_str("clip", pl.lit("_"), pl.col("frame").cast(pl.String).str.zfill(8))
    return Draft(table.with_columns(face.alias("face")).drop("take", "code"), notes=(said, *notes))


CKPLUS = DataSet(
    name="ckplus",
    title="CK+ (sequences)",
    doc=__doc__,
    source="Lucey et al., CVPR Workshops 2010",
    licence="research, on request",
    layout="cohn-kanade-images/S005/001/S005_001_00000011.png, Emotion/S005/001/…_emotion.txt.",
    signs=(r"(^|/)S\d{3}/\d{3}/S\d{3}_\d{3}_\d{8}\.png$",),
    reader=_read,
    labels=SPACES["CK+"],
    region="North America",
)
