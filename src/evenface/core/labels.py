"""LabelSpace: ordered expression names, and each data set's own codes for them.

One spelling per expression is used in every space (angry, disgust, fear, happy, sad, surprise, neutral, contempt), so
that results on different data sets can be set side by side. Other spellings are understood, and what they are read as
can be seen in `LabelSpace.codes` and `ALIASES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evenface.core.errors import SettingsError, UnknownNameError

_SPELLINGS = {
    "angry": "anger ang an",
    "disgust": "disgusted disgusting dis di",
    "fear": "fearful afraid scared fea fe",
    "happy": "happiness joy joyful hap ha",
    "sad": "sadness sa",
    "surprise": "surprised surprising sur su",
    "neutral": "neutrality neu ne",
    "contempt": "contemptuous con",
    "positive": "pos",
    "negative": "neg",
}
#: Other spelling -> the spelling used here. The short ones are JAFFE's and FACS tables' abbreviations.
ALIASES: Mapping[str, str] = {
    spelling: name for name, spellings in _SPELLINGS.items() for spelling in (name, *spellings.split())
}


@dataclass(frozen=True, slots=True)
class LabelSpace:
    """The classes that a label or an answer can be.

    Attributes:
        name: Such as `"RAF-DB"`, or `"free list"`.
        names: The expressions, in the order that numbers index.
        codes: The data set's own code, as text -> expression. Names need no entry.
        own: The data set's own spelling of each expression that differs.
    """

    name: str
    names: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str], name: str = "free list") -> LabelSpace:
        """Make a space from names in the order of their codes 0, 1, 2 and so on.

        Names that are all known expressions get the spelling used here; otherwise they stay as they are.

        Raises:
            SettingsError: There are no names, an empty one, or one twice.

        Example:
            >>> LabelSpace.of(["anger", "joy"]).names
            ('angry', 'happy')
        """
        given = tuple(str(each).strip() for each in names)
        if not given or not all(given):
            raise SettingsError(f"Class names must not be empty, got {', '.join(map(repr, given)) or 'none'}.")
        if len(set(given)) < len(given):
            raise SettingsError(f"A class is named twice in {', '.join(given)}.")
        known = canonical_names(given)
        used = known or given
        own = {new: old for new, old in zip(used, given, strict=True) if new != old}
        return cls(name, used, {str(code): each for code, each in enumerate(used)}, own)

    def find(self, value: str) -> str | None:
        """Give the expression that a code or a name in any spelling stands for, or None."""
        if value in self.codes:
            return self.codes[value]
        folded = fold(value)
        if not folded or re.fullmatch(r"[\d.]+", folded):  # a number is a code, and only as it is written
            return None
        by_fold = {fold(name): name for name in (*self.names, *self.codes)} | {
            fold(old): new for new, old in self.own.items()
        }
        found = by_fold.get(folded, ALIASES.get(folded))
        found = self.codes.get(found, found) if found else None
        return found if found in self.names else None

    def index(self, name: str) -> int:
        """Give the place of an expression in `names`."""
        return self.names.index(name)


def fold(name: str) -> str:
    """Bring a name to the form in which spellings are compared: lower case, no blanks, dashes or underscores."""
    return re.sub(r"[\s_\-+]+", "", name.casefold())


def canonical_names(names: Sequence[str]) -> tuple[str, ...] | None:
    """Give the spelling used here for each name, or None if one is not a known expression or two become one.

    Abbreviations are taken only where every name is one, so that a class called "con" in another list stays.
    """
    if all(fold(name) in ALIASES for name in names):
        known = tuple(ALIASES[fold(name)] for name in names)
        return known if len(set(known)) == len(known) else None
    return None


def _space(name: str, names: str, first: int = 0, own: str = "") -> LabelSpace:
    expressions = tuple(names.split())
    spelled = dict(zip(expressions, own.split(), strict=True)) if own else {}
    differing = {new: old for new, old in spelled.items() if new != old}
    return LabelSpace(name, expressions, {str(code): each for code, each in enumerate(expressions, first)}, differing)


#: Each space with the source of its codes.
SPACES: Mapping[str, LabelSpace] = {
    space.name: space
    for space in (
        # Goodfellow et al., "Challenges in representation learning" (2013): column `emotion` of fer2013.csv
        _space("FER2013", "angry disgust fear happy sad surprise neutral"),
        # Barsoum et al., arXiv:1608.01041: column order of the FER+ votes
        _space(
            "FER+",
            "neutral happy surprise sad angry disgust fear contempt",
            own="neutral happiness surprise sadness anger disgust fear contempt",
        ),
        # Li, Deng & Du, CVPR 2017: list_patition_label.txt of RAF-DB, basic emotions, codes from 1
        _space(
            "RAF-DB",
            "surprise fear disgust happy sad angry neutral",
            first=1,
            own="surprise fear disgust happiness sadness anger neutral",
        ),
        # Mollahosseini et al., arXiv:1708.03985: the eight expressions of AffectNet, and the seven without contempt
        _space(
            "AffectNet-8",
            "neutral happy sad surprise fear disgust angry contempt",
            own="neutral happy sad surprise fear disgust anger contempt",
        ),
        _space(
            "AffectNet-7",
            "neutral happy sad surprise fear disgust angry",
            own="neutral happy sad surprise fear disgust anger",
        ),
        # Lucey et al., CVPR Workshops 2010: emotion labels of the Extended Cohn-Kanade set
        _space(
            "CK+",
            "neutral angry contempt disgust fear happy sad surprise",
            own="neutral anger contempt disgust fear happy sadness surprise",
        ),
        # Lyons et al., FG 1998: letters in the file names of JAFFE
        LabelSpace(
            "JAFFE",
            ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
            dict(
                zip(
                    ["AN", "DI", "FE", "HA", "NE", "SA", "SU"],
                    ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"],
                    strict=True,
                )
            ),
            {"angry": "anger", "happy": "happiness", "sad": "sadness"},
        ),
        # Li et al., FG 2013: the three classes of the micro-expression set SMIC; it has names, codes are ours
        _space("SMIC-3", "positive negative surprise"),
        # Six classes without disgust, as multi-cue models are often trained on; it has names, codes are ours
        _space("MCAM-6", "angry fear happy sad surprise neutral", own="angry scared happy sad surprised neutral"),
    )
}
_OTHER_NAMES = {
    "fer": "FER2013",
    "ferplus": "FER+",
    "raf": "RAF-DB",
    "affectnet": "AffectNet-8",
    "ckplus": "CK+",
    "smic": "SMIC-3",
    "mcam": "MCAM-6",
}


def get_space(labels: str | Sequence[str] | Mapping[str, str] | LabelSpace) -> LabelSpace:
    """Give the space with this name in any spelling, or make one.

    Args:
        labels: A name of `SPACES`; names in the order of codes 0, 1, … (`"happy,sad"` or a sequence); or names with
            their codes (`"1=happy,2=sad"` or a mapping).

    Raises:
        UnknownNameError: No space has the name.
        SettingsError: The list has an empty or repeated name.

    Example:
        >>> get_space("rafdb").name, get_space("fer plus").name, get_space("happy,sad").names
        ('RAF-DB', 'FER+', ('happy', 'sad'))
    """
    if isinstance(labels, LabelSpace):
        return labels
    if isinstance(labels, Mapping):
        space = LabelSpace.of(list(labels.values()))
        return LabelSpace(space.name, space.names, dict(zip(map(str, labels), space.names, strict=True)), space.own)
    if not isinstance(labels, str):
        return LabelSpace.of(labels)
    if "," in labels:
        parts = [part.partition("=") for part in labels.split(",")]
        if all(equals for _, equals, _ in parts):
            return get_space({code.strip(): name for code, _, name in parts})
        return LabelSpace.of(labels.split(","))
    wanted = re.sub(r"[\s_\-]+", "", labels.casefold())
    known = {re.sub(r"[\s_\-]+", "", name.casefold()): name for name in SPACES} | _OTHER_NAMES
    if wanted not in known:
        raise UnknownNameError(
            "label space", labels, SPACES, "Or give the class names in the order of their codes: 'happy,sad,angry'."
        )
    return SPACES[known[wanted]]
