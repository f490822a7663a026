"""SAMM, Spontaneous Actions and Micro-Movements: micro-expressions of people of 13 ethnicities, at 200 frames a second.

- Pictures: grey frames of clips, `006/006_1_2/006_05562.jpg`; the coding in `SAMM_Micro_FACS_Codes_v2.xlsx` (or the
  same saved as csv): person, clip, onset, apex, offset, action units, estimated emotion.
- Splits: none. Split by person; the custom is leave-one-subject-out.
- Labels: anger, contempt, disgust, fear, happiness, sadness, surprise, other, by three coders; of frames from onset
  to offset.
- Subjects: 32 (29 of them with clips), `006` and so on.
- Attributes: none in the coding. Gender, age and ethnicity of each person are in the publication's tables, and are
  not read.
- Columns more: `clip`, `frame`, `frames`, `phase`, `units` (as coded).
- Licence: research, on request (helward.mmu.ac.uk/STAFF/M.Yap/dataset.php).
- Publication: Davison et al., "SAMM: a spontaneous micro-facial movement dataset", IEEE Transactions on Affective
  Computing 2018.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.core.pictures import open_bytes
from evenface.datasets._codings import header_at, joined
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files
from evenface.datasets._sheet import read_sheet

_PICTURE = r"(?:^|/)(?<subject>\d{3})/(?<clip>\d{3}_\d+_\d+)/\d{3}_(?<frame>\d+)\.(?:jpg|png|bmp)$"
_SIGN = r"(^|/)\d{3}/\d{3}_\d+_\d+/\d{3}_\d+\.(jpg|png|bmp)$"
_SHEET = r"(?i)(^|/)SAMM[^/]*\.(xlsx|csv)$"
_COLUMNS = ("subject", "filename", "onset frame", "apex frame", "offset frame", "action units", "estimated emotion")
_NAMES = ("angry", "contempt", "disgust", "fear", "happy", "sad", "surprise", "other")


def _read(files: Files) -> Draft:
    import polars as pl

    frames = files.match(_PICTURE).with_columns(pl.col("frame").cast(pl.Int32))
    file = files.first(_SHEET)
    if file is None:
        return Draft(frames, notes=("There is no SAMM_Micro_FACS_Codes sheet, so no clip is labelled.",))
    if file.endswith(".csv"):
        rows = [line.split(",") for line in files.text(file).splitlines()]
    else:
        rows = read_sheet(open_bytes(files.prefix + file), files.prefix + file)
    sheet = header_at(rows, _COLUMNS, files.prefix + file)
    clips = sheet.select(
        pl.col("filename").alias("clip"),
        pl.col("estimated emotion").alias("label"),
        pl.col("action units").alias("units"),
        *(
            pl.col(f"{name} frame").cast(pl.Float64, strict=False).cast(pl.Int32).alias(name)
            for name in ("onset", "apex", "offset")
        ),
    ).unique("clip", keep="first", maintain_order=True)
    table, notes = joined(frames, clips)
    return Draft(table, notes=tuple(notes))


SAMM = DataSet(
    name="samm",
    title="SAMM",
    doc=__doc__,
    source="Davison et al., IEEE TAC 2018",
    licence="research, on request",
    layout="006/006_1_2/006_05562.jpg and SAMM_Micro_FACS_Codes_v2.xlsx.",
    signs=(_SIGN,),
    reader=_read,
    labels=LabelSpace("SAMM", _NAMES, {}, {"angry": "anger", "happy": "happiness", "sad": "sadness"}),
    region="United Kingdom",
)
