"""CREMA-D: actors saying twelve sentences in six emotions, as videos.

- Pictures: `VideoFlash/1001_DFA_ANG_XX.flv` (or mp4, avi): actor, sentence, emotion, level. `image` is the path of
  the video; where a picture is wanted, its middle frame is taken.
- Splits: none. Split by person.
- Labels: the emotion that was asked for: ANG DIS FEA HAP NEU SAD. Crowd ratings are in the set's tables, and are not
  read.
- Subjects: 91 actors, `1001` to `1091`.
- Attributes: what the actors said of themselves, in `VideoDemographics.csv`: gender (column `Sex`), race, ethnicity,
  age in bands (20-29 and so on; the bands are ours), in years in `age_years`.
- Columns more: `sentence`, `level` (LO, MD, HI, XX).
- Licence: Open Database License (github.com/CheyneyComputerScience/CREMA-D).
- Publication: Cao et al., "CREMA-D: crowd-sourced emotional multimodal actors dataset", IEEE Transactions on
  Affective Computing 2014.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, bands, need_columns
from evenface.datasets._files import Files

_CODES = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
_TABLE = r"(^|/)VideoDemographics\.csv$"
_SIGN = r"(^|/)\d{4}_[A-Z]{3}_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX|X)\.(flv|mp4|avi|mkv|webm)$"
_VIDEO = (
    r"(?:^|/)(?<face>(?<subject>\d{4})_(?<sentence>[A-Z]{3})_(?<label>[A-Z]{3})_(?<level>[A-Z]{1,2}))"
    r"\.(?:flv|mp4|avi|mkv|webm)$"
)
_BANDS = {"20-29": 20, "30-39": 30, "40-49": 40, "50-59": 50, "60+": 60}


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_VIDEO)
    file = files.first(_TABLE)
    if file is None:
        return Draft(table, notes=("There is no VideoDemographics.csv, so no attributes are known.",))
    people = files.table(file)
    need_columns(files, file, people, ("ActorID", "Age", "Sex", "Race", "Ethnicity"))
    years = pl.col("Age").cast(pl.Int16, strict=False)
    people = people.select(
        pl.col("ActorID").alias("subject"),
        pl.col("Sex").alias("attr:gender"),
        pl.col("Race").alias("attr:race"),
        pl.col("Ethnicity").alias("attr:ethnicity"),
        bands(years, _BANDS).alias("attr:age"),
        years.alias("age_years"),
    )
    table = table.join(people, "subject", "left", maintain_order="left")
    named = ("gender", "race", "ethnicity")
    found = {name: tuple(people[f"attr:{name}"].drop_nulls().unique().sort()) for name in named} | {
        "age": tuple(_BANDS)
    }
    return Draft(table, tuple(Attribute(name, values, "self-reported") for name, values in found.items()))


CREMAD = DataSet(
    name="cremad",
    title="CREMA-D",
    doc=__doc__,
    source="Cao et al., IEEE TAC 2014",
    licence="Open Database License",
    layout="VideoFlash/1001_DFA_ANG_XX.flv and VideoDemographics.csv.",
    signs=(_SIGN,),
    reader=_read,
    labels=LabelSpace("CREMA-D", tuple(_CODES.values()), _CODES),
    region="United States",
)
