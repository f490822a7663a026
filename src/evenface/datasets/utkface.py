"""UTKFace: faces from 0 to 116 years, with gender and race; no expressions.

- Pictures: `25_1_2_20170116174525125.jpg` (or `….jpg.chip.jpg`, aligned 200 x 200), in one folder or in parts; the
  name is `age_gender_race_time`.
- Splits: none. Labels: none. Subjects: not known.
- Attributes: guessed by a model (DEX) and checked by one person, so they count as estimated: gender male, female;
  race White, Black, Asian, Indian, Others; age in bands as FairFace's (the bands are ours), in years in `age_years`.
- A few files lack a part of their name; they are kept, and what is lacking is not known.
- Licence: non-commercial research; pictures belong to their owners (susanqq.github.io/UTKFace).
- Publication: Zhang, Song, Qi, "Age progression/regression by conditional adversarial autoencoder", CVPR 2017.
"""

from __future__ import annotations

from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, bands, levels
from evenface.datasets._files import Files

_NAME = r"(?:^|/)(?<age>\d{1,3})_(?:(?<gender>[01])_)?(?:(?<race>[0-4])_)?_?(?<time>\d{8,20})\.jpg(?:\.chip\.jpg)?$"
_SIGN = r"(^|/)\d{1,3}_[01]_[0-4]_\d{17}\.jpg(\.chip\.jpg)?$"
_GENDERS = {"0": "male", "1": "female"}
_RACES = {"0": "White", "1": "Black", "2": "Asian", "3": "Indian", "4": "Others"}
_BANDS = {
    "0-2": 0, "3-9": 3, "10-19": 10, "20-29": 20, "30-39": 30, "40-49": 40, "50-59": 50, "60-69": 60, "70+": 70,
}  # fmt: skip
_ATTRIBUTES = (
    Attribute("gender", tuple(_GENDERS.values()), "estimated"),
    Attribute("race", tuple(_RACES.values()), "estimated"),
    Attribute("age", tuple(_BANDS), "estimated"),
)


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_NAME).with_columns(pl.col("age").cast(pl.Int16).alias("age_years"))
    table = table.select(
        "file",
        levels("gender", _GENDERS).alias("attr:gender"),
        levels("race", _RACES).alias("attr:race"),
        bands(pl.col("age_years"), _BANDS).alias("attr:age"),
        "age_years",
    )
    partial = table.filter(pl.col("attr:gender").is_null() | pl.col("attr:race").is_null())["file"]
    notes = (f"Names without gender or race: {len(partial)}, such as {partial[0]!r}.",) if len(partial) else ()
    return Draft(table, _ATTRIBUTES, pictures=r"\.jpg$", notes=notes)


UTKFACE = DataSet(
    name="utkface",
    title="UTKFace",
    doc=__doc__,
    source="Zhang, Song, Qi, CVPR 2017",
    licence="non-commercial research",
    layout="pictures named age_gender_race_time, such as 25_1_2_20170116174525125.jpg.",
    signs=(_SIGN,),
    reader=_read,
    region="web",
)
