"""Selection rules: which epoch's weights a run keeps. The rule is part of a result, so it has a name.

What a rule may look at decides what a result may claim: a rule that looks at groups needs to know them in validation,
and one that looks at test faces is for study only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Scores:
    """How well the faces of one split are read.

    Attributes:
        n: Faces.
        accuracy: Share read as labelled.
        balanced_accuracy: Mean over classes of the share of their faces read as labelled; classes without faces are
            left out.
        loss: Mean negative log of the probability given to the label, in nats.
        groups: Group -> accuracy; NaN for a group without faces here.
        counts: Group -> faces.
    """

    n: int
    accuracy: float
    balanced_accuracy: float
    loss: float
    groups: Mapping[str, float]
    counts: Mapping[str, int]

    def worst(self) -> tuple[str, float]:
        """Name the group that is read worst, with its accuracy; `("", nan)` if no group has faces."""
        seen = {name: value for name, value in self.groups.items() if not math.isnan(value)}
        name = min(seen, key=seen.__getitem__, default="")
        return name, seen.get(name, math.nan)


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """Which epoch is best.

    Attributes:
        doc: What it looks at, in a sentence.
        source: Where it was described.
        split: Whose faces are looked at.
        needs_groups: Whether groups must be known there.
        score: What is looked at; the highest is best.
    """

    doc: str
    source: str
    split: Literal["validation", "test"]
    needs_groups: bool
    score: Callable[[Scores], float]


mean_validation = SelectionRule(
    "Accuracy over all validation faces.",
    "Gulrajani & Lopez-Paz, arXiv:2007.01434",
    "validation",
    False,
    lambda scores: scores.accuracy,
)
balanced_validation = SelectionRule(
    "Mean over expressions of their accuracy on validation faces; no group is looked at.",
    "Yang et al., arXiv:2302.12254",
    "validation",
    False,
    lambda scores: scores.balanced_accuracy,
)
loss_validation = SelectionRule(
    "Mean log loss over all validation faces, before calibration.",
    "Prechelt, Early stopping, but when? (1998)",
    "validation",
    False,
    lambda scores: -scores.loss,
)
worst_group_validation = SelectionRule(
    "Accuracy of the validation group that is read worst.",
    "Sagawa et al., arXiv:1911.08731",
    "validation",
    True,
    lambda scores: scores.worst()[1],
)
oracle = SelectionRule(
    "Accuracy of the test group that is read worst: what the best choice could reach. For study only, as it looks at "
    "the faces that the result is measured on.",
    "Yang et al., arXiv:2302.12254",
    "test",
    True,
    lambda scores: scores.worst()[1],
)
