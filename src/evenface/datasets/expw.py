"""ExpW, Expression in-the-Wild: faces in pictures found by a web search for emotions and occupations.

- Pictures: `image/afraid_African_214.jpg` (or `image/origin/…`), several faces in one; each line of `label.lst` gives
  the picture, the number of the face in it, its box, how sure the detector was, and a code.
- Splits: none. Labels: seven, one annotator per face; 91,793 faces.
- Subjects: not known. Attributes: none; words such as `African` in names are words of the search, and are not read.
- Columns more: `box:left`, `box:top`, `box:right`, `box:bottom` in pixels of the picture, `box:confidence`.
- Licence: research (mmlab.ie.cuhk.edu.hk/projects/socialrelation).
- Publication: Zhang, Luo, Loy, Tang, "From facial expression recognition to interpersonal relation prediction", IJCV
  2018, arXiv:1609.06426.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft, beside
from evenface.datasets._files import Files

_LIST = r"(^|/)label\.lst$"
_COLUMNS = ["name", "number", "box:top", "box:left", "box:right", "box:bottom", "box:confidence", "label"]


def _read(files: Files) -> Draft:
    import polars as pl

    file = files.first(_LIST) or ""
    table = files.table(file, names=_COLUMNS, separator=" ")
    folder = beside(files.first(r"(^|/)image/(origin/)?[^/]+\.\w+$") or f"{beside(file)}image/")
    boxes = [name for name in _COLUMNS if name.startswith("box:")]
    return Draft(
        table.with_columns(
            (pl.lit(folder) + pl.col("name")).alias("file"),
            pl.concat_str("name", pl.lit("#"), "number").alias("face"),
            pl.col(boxes).cast(pl.Float64, strict=False),
        ).drop("name", "number"),
        pictures=r"(^|/)image/(origin/)?[^/]+\.(jpg|png)$",
    )


EXPW = DataSet(
    name="expw",
    title="ExpW",
    doc=__doc__,
    source="Zhang et al., IJCV 2018, arXiv:1609.06426",
    licence="research",
    layout="label.lst and image/….jpg.",
    signs=(_LIST,),
    reader=_read,
    labels=SPACES["FER2013"],
    region="web",
)
