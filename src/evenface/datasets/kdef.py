"""KDEF, Karolinska Directed Emotional Faces: amateur actors posing seven expressions, seen from five angles.

- Pictures: `AF01/AF01ANFL.JPG`, 562 x 762 colour: session (A, B), gender (F, M), number of the person, expression,
  angle.
- Splits: none. Split by person.
- Labels: the expression that was posed: AF AN DI HA NE SA SU. 4,900 pictures.
- Subjects: 70, `F01` to `F35` and `M01` to `M35`, in two sessions (`session`).
- Attributes: gender, from the name; who told is not said. All are white Swedes of 20 to 30 years without beard or
  glasses.
- Columns more: `angle` (`full left`, `half left`, `front`, `half right`, `full right`).
- Licence: non-commercial research, on request (kdef.se).
- Publication: Lundqvist, Flykt, Öhman, "The Karolinska Directed Emotional Faces", Karolinska Institutet 1998.
"""

from __future__ import annotations

from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute
from evenface.datasets._dataset import DataSet, Draft, levels
from evenface.datasets._files import Files

_SIGN = r"(?i)(^|/)[AB][FM]\d{2}(AF|AN|DI|HA|NE|SA|SU)(FL|HL|S|HR|FR)\.jpg$"
_PICTURE = (
    r"(?i)(?:^|/)(?<face>(?<session>[AB])(?<subject>[FM]\d{2})(?<label>AF|AN|DI|HA|NE|SA|SU)"
    r"(?<angle>FL|HL|S|HR|FR))\.jpg$"
)
_ANGLES = {"FL": "full left", "HL": "half left", "S": "front", "HR": "half right", "FR": "full right"}
_CODES = {"AF": "fear", "AN": "angry", "DI": "disgust", "HA": "happy", "NE": "neutral", "SA": "sad", "SU": "surprise"}
_GENDERS = {"F": "female", "M": "male"}


def _read(files: Files) -> Draft:
    import polars as pl

    table = files.match(_PICTURE).with_columns(
        pl.col("face", "session", "subject", "label", "angle").str.to_uppercase()
    )
    table = table.with_columns(
        levels("angle", _ANGLES).alias("angle"), pl.col("subject").str.head(1).alias("letter")
    ).with_columns(levels("letter", _GENDERS).alias("attr:gender"))
    return Draft(table.drop("letter"), (Attribute("gender", ("female", "male"), "unknown"),), pictures=r"(?i)\.jpg$")


KDEF = DataSet(
    name="kdef",
    title="KDEF",
    doc=__doc__,
    source="Lundqvist, Flykt, Öhman, Karolinska Institutet 1998",
    licence="non-commercial research, on request",
    layout="KDEF/AF01/AF01ANFL.JPG and so on.",
    signs=(_SIGN,),
    reader=_read,
    labels=LabelSpace("KDEF", tuple(_CODES.values()), _CODES),
    region="Sweden",
)
