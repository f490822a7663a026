"""As faces are found in the wild."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from evenface.synthesis import dice
from evenface.synthesis.designs._design import Design, persons
from evenface.synthesis.roll import Roll, new_roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec


class Natural(Design):
    """People and expressions drawn by shares: by themselves, those of RAF-DB.

    Expressions as in its test part; ethnicity, gender and age as its authors give them (Li, Deng and Du, CVPR 2017; Li
    and Deng, IEEE TIP 2019), without faces below 4 years and faces of unsure gender.
    """

    emotions: ClassVar[Mapping[str, float]] = {
        **{"surprise": 329, "fear": 74, "disgust": 160, "happy": 1185, "sad": 478, "angry": 162, "neutral": 680}
    }
    attributes: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "ethnicity": {"african": 0.08, "asian": 0.15, "caucasian": 0.77},
        "gender": {"female": 0.52, "male": 0.43},
        "age": {"4-19": 0.17, "20-39": 0.55, "40-69": 0.15, "70+": 0.03},
    }
    looks: ClassVar[str] = "linked"

    kind: Literal["natural"] = "natural"

    def roll(self, spec: Spec) -> Roll:
        """Draw each person, and the expression of each face."""
        row = np.arange(self.rows(spec))
        person, _ = persons(spec, row)
        names = ("ethnicity", "gender", "age", "region")
        codes = {name: dice.choice(spec.shares(name), f"which {name}", spec.seed, person) for name in names}
        emotion = dice.choice(list(spec.emotion_shares.values()), "which emotion", spec.seed, row)
        return new_roll(spec, person, row, codes, emotion)
