"""What a region is, and the camera laws that several regions share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import SettingsError, did_you_mean
from evenface.synthesis import laws
from evenface.synthesis.laws import Law
from evenface.synthesis.parameters import PARAMETERS
from evenface.synthesis.prototypes import EXPRESSIONS
from evenface.synthesis.style import Style

LEVELS: Mapping[str, tuple[str, ...]] = {
    "ethnicity": ("african", "asian", "caucasian", "mixed"),
    "gender": ("female", "male"),
    "age": ("4-19", "20-39", "40-69", "70+"),
}
"""Attribute of people -> its levels. Those of ethnicity are axes of head shape, not peoples."""

_DRAWN_FROM_PEOPLE = ("person", "african", "asian", "caucasian", "gender", "age", "skin_tone", "image_seed")


@dataclass(frozen=True, slots=True)
class Region:
    """A set of people, pictures and ways to show emotions: a SIMULATION of what is particular to a collection of faces.

    Attributes:
        name: Its name in `REGIONS`.
        about: One sentence; it says that this is a simulation.
        source: The publication that describes what is simulated.
        reasons: Field -> why it is as it is, with its source, or that it is our choice.
        style: How emotions are shown.
        people: Attribute -> level -> share; shares need not sum to 1.
        emotions: Expression -> share; shares need not sum to 1.
        parameters: Parameter of a face -> its law (`evenface.synthesis.laws`); what is not named is left as it is.
        picture: Width and height of a picture in pixels.
        subjects: About how many people the collection shows.
        images: About how many pictures it has.

    Raises:
        SettingsError: A name, law or share is not possible; every fault is named.
    """

    name: str
    about: str
    source: str
    reasons: Mapping[str, str]
    style: Style
    people: Mapping[str, Mapping[str, float]]
    emotions: Mapping[str, float]
    parameters: Mapping[str, Law]
    picture: tuple[int, int]
    subjects: int
    images: int

    def __post_init__(self) -> None:
        faults = [] if "simulat" in self.about.casefold() else ["about does not say that this is a simulation"]
        faults += _share_faults("emotions", self.emotions, EXPRESSIONS)
        for attribute in {*self.people, *LEVELS}:
            if attribute not in LEVELS or attribute not in self.people:
                what = "is unknown" if attribute in self.people else "is missing"
                faults.append(f"people: attribute {attribute!r} {what}.{_near(attribute, tuple(LEVELS))}")
            else:
                faults += _share_faults(f"people: {attribute}", self.people[attribute], LEVELS[attribute])
        for name in sorted({"style", "people", "emotions", "parameters"} - self.reasons.keys()):
            faults.append(f"reasons: no reason for {name}; give its source, or say that it is our choice")
        faults += [fault for name, law in self.parameters.items() for fault in _parameter_faults(name, law)]
        if faults:
            raise SettingsError(f"Region {self.name!r} cannot be used:\n" + "\n".join(f"- {fault}" for fault in faults))

    def draw_parameters(self, seeds: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """Give parameter -> (picture,) numbers for each of `seeds`, whole numbers of at least 0, one for a picture."""
        limits = {name: PARAMETERS[name] for name in self.parameters}
        return {
            name: laws.draw(law, name, seeds, limits[name].low, limits[name].high)
            for name, law in self.parameters.items()
        }


def _near(name: str, allowed: tuple[str, ...]) -> str:
    return "" if name in allowed else did_you_mean(name, allowed)


def _share_faults(where: str, shares: Mapping[str, float], allowed: tuple[str, ...]) -> list[str]:
    unknown = [f"{where}: {name!r} is unknown.{_near(name, allowed)}" for name in shares if name not in allowed]
    if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
        unknown.append(f"{where}: shares are at least 0, one of them above 0")
    return unknown


def _parameter_faults(name: str, law: Law) -> list[str]:
    if name not in PARAMETERS:
        return [f"parameters: {name!r} is unknown.{did_you_mean(name, tuple(PARAMETERS))}"]
    if name in _DRAWN_FROM_PEOPLE or name.startswith("action:"):
        return [f"parameters: {name} follows from people, emotions and seeds; it has no law here"]
    return [
        f"parameters: {name}: {fault}" for fault in laws.faults_of(law, PARAMETERS[name].low, PARAMETERS[name].high)
    ]


STUDIO: Mapping[str, Law] = {
    "yaw": ("normal", 0, 3),
    "pitch": ("normal", 0, 3),
    "roll": ("normal", 0, 2),
    "field_of_view": ("uniform", 12, 25),
    "zoom": ("normal", 1, 0.04),
    "shift_x": ("normal", 0, 0.01),
    "shift_y": ("normal", 0, 0.01),
    "light_azimuth": ("uniform", -40, 40),
    "light_elevation": ("uniform", 15, 50),
    "light_softness": ("uniform", 0.4, 0.9),
    "ambient": ("uniform", 0.4, 0.6),
    "exposure": ("normal", 0, 0.12),
    "background": ("fixed", 0),
    "background_level": ("uniform", 0.4, 0.8),
    "background_saturation": ("uniform", 0, 0.1),
    "noise": ("uniform", 0, 0.05),
}
"""Laws of posed photographs in a room of one's own: our choice."""

OPEN_WORLD: Mapping[str, Law] = {
    "yaw": ("normal", 0, 16),
    "pitch": ("normal", 0, 8),
    "roll": ("normal", 0, 7),
    "field_of_view": ("log_uniform", 6, 50),
    "zoom": ("normal", 1.02, 0.08),
    "shift_x": ("normal", 0, 0.025),
    "shift_y": ("normal", 0, 0.025),
    "light_azimuth": ("uniform", -110, 110),
    "light_elevation": ("uniform", -10, 75),
    "light_softness": ("uniform", 0, 1),
    "ambient": ("uniform", 0.25, 0.7),
    "warmth": ("normal", 0, 0.35),
    "exposure": ("normal", 0, 0.4),
    "background": ("choice", 1, 2, 5),
    "background_level": ("uniform", 0.1, 0.9),
    "background_hue": ("uniform", 0, 1),
    "background_saturation": ("uniform", 0, 0.6),
    "noise": ("some", 0.6, 0, 0.02, 0.3),
    "blur": ("some", 0.4, 0, 0.02, 0.2),
    "low_resolution": ("some", 0.3, 1, 1, 3),
    "jpeg": ("some", 0.8, 0, 45, 95),
    "grey": ("some", 0.07, 0, 1, 1),
}
"""Laws of pictures from the web: our choice."""
