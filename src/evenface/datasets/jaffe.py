"""JAFFE, Japanese Female Facial Expression: ten women posing seven expressions.

- Pictures: `KA.AN1.39.tiff`, 256 x 256 grey: person, expression and take, number. 213 of them.
- Splits: none. Split by person: with ten people, leave one out.
- Labels: the expression that was posed, from the name: AN DI FE HA NE SA SU. Raters often saw another one: their
  ratings are in the set's read-me, and are not read here.
- Subjects: 10, `KA` and so on.
- Attributes: gender, female for all, as its authors say. It has no comparison to make within the set.
- Licence: non-commercial research, on request (zenodo.org/record/3451524). Its authors ask that it not be used for
  training generative models, nor shown outside publications.
- Publication: Lyons, Akamatsu, Kamachi, Gyoba, "Coding facial expressions with Gabor wavelets", FG 1998.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_SIGN = r"(^|/)[A-Z]{2}\.(AN|DI|FE|HA|NE|SA|SU)\d?\.\d+\.(tiff?|png|jpg)$"
_PICTURE = r"(?:^|/)(?<face>(?<subject>[A-Z]{2})\.(?<label>[A-Z]{2})\d?\.\d+)\.(?:tiff?|png|jpg)$"


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PICTURE).with_columns(pl.lit("female").alias("attr:gender"))
    return Draft(table, (Attribute("gender", ("female",), "unknown"),), pictures=r"(?i)\.tiff?$")


JAFFE = DataSet(
    name="jaffe",
    title="JAFFE",
    doc=__doc__,
    source="Lyons et al., FG 1998",
    licence="non-commercial research, on request",
    layout="pictures named KA.AN1.39.tiff.",
    signs=(_SIGN,),
    reader=_read,
    labels=SPACES["JAFFE"],
    region="Japan",
)
