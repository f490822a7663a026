"""TFEID, Taiwanese Facial Expression Image Database: models posing eight expressions at two intensities.

- Pictures: colour, from the front and at 45 degrees. Two layouts are read: a name that ends in the code of the
  expression (`f01_ag.jpg`, `f01_ag_h.jpg`: ng neutral, ag angry, cg contempt, dg disgust, fg fear, hg happy, pg
  surprise, sg sad), or a folder per expression (`anger/f01….jpg`, also with a prefix such as `dfh_anger`). Copies are
  laid out in different ways, and we had none to compare with: if yours is refused, use `folder`.
- Splits: none. Split by person.
- Labels: the expression that was posed. The part that is handed out has 268 pictures of 40 models.
- Subjects: from the start of the name (`f01`, `m12`), where it has one.
- Attributes: gender, from that letter; who told is not said.
- Licence: academic, on request (bml.ym.edu.tw/tfeid).
- Publication: Chen, Yen, "Taiwanese Facial Expression Image Database", Brain Mapping Laboratory, Yang-Ming University
  2007.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, levels
from evenface.datasets._files import Files

_CODES = {
    "ng": "neutral", "ag": "angry", "cg": "contempt", "dg": "disgust", "fg": "fear", "hg": "happy", "pg": "surprise",
    "sg": "sad",
}  # fmt: skip
_NAMED = r"(?i)(?:^|/)(?<subject>(?<letter>[fm])\d{1,3})[^/]*?_(?<code>[nacdfhps]g)[^/]*\.(?:jpe?g|png|bmp|tiff?)$"
_FOLDERS = "neutral|anger|angry|contempt|disgust|fear|happiness|happy|sadness|sad|surprise"
_FOLDER = (
    rf"(?i)(?:^|/)(?:\w*_)?(?<code>{_FOLDERS})/(?<subject>(?<letter>[fm])\d{{1,3}})[^/]*\.(?:jpe?g|png|bmp|tiff?)$"
)


def _read(files: Files) -> Draft:
    import polars as pl

    named = files.match(_NAMED)
    table = named if named.height else files.match(_FOLDER)
    table = table.with_columns(pl.col("letter", "subject", "code").str.to_lowercase()).rename({"code": "label"})
    table = table.with_columns(levels("letter", {"f": "female", "m": "male"}).alias("attr:gender")).drop("letter")
    return Draft(table, (Attribute("gender", ("female", "male"), "unknown"),), pictures=r"(?i)\.(jpe?g|png|bmp|tiff?)$")


TFEID = DataSet(
    name="tfeid",
    title="TFEID",
    doc=__doc__,
    source="Chen, Yen, Yang-Ming University 2007",
    licence="academic, on request",
    layout="f01_ag.jpg and so on, or anger/f01.jpg.",
    signs=(
        rf"(?i)(^|/)[fm]\d{{1,3}}[^/]*_[nacdfhps]g[^/]*\.(jpe?g|png|bmp|tiff?)$|(^|/)(\w*_)?({_FOLDERS})/[fm]\d{{1,3}}[^/]*\.\w+$",
    ),
    reader=_read,
    labels=LabelSpace("TFEID", tuple(_CODES.values()), _CODES),
    region="Taiwan",
)
