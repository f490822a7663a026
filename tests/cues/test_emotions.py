from __future__ import annotations

import numpy as np
import pytest

from evenface.core.errors import InputError
from evenface.cues._emotions import EMFACS, UnitsToEmotions, emfacs
from evenface.cues.action_units import UNITS


def face(*numbers: int) -> np.ndarray:
    """Intensity 3 for these units."""
    return np.array([3.0 if int(name[2:]) in numbers else 0.0 for name in UNITS], np.float32)


def test_each_prototype_is_read_as_its_emotion() -> None:
    answers, alike = emfacs(np.stack([face(*units) for units in EMFACS.values()]), UNITS, 2.0)
    assert answers == tuple(EMFACS)
    np.testing.assert_array_equal(np.diag(alike), 1)


def test_the_rules_have_no_answer_where_nothing_is_near() -> None:
    unknown = np.full(len(UNITS), np.nan, np.float32)
    answers, alike = emfacs(np.stack([face(), face(25, 17), face(2, 9, 6), face(6, 12, 9, 15), unknown]), UNITS, 2.0)
    assert answers == ("neutral", "neutral", None, None, None)
    assert np.isnan(alike[4]).all()
    assert alike[3].max() == 0.5  # as near to happy as to disgust


def test_rules_need_their_units() -> None:
    with pytest.raises(InputError, match="need AU23"):
        emfacs(np.zeros((1, len(UNITS)), np.float32), [name.replace("AU23", "AU24") for name in UNITS], 2.0)


def test_a_machine_learns_what_is_there_to_learn() -> None:
    pytest.importorskip("sklearn", reason="units become emotions with scikit-learn")
    dice = np.random.default_rng(0)
    labels = np.array(["happy", "sad", "angry"] * 20)
    units = np.stack([face(*EMFACS[name]) for name in labels]) + dice.normal(0, 0.5, (60, len(UNITS))).astype(
        np.float32
    )
    people = [f"p{number // 6}" for number in range(60)]
    model = UnitsToEmotions.fit(units, labels.tolist(), people=people)
    assert model.classes == ("angry", "happy", "sad")
    units[0] = np.nan
    chances = model.probabilities(units)
    assert np.isnan(chances[0]).all()
    np.testing.assert_allclose(chances[1:].sum(1), 1, rtol=1e-5)
    assert (np.array(model.classes)[chances[1:].argmax(1)] == labels[1:]).mean() > 0.95


def test_too_few_people_of_a_class_are_told() -> None:
    pytest.importorskip("sklearn", reason="units become emotions with scikit-learn")
    units = np.zeros((4, 2), np.float32)
    with pytest.raises(InputError, match=r"of sad \(1\)"):
        UnitsToEmotions.fit(units, ["happy", "happy", "sad", "sad"], people=["a", "b", "c", "c"])
    with pytest.raises(InputError, match="only the class happy"):
        UnitsToEmotions.fit(units, ["happy"] * 4)


def test_people_who_cannot_be_halved_are_left_out_one_at_a_time() -> None:
    pytest.importorskip("sklearn", reason="units become emotions with scikit-learn")
    shown = [("happy", "a"), ("happy", "b"), ("sad", "a"), ("sad", "c"), ("angry", "b"), ("angry", "c")]
    labels, people = zip(*shown * 3, strict=True)  # each half of the people lacks a class
    units = np.stack([face(*EMFACS[name]) for name in labels])
    model = UnitsToEmotions.fit(units, labels, people=people)
    assert model.probabilities(units).argmax(1).tolist() == [model.classes.index(name) for name in labels]
