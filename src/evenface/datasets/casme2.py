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
from evenface.core.pictures import open_bytes
from evenface.datasets._codings import header_at, joined
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files
from evenface.datasets._sheet import read_sheet

_PICTURE = r"(?:^|/)(?<subject>sub\d{2})/(?<take>EP\d{2}_\d{2}\w?)/(?:reg_)?img(?<frame>\d+)\.(?:jpg|bmp|png)$"
_SIGN = r"(^|/)sub\d{2}/EP\d{2}_\d{2}\w?/(reg_)?img\d+\.(jpg|bmp|png)$"
_SHEET = r"(?i)(^|/)CASME2[^/]*\.(xlsx|csv)$"
_COLUMNS = ("subject", "filename", "onsetframe", "apexframe", "offsetframe", "action units", "estimated emotion")
_NAMES = ("happy", "disgust", "repression", "surprise", "fear", "sad", "others")


def _read(files: Files) -> Draft:
    import polars as pl

    clip = pl.concat_str("subject", pl.lit("/"), "take").alias("clip")
    frames = files.match(_PICTURE).with_columns(clip, pl.col("frame").cast(pl.Int32)).drop("take")
    file = files.first(_SHEET)
    if file is None:
        return Draft(frames, notes=("There is no CASME2-coding sheet, so no clip is labelled.",))
    if file.endswith(".csv"):
        table = files.table(file)
        rows = [table.columns, *(list(row) for row in table.fill_null("").iter_rows())]
    else:
        rows = read_sheet(open_bytes(files.prefix + file), files.prefix + file)
    sheet = header_at(rows, _COLUMNS, files.prefix + file)
    subject = pl.col("subject").str.replace(r"^(?i:sub)?0*(\d+)(\.0)?$", "$1").str.zfill(2)
    clips = sheet.select(
        (pl.lit("sub") + subject + "/" + pl.col("filename")).alias("clip"),
        pl.col("estimated emotion").alias("label"),
        pl.col("action units").alias("units"),
        *(
            pl.col(f"{name}frame").cast(pl.Float64, strict=False).cast(pl.Int32).alias(name)
            for name in ("onset", "apex", "offset")
        ),
    ).unique("clip", keep="first", maintain_order=True)
    table, notes = joined(frames, clips)
    return Draft(table, notes=tuple(notes))


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
