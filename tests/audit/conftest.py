"""Tables to audit, made by hand: no reading, so that what is tested is the audit alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute, Predictions

NAMES = ("angry", "happy", "neutral", "sad", "surprise", "fear", "disgust")


def make(
    true: Sequence[int],
    answer: Sequence[int],
    attributes: Mapping[str, Sequence[object]],
    *,
    p: np.ndarray | None = None,
    subject: Sequence[object] | None = None,
    classes: int | None = None,
    names: Sequence[str] = NAMES,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> Predictions:
    """Predictions of columns: a negative answer is none, an attribute that is None is not known."""
    used = tuple(names[: classes or max(int(np.max(true)), int(np.max(answer)), 0) + 1])
    columns: dict[str, Any] = {
        "true": pl.Series(true, dtype=pl.Int16),
        "predicted": pl.Series([None if a < 0 else int(a) for a in answer], dtype=pl.Int16),
    }
    if subject is not None:
        columns["subject"] = pl.Series([None if s is None else str(s) for s in subject], dtype=pl.String)
    if p is not None:
        columns |= {f"score:{name}": pl.Series(p[:, i], dtype=pl.Float64) for i, name in enumerate(used)}
    known = []
    for name, column in attributes.items():
        text = pl.Series([None if value is None else str(value) for value in column], dtype=pl.String)
        columns[f"attr:{name}"] = text
        known.append(Attribute(name, tuple((levels or {}).get(name, sorted(text.drop_nulls().unique())))))
    frame = pl.DataFrame(columns).lazy()
    return Predictions(frame, LabelSpace.of(used), tuple(known), len(true), "table in memory", "")


@pytest.fixture(scope="session")
def table() -> Callable[..., Predictions]:
    """The builder of tables."""
    return make


def draw_faces(
    seed: int, n: int = 700, classes: int = 4, unknown: float = 0.06, silent: float = 0.06
) -> dict[str, Any]:
    """Columns of a table with two attributes, some unknown, some faces without an answer; women are read best."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["man", "woman"], n).astype(object)
    age = rng.choice(["0-19", "20-39", "60+"], n, p=[0.2, 0.6, 0.2]).astype(object)
    true = rng.choice(classes, n, p=np.arange(classes, 0, -1) / np.arange(classes + 1).sum())
    score = rng.normal(size=(n, classes))
    score[np.arange(n), true] += 1 + 0.8 * (gender == "woman")
    p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    answer = np.where(rng.random(n) < silent, -1, p.argmax(1))
    gender[rng.random(n) < unknown] = None
    age[rng.random(n) < unknown] = None
    return {"true": true, "answer": answer, "attributes": {"gender": gender, "age": age}, "p": p, "classes": classes}


@pytest.fixture(scope="session")
def faces() -> Callable[..., dict[str, Any]]:
    """The maker of random columns, to change before a table is built."""
    return draw_faces
