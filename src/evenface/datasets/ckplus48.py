"""CK+48: the last three frames of CK+'s labelled sequences, cropped to 48 x 48 grey pixels, as it is handed around.

- Pictures: `happy/S010_006_00000013.png`: a folder for each of anger, contempt, disgust, fear, happy, sadness,
  surprise; 981 pictures. The three frames of a sequence are all but equal.
- Splits: none. Split by person: a random split puts near copies on both sides, which is how 99 % is reached.
- Labels: those of CK+ without neutral. Subjects: as in CK+, from the names. Attributes: none.
- Licence: as CK+, research, on request (jeffcohn.net/resources); who cropped it gave no licence of their own.
- Publication: Lucey et al., "The Extended Cohn-Kanade dataset (CK+)", CVPR Workshops 2010.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_SIGN = r"(^|/)(anger|contempt|disgust|fear|happy|sadness|surprise)/S\d{3}_\d{3}_\d{8}\.png$"
_PICTURE = r"(?:^|/)(?<label>[a-z]+)/(?<clip>(?<subject>S\d{3})_\d{3})_(?<frame>\d{8})\.png$"


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PICTURE).with_columns(pl.col("frame").cast(pl.Int32))
    return Draft(table, pictures=r"\.png$")


CKPLUS48 = DataSet(
    name="ckplus48",
    title="CK+48",
    doc=__doc__,
    source="Lucey et al., CVPR Workshops 2010",
    licence="research, on request",
    layout="happy/S010_006_00000013.png and so on, a folder per expression.",
    signs=(_SIGN,),
    reader=_read,
    labels=SPACES["CK+"],
    region="North America",
)
