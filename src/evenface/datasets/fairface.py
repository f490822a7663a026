"""FairFace: faces balanced over seven races, with gender, race and age; no expressions.

- Pictures: `train/1.jpg`, `val/1.jpg` (padding 0.25 or 1.25); labels in `fairface_label_train.csv` and `_val.csv`.
- Splits: 86,744 train, 10,954 validation.
- Labels: none. Subjects: not known.
- Attributes, by three crowd workers per face, two of whom had to agree: gender 2, race 7, age 9 bands. `service_test`
  (kept as a column) marks the part that its authors gave to commercial services.
- Licence: CC BY 4.0 (github.com/joojs/fairface). Pictures are from YFCC-100M and other web sources.
- Publication: Kärkkäinen, Joo, "FairFace: face attribute dataset for balanced race, gender, and age for bias
  measurement and mitigation", WACV 2021, arXiv:1908.04913.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, beside, need_columns
from evenface.datasets._files import Files

if TYPE_CHECKING:
    import polars as pl

_LABELS = r"(^|/)fairface_label_(train|val)\.csv$"
AGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
"""Age bands in years; the last is spelt `more than 70` in the files."""
_RACES = ("White", "Black", "Latino_Hispanic", "East Asian", "Southeast Asian", "Indian", "Middle Eastern")
_ATTRIBUTES = (
    Attribute("gender", ("Female", "Male"), "annotated"),
    Attribute("race", _RACES, "annotated"),
    Attribute("age", AGES, "annotated"),
)


def _read(files: Files) -> Draft:
    import polars as pl

    parts = []
    for file in files.match(_LABELS)["file"]:
        table = files.table(file)
        need_columns(files, file, table, ("file", "age", "gender", "race"))
        split = "train" if file.endswith("train.csv") else "validation"
        folder = beside(file)
        pictures = files.first(r"(^|/)(train|val)/\d+\.jpg$") or folder  # the official archives unpack beside or below
        if not files.has(rf"^{folder}(train|val)/"):
            folder = beside(beside(pictures).rstrip("/"))
        parts.append(
            table.select(
                (pl.lit(folder) + pl.col("file")).alias("file"),
                pl.col("file").str.replace(r"\.jpg$", "").alias("face"),
                pl.lit(split).alias("split"),
                *(_level(a) for a in _ATTRIBUTES),
                *((pl.col("service_test") == "True",) if "service_test" in table.columns else ()),
            )
        )
    return Draft(pl.concat(parts, how="diagonal"), _ATTRIBUTES, pictures=r"(^|/)(train|val)/\d+\.jpg$")


def _level(attribute: Attribute) -> pl.Expr:
    import polars as pl

    value = pl.col(attribute.name).replace({"more than 70": "70+"})
    return pl.when(value.is_in(attribute.levels)).then(value).alias(f"attr:{attribute.name}")


FAIRFACE = DataSet(
    name="fairface",
    title="FairFace",
    doc=__doc__,
    source="Kärkkäinen, Joo, WACV 2021, arXiv:1908.04913",
    licence="CC BY 4.0",
    layout="fairface_label_train.csv, fairface_label_val.csv, train/1.jpg, val/1.jpg.",
    signs=(_LABELS,),
    reader=_read,
    region="web",
)
