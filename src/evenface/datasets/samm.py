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
from evenface.datasets._codings import coded
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_PICTURE = r"(?:^|/)(?<subject>\d{3})/(?<clip>\d{3}_\d+_\d+)/\d{3}_(?<frame>\d+)\.(?:jpg|png|bmp)$"
_SIGN = r"(^|/)\d{3}/\d{3}_\d+_\d+/\d{3}_\d+\.(jpg|png|bmp)$"
_NAMES = ("angry", "contempt", "disgust", "fear", "happy", "sad", "surprise", "other")


def _read(files: Files) -> Draft:
    import polars as pl

    return coded(files, files.match(_PICTURE), "SAMM", pl.col("filename"))


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
