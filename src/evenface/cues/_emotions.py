"""From action units to emotions: a support vector machine that learns it, and the rules of EMFACS to check it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, needs

EMFACS: Mapping[str, frozenset[int]] = {
    "happy": frozenset({6, 12}),
    "sad": frozenset({1, 4, 15}),
    "surprise": frozenset({1, 2, 5, 26}),
    "fear": frozenset({1, 2, 4, 5, 7, 20, 26}),
    "angry": frozenset({4, 5, 7, 23}),
    "disgust": frozenset({9, 15}),
}
"""Units of each emotion (Friesen & Ekman, EMFACS-7, 1983; of disgust without 16, which OpenFace does not read)."""
NEAR = 0.5
"""How alike the shown units and an emotion's must be for the rules to answer."""
FEWEST = 2
"""Faces, or people, of each class that the machine must have."""


@dataclass(frozen=True, slots=True)
class UnitsToEmotions:
    """A support vector machine on intensities of units, with a radial kernel (scikit-learn).

    Attributes:
        classes: Names, in the order of the probabilities.
        model: The fitted scikit-learn pipeline.
    """

    classes: tuple[str, ...]
    model: Any

    @classmethod
    def fit(
        cls, units: NDArray[np.float32], labels: Sequence[str], *, people: Sequence[str] | None = None, seed: int = 0
    ) -> UnitsToEmotions:
        """Learn from faces whose emotion is known; faces with units that are NaN are left out.

        Args:
            units: (face, unit), as the cue `action_units` or another tool gives them.
            labels: Of each face.
            people: Of each face: nobody is both in what the machine is fitted to and in what its probabilities are
                calibrated on.
            seed: Of the folds.

        Raises:
            SettingsError: scikit-learn is not installed.
            InputError: There are fewer than two classes, or a class with fewer than `FEWEST` faces (or people, if
                given).
        """
        with needs("Turning units into emotions", "evenface[models]"):
            from sklearn.calibration import CalibratedClassifierCV
            from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
            from sklearn.svm import SVC
        known = np.isfinite(units).all(1)
        x, y = units[known], np.asarray(labels)[known]
        who = np.arange(len(y)) if people is None else np.asarray(people)[known]
        fewest = _fewest(y, who)
        machine = make_pipeline(StandardScaler(), SVC(class_weight="balanced", random_state=seed))
        kind = StratifiedKFold if people is None else StratifiedGroupKFold
        parts = list(kind(min(5, fewest), shuffle=True, random_state=seed).split(x, y, who))
        if any(set(y[fitted]) != set(y) for fitted, _ in parts):  # few people: one at a time leaves some of each class
            parts = list(LeaveOneGroupOut().split(x, y, who))
        model = CalibratedClassifierCV(machine, cv=parts, ensemble=False).fit(x, y)
        return cls(tuple(str(name) for name in model.classes_), model)

    def probabilities(self, units: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give (face, class) probabilities; NaN for a face whose units are not known."""
        known = np.isfinite(units).all(1)
        out = np.full((len(units), len(self.classes)), np.nan, np.float32)
        if known.any():
            out[known] = self.model.predict_proba(units[known])
        return out


def _fewest(labels: NDArray[np.str_], people: NDArray[Any]) -> int:
    """Give how many different people (or faces) the rarest class has."""
    counts = {str(name): len(np.unique(people[labels == name])) for name in np.unique(labels)}
    rare = sorted(f"{name} ({count})" for name, count in counts.items() if count < FEWEST)
    if len(counts) < 2 or rare:
        what = (
            f"too few faces or people of {', '.join(rare)}" if rare else f"only the class {', '.join(counts) or 'none'}"
        )
        raise InputError(f"Emotions cannot be learned from these units: {what}; {FEWEST} of each of two are needed.")
    return min(counts.values())


def emfacs(
    units: NDArray[np.float32], channels: Sequence[str], present: float
) -> tuple[tuple[str | None, ...], NDArray[np.float32]]:
    """Answer by the rules of EMFACS: the emotion whose units are most like those shown.

    Alike is how many units both have over how many either has (our definition; units that no rule names do not count).
    A face that shows none of the rules' units is neutral; one that is nearer than `NEAR` to no emotion, equally near to
    two, or whose units are not known, has no answer.

    Args:
        units: (face, unit).
        channels: Names of the units, such as `AU12`.
        present: Intensity from which a unit is shown.

    Returns:
        The answer for each face, and how alike it is to each emotion of `EMFACS`, (face, emotion).

    Raises:
        InputError: A unit that a rule needs is not among the channels.
    """
    numbers = sorted(frozenset[int]().union(*EMFACS.values()))
    names = [f"AU{number:02d}" for number in numbers]
    if missing := sorted(set(names) - set(channels)):
        raise InputError(f"The rules of EMFACS need {', '.join(missing)}, which are not among {', '.join(channels)}.")
    picked = units[:, [list(channels).index(name) for name in names]]
    shown = np.asarray(picked >= present, bool)
    rule = np.array([[number in wanted for number in numbers] for wanted in EMFACS.values()])
    both = np.asarray(shown[:, None] & rule).sum(2)
    alike = (both / (shown[:, None] | rule).sum(2)).astype(np.float32)
    known = np.asarray(np.isfinite(picked).all(1), bool)
    best, none = alike.max(1), np.asarray(~shown.any(1), bool)
    clear = np.asarray(known & (best >= NEAR) & ((alike == best[:, None]).sum(1) == 1))
    order = list(EMFACS)
    answers = tuple(
        "neutral" if empty and ok else order[place] if sure else None
        for empty, ok, sure, place in zip(none, known, clear, alike.argmax(1), strict=True)
    )
    return answers, np.where(known[:, None], alike, np.float32(np.nan))
