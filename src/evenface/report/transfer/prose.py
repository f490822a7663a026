"""How the numbers of a study of transfer were made, and what they cannot say: the report's standing text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIMITS = (
    "A region here is a set of pictures: people, cameras, lights and instructions differ between sets at once, so a "
    "difference between regions is not one between peoples.",
    "The weight of a cue is what a fusion gave it. Where hiding the cue of the highest weight does not cost most, "
    "weights do not say what answers rest on.",
    "A Shapley value says what a cue adds to this fusion on these faces. One with none may carry the same as another.",
    "Under GAM a detector is a small model on the channels of a cue; the network that reads the cue stays as it is.",
    "Test parts are small. Where an interval is wide, nothing is settled; that no difference was found does not show "
    "that there is none.",
    "Measured is the expression as labelled, as a picture is perceived; nothing is said about what anybody feels.",
)


def methods(data: Mapping[str, Any]) -> list[str]:
    """Say in plain words how the numbers were made, with this study's settings."""
    s = data["settings"]
    shares = s["data"]
    return [
        f"Persons of each region are dealt to testing ({100 * shares['test_share']:g} %), validation "
        f"({100 * shares['validation_share']:g} %) and learning, anew for each of {len(s['seeds'])} seeds. Validation "
        "faces choose the moment of a training that is kept and the temperature.",
        f"LAM: detectors are those fitted on {s['detectors']['source']}, or come with the cue; only the fusion "
        "learns in the region. GAM: detectors too are fitted there. Answers on faces learnt from come from detectors "
        "fitted on other persons.",
        "Accuracy is the share of right answers among all faces for testing; no answer is not right. Intervals (95 %) "
        f"draw persons and seeds anew ({s['draws']:,} times, pigeonhole bootstrap), which errs on the wide side.",
        f"p-values flip the signs of persons' differences ({10 * s['draws']:,} times) and take seeds as given; "
        "corrected by Holm's method within each question and fusion.",
        "Shapley values are of accuracies of models trained anew for every subset of the cues; without any cue, the "
        "commonest class of the faces learnt from is answered.",
    ]
