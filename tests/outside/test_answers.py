"""What a model may answer, and what it may not."""

import numpy as np
import pytest

from evenface.outside.answers import Given, WrongAnswerError, join, read_given

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
C = ["happiness", "sad", "anger"]


@pytest.mark.parametrize(
    ("raw", "classes", "labels"),
    [
        (P, C, ("happiness", "anger")),
        (P.tolist(), C, ("happiness", "anger")),
        (["sad", None], None, ("sad", None)),
        (np.array(["sad", " happy "]), None, ("sad", "happy")),
        ([1, 2], C, ("sad", "anger")),
        (np.array([1.0, np.nan]), C, ("sad", None)),
        ({"happiness": P[:, 0], "anger": P[:, 2]}, None, ("happiness", "anger")),
        ({"labels": ["sad", "anger"]}, None, ("sad", "anger")),
        ({"probabilities": P, "classes": C}, None, ("happiness", "anger")),
        ({"scores": {"a": P[:, 0], "b": P[:, 2]}}, None, ("a", "b")),
        ([{"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.8}], None, ("a", "b")),
        ([{"label": "a"}, {"label": None}], None, ("a", None)),
        ([{"probabilities": {"a": 0.9, "b": 0.1}, "label": "a"}] * 2, None, ("a", "a")),
        ([{"probabilities": [0.1, 0.2, 0.7]}] * 2, C, ("anger", "anger")),
        (np.array([[0.7, 0.2, 0.1], [np.nan] * 3]), C, ("happiness", None)),
        (-np.log(P), C, ("anger", "happiness")),
    ],
)
def test_forms_that_are_read(raw, classes, labels) -> None:
    assert read_given(raw, 2, classes, "m").labels == labels


@pytest.mark.parametrize(
    ("raw", "classes", "message"),
    [
        (P, None, "Name them in order with --classes"),
        (P, C[:2], "gives 3 scores a face, but there are 2 classes"),
        (P[:1], C, "gave 1 answers for 2 faces"),
        (["sad"], None, "gave 1 answers for 2 faces"),
        (np.array([[0.7, np.nan, 0.1]] * 2), C, "NaN or infinite for 2 of 2 faces"),
        (np.array([[0.7, np.inf, 0.1]] * 2), C, "NaN or infinite"),
        ([1, 3], C, "no index of the 3 classes"),
        ([1, 2], None, "answers with numbers"),
        ([0.5, 0.5], C, "no name of a class"),
        (None, C, "array of shape"),
        ("happy", None, "array of shape"),
        (np.zeros((2, 3, 4)), C, "shape"),
        ({}, None, "dict with the keys"),
        ({"a": [1.0]}, None, "dict with the keys"),
        ({"probabilities": ["a", "b"]}, C, "gave probabilities of shape"),
        ([{"a": 1.0}, {"b": 1.0}], None, "other classes for one face"),
        ([{"a": "x"}, {"a": "y"}], None, "no numbers"),
        ([[1.0], [1.0, 2.0]], C, "no array"),
    ],
)
def test_what_is_no_answer_is_said(raw, classes, message) -> None:
    with pytest.raises(WrongAnswerError, match=message):
        read_given(raw, 2, classes, "m")


def test_batches_are_joined_and_spelled_as_here() -> None:
    parts = [read_given(P, 2, C, "m"), read_given(P[:1], 1, C, "m")]
    found = join(parts, "m")
    assert found.classes == ("happy", "sad", "angry")
    assert found.labels == ("happy", "angry", "happy")
    assert found.scores is not None
    assert found.scores.shape == (3, 3)
    with pytest.raises(WrongAnswerError, match="other classes for one batch"):
        join([parts[0], read_given(P, 2, ["a", "b", "c"], "m")], "m")
    with pytest.raises(WrongAnswerError, match="no answer to any of 2"):
        join([Given((None, None), None, ())], "m")
