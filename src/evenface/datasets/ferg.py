"""FERG and sets laid out like it: drawn characters with known expressions, a folder per character and expression.

- Pictures: `aia/aia_anger/aia_anger_1.png`, 256 x 256; six characters, seven expressions, 55,767 pictures.
- Splits: none. Split by character.
- Labels: anger, disgust, fear, joy, neutral, sadness, surprise: as the animator set them and people confirmed.
- Subjects: the characters. Attributes: none in the files.
- Licence: non-commercial research, on request (grail.cs.washington.edu/projects/deepexpr).
- Publication: Aneja et al., "Modeling stylized character expressions via deep learning", ACCV 2016.
"""

from __future__ import annotations

from evenface.core.labels import SPACES
from evenface.datasets._dataset import DataSet, Draft
from evenface.datasets._files import Files

_WORDS = "anger|disgust|fear|joy|neutral|sadness|surprise"
_PICTURE = rf"(?:^|/)(?<subject>[A-Za-z]\w*)/[A-Za-z]\w*_(?<label>{_WORDS})/(?<face>[A-Za-z]\w*_\d+)\.(?:png|jpg)$"


def _read(files: Files) -> Draft:
    return Draft(files.match(_PICTURE), pictures=r"\.(png|jpg)$")


FERG = DataSet(
    name="ferg",
    title="FERG-DB",
    doc=__doc__,
    source="Aneja et al., ACCV 2016",
    licence="non-commercial research, on request",
    layout="aia/aia_anger/aia_anger_1.png and so on.",
    signs=(rf"(^|/)[A-Za-z]\w*/[A-Za-z]\w*_({_WORDS})/[A-Za-z]\w*_\d+\.(png|jpg)$",),
    reader=_read,
    labels=SPACES["FER2013"],
)
