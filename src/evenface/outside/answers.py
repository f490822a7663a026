"""What a model answered, held against what an answer can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace

Floats = NDArray[np.float64]
LABEL_KEYS = ("label", "labels", "prediction", "predicted")
SCORE_KEYS = ("probabilities", "scores", "probs")
FORMS = (
    "Allowed per batch: an array (face, class) of probabilities or other scores, with --classes; names, one a face; "
    "whole numbers that index --classes; or a dict with class names as keys, or with 'label' or 'probabilities'."
)


class WrongAnswerError(InputError):
    """A model answered what cannot be an answer."""


@dataclass(frozen=True)
class Given:
    """Answers to some faces.

    Attributes:
        labels: A class name for each face, None for no answer.
        scores: (face, class) scores, a row of NaN for no answer; None if the model gives none.
        classes: Names of the columns of `scores`; empty if there are none.
    """

    labels: tuple[str | None, ...]
    scores: Floats | None
    classes: tuple[str, ...]


def read_given(raw: Any, faces: int, classes: Sequence[str] | None, who: str) -> Given:
    """Read what a model returned for a batch.

    Args:
        raw: In any of the forms that `FORMS` names.
        faces: How many faces were shown.
        classes: Names in the order of scores and indices, where the answer does not bring them.
        who: The model, for messages.

    Raises:
        WrongAnswerError: It is none of these, is not one answer a face, or holds what is no probability.
    """
    if isinstance(raw, Mapping):
        return _from_mapping(raw, faces, classes, who)
    if isinstance(raw, Sequence) and not isinstance(raw, str) and len(raw) and all(isinstance(x, Mapping) for x in raw):
        return _from_rows(raw, faces, classes, who)
    array = _array(raw, who)
    if array.ndim == 2 and array.dtype.kind in "fiub":
        return _scores(array.astype(float), faces, classes, who)
    if array.ndim != 1:
        raise WrongAnswerError(
            f"{who} gave an array of shape {array.shape} and type {array.dtype} for {faces} faces. {FORMS}"
        )
    _count(len(array), faces, who)
    return Given(tuple(_label(value, classes, who) for value in array.tolist()), None, ())


def _array(raw: Any, who: str) -> NDArray[Any]:
    if hasattr(raw, "detach"):  # a torch tensor, without importing torch
        raw = raw.detach().cpu()
    try:
        return np.asarray(raw)
    except (ValueError, TypeError) as error:
        raise WrongAnswerError(f"{who} gave a {type(raw).__name__} that is no array: {error}. {FORMS}") from error


def _count(number: int, faces: int, who: str) -> None:
    if number != faces:
        raise WrongAnswerError(
            f"{who} gave {number:,} answers for {faces:,} faces. It must give one for each, in their order."
        )


def _label(value: Any, classes: Sequence[str] | None, who: str) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        if classes is None:
            raise WrongAnswerError(
                f"{who} answers with numbers ({value}). Name what they index with --classes, in that order."
            )
        if not 0 <= int(value) < len(classes):
            raise WrongAnswerError(f"{who} answered {value}, which is no index of the {len(classes)} classes.")
        return str(classes[int(value)])
    raise WrongAnswerError(f"{who} answered {value!r}, which is no name of a class. {FORMS}")


def _scores(scores: Floats, faces: int, classes: Sequence[str] | None, who: str) -> Given:
    _count(len(scores), faces, who)
    if classes is None:
        raise WrongAnswerError(f"{who} gives {scores.shape[1]} scores a face. Name them in order with --classes.")
    if len(classes) != scores.shape[1]:
        raise WrongAnswerError(
            f"{who} gives {scores.shape[1]} scores a face, but there are {len(classes)} classes ({', '.join(classes)})."
        )
    finite = np.isfinite(scores)
    silent = np.isnan(scores).all(1)
    if broken := int((~finite.all(1) & ~silent).sum()):
        raise WrongAnswerError(
            f"{who} gave scores that are NaN or infinite for {broken:,} of {faces:,} faces. A face without an answer "
            "has NaN for every class."
        )
    best = np.where(silent, -1, np.where(finite, scores, -np.inf).argmax(1)) if scores.shape[1] else np.full(faces, -1)
    return Given(tuple(None if i < 0 else str(classes[i]) for i in best.tolist()), scores, tuple(classes))


def _from_mapping(raw: Mapping[Any, Any], faces: int, classes: Sequence[str] | None, who: str) -> Given:
    names = raw.get("classes", classes)
    names = None if names is None else [str(name) for name in names]
    for key in SCORE_KEYS:
        if key in raw:
            inner = raw[key]
            return (
                read_given(inner, faces, names, who)
                if isinstance(inner, Mapping)
                else _checked(inner, faces, names, who)
            )
    for key in LABEL_KEYS:
        if key in raw:
            return read_given(raw[key], faces, names, who)
    columns = [_array(value, who) for value in raw.values()]
    if not columns or any(column.shape != (faces,) or column.dtype.kind not in "fiu" for column in columns):
        raise WrongAnswerError(f"{who} gave a dict with the keys {', '.join(map(str, raw))[:200] or '(none)'}. {FORMS}")
    return _scores(np.stack(columns, 1).astype(float), faces, [str(name) for name in raw], who)


def _checked(raw: Any, faces: int, classes: Sequence[str] | None, who: str) -> Given:
    array = _array(raw, who)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise WrongAnswerError(f"{who} gave probabilities of shape {array.shape} and type {array.dtype}. {FORMS}")
    return _scores(array.astype(float), faces, classes, who)


def _from_rows(raw: Sequence[Mapping[Any, Any]], faces: int, classes: Sequence[str] | None, who: str) -> Given:
    """One dict a face, as servers and some exporters give them."""
    _count(len(raw), faces, who)
    listed = next((key for key in SCORE_KEYS if all(row.get(key) is not None for row in raw)), None)
    if listed and not any(isinstance(row[listed], Mapping) for row in raw):
        return _checked([row[listed] for row in raw], faces, classes, who)
    inner = [row[listed] if listed else row for row in raw]
    if not all(isinstance(row, Mapping) for row in inner):
        raise WrongAnswerError(f"{who} gave probabilities in several forms, one for each of some faces. {FORMS}")
    for key in LABEL_KEYS:
        if all(key in row for row in inner):
            return Given(tuple(_label(row[key], classes, who) for row in inner), None, ())
    names = [str(name) for name in inner[0]]
    if any([str(name) for name in row] != names for row in inner):
        raise WrongAnswerError(f"{who} names other classes for one face than for another. {FORMS}")
    try:
        scores = np.array([[float(value) for value in row.values()] for row in inner]).reshape(faces, len(names))
    except (TypeError, ValueError) as error:
        raise WrongAnswerError(f"{who} gave scores that are no numbers: {error}. {FORMS}") from error
    return _scores(scores, faces, names, who)


def join(parts: Sequence[Given], who: str) -> Given:
    """Put the answers to all batches together.

    Raises:
        WrongAnswerError: Batches differ in their classes, or no face at all got an answer.
    """
    classes = parts[0].classes
    if any(part.classes != classes for part in parts):
        raise WrongAnswerError(f"{who} gave scores of other classes for one batch of faces than for another.")
    labels = tuple(label for part in parts for label in part.labels)
    if not any(label is not None for label in labels):
        raise WrongAnswerError(f"{who} gave no answer to any of {len(labels):,} faces.")
    given = [part.scores for part in parts if part.scores is not None]
    scores = np.concatenate(given) if len(given) == len(parts) else None
    return Given(*_spelled(labels, scores, classes))


def _spelled(
    labels: tuple[str | None, ...], scores: Floats | None, classes: tuple[str, ...]
) -> tuple[tuple[str | None, ...], Floats | None, tuple[str, ...]]:
    """Bring class names to the spelling used here, where they are expressions that are known."""
    if not classes:
        return labels, scores, classes
    space = LabelSpace.of(classes)
    own = dict(zip(classes, space.names, strict=True))
    return tuple(None if label is None else own.get(label, label) for label in labels), scores, space.names
