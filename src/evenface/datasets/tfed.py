"""TFED, Tsinghua Facial Expression Database: younger and older Chinese adults posing eight expressions.

- Pictures: colour. A name holds, in any order, a code of the person (`YF01`, `OM12`: younger or older, female or
  male, number) and a word for the expression (`YF01_Happiness.jpg`); or the word is a folder's name. Copies are laid
  out in different ways, and we had none to compare with: if yours is refused, use `folder`.
- Splits: none. Split by person.
- Labels: neutral, happy, angry, disgust, surprise, fear, content, sad: as posed and then chosen by raters.
- Subjects: 110 (63 younger, 47 older).
- Attributes: gender, and age in two groups, younger (about 20 to 35 years) and older (about 58 to 72), as its authors
  recruited; from the name.
- Licence: free for research, by e-mail to its authors (see the publication).
- Publication: Yang et al., "Tsinghua facial expression database", PLoS ONE 15(4): e0231304, 2020.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, levels
from evenface.datasets._files import Files

_WORDS = "neutral|happiness|happy|anger|angry|disgust|surprise|fear|content|sadness|sad"
_PERSON = r"(?i)(?:^|[/_\- ])(?<subject>(?<old>[YO])(?<letter>[FM])[_-]?\d{1,3})(?:[/_\-. ]|$)"
_SIGN = rf"(?i)(^|[/_\- ])[YO][FM][_-]?\d{{1,3}}.*({_WORDS})|({_WORDS}).*(^|[/_\- ])[YO][FM][_-]?\d{{1,3}}"
_NAMES = ("neutral", "happy", "angry", "disgust", "surprise", "fear", "content", "sad")
_ENDING = r"(?i)\.(jpe?g|png|bmp|tiff?)$"
_ATTRIBUTES = (
    Attribute("gender", ("female", "male"), "unknown"),
    Attribute("age", ("younger", "older"), "unknown"),
)


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PERSON).filter(pl.col("file").str.contains(_ENDING))
    words = pl.col("file").str.to_lowercase().str.extract_all(_WORDS).list.last()  # the name is nearer than a folder
    table = table.with_columns(words.alias("label"), pl.col("subject", "old", "letter").str.to_uppercase())
    table = table.with_columns(
        levels("letter", {"F": "female", "M": "male"}).alias("attr:gender"),
        levels("old", {"Y": "younger", "O": "older"}).alias("attr:age"),
    )
    return Draft(table.drop("old", "letter"), _ATTRIBUTES, pictures=_ENDING)


TFED = DataSet(
    name="tfed",
    title="TFED (Tsinghua)",
    doc=__doc__,
    source="Yang et al., PLoS ONE 2020",
    licence="research, on request",
    layout="YF01_Happiness.jpg and so on, or Happiness/YF01.jpg.",
    signs=(_SIGN,),
    reader=_read,
    labels=LabelSpace("TFED", _NAMES, {}, {"happy": "happiness", "angry": "anger", "sad": "sadness"}),
    region="China",
)
