"""How a counterfactual audit's numbers were made, and what they cannot say: the report's standing text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIMITS = (
    "The families are alike in everything but what was changed only as far as whoever made the images could make them "
    "so. A change of the head's shape also changes how an expression looks on it.",
    "In generated faces, names such as asian, male or old are directions of head shape in the generator. They are not "
    "peoples or persons, and a flip on them shows that the model attends to shape, not how it treats people.",
    "A flip rate is a property of the model on these images. Photos met in use differ from them in many more ways.",
    "That no difference was found does not show that there is none, and few flips do not show that answers are right.",
    "Measured is the expression that was set for a face, as a picture of it is perceived; nothing is said about what "
    "anybody feels.",
)


def methods(data: Mapping[str, Any]) -> list[str]:
    """Say in plain words how the numbers were made, with this audit's settings."""
    s = data["settings"]
    persons = s["unit"] == "subject"
    level = f"{100 * s['level']:g} %"
    one = (
        "Families of one person are not independent: intervals, coins and exchanges take persons as wholes."
        if persons
        else "Persons are not known, so families are taken to be independent. If several show one person, intervals "
        "are too narrow."
    )
    return [
        "A flip is counted where two images of one family both got an answer and the answers differ. Where only one "
        "got an answer, it is counted as a lost answer instead.",
        f"{level} intervals are Wilson's at the number of independent families that the variance amounts to; those of "
        "differences square and add two of them (Newcombe's method 10) with their correlation.",
        one,
        f"p of a difference is that of a fair coin for each {'person' if persons else 'family'}, which turns all its "
        f"differences ({s['resamples']:,} sets of "
        f"coins){'' if persons else ', exact by McNemar where faces are counted'}. Corrected p: over all attributes "
        "and pairs at once, for accuracy, classes, probabilities and transitions apart (max-T).",
        f"Cochran's Q is over families with every variant; for p they are exchanged {s['resamples']:,} times.",
        "Rendering noise is measured by a control: families in which nothing changed but, say, the seed of the "
        "camera's noise. Without one, the share of flips that is mere noise is not known.",
        f"Pairs with fewer than {s['min_families']} families are shown and marked (†), but not tested. An undefined "
        "value is a dash, never a zero.",
        "Faces shown are examples of the most one-sided changes, not a sample.",
    ]
