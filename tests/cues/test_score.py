"""UF1 and UAR of clips: by hand, by scikit-learn, and what a manifest's labels become."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading
from evenface.cues._score import Score, score, score_clips, uf1_uar
from evenface.cues.micro import PLUS, THREE

NAMES = ("happy", "disgust", "repression", "surprise", "others", "neutral")


def clips(rows: list[tuple[str, str | None, str | None, str, str | None]], frames: int = 4) -> Manifest:
    """A manifest of clips (data set, person, label, answer, phase of all but the first frame)."""
    table = [
        (
            f"{n}-{at}",
            f"c{n}",
            at,
            dataset,
            person,
            NAMES.index(label) if label and at else None,
            phase if at else "rest",
        )
        for n, (dataset, person, label, _, phase) in enumerate(rows)
        for at in range(frames)
    ]
    names = ("face", "clip", "frame", "dataset", "subject", "label", "phase")
    frame = pl.DataFrame(table, names, orient="row", infer_schema_length=None).with_columns(
        pl.col("label").cast(pl.Int16),
        pl.col("subject", "phase").cast(pl.String),
        pl.col("face").alias("image"),
        *(pl.lit(None, pl.String).alias(name) for name in ("region", "split")),
    )
    return Manifest(frame, LabelSpace.of(NAMES), ())


def read_of(answers: list[str | None], classes: tuple[str, ...], frames: int = 4) -> CueReading:
    values = np.array(
        [[np.nan] * len(classes) if a is None else [0.1 + 0.6 * (a == c) for c in classes] for a in answers]
    )
    full = np.repeat(values, frames, 0).astype(np.float32)
    valid = np.isfinite(full).all(1)
    return CueReading(full, valid, full.max(1), tuple(None if v else "clip too short" for v in valid))


def scored(
    rows: list[tuple[str, str | None, str | None, str, str | None]], classes: tuple[str, ...] = THREE
) -> tuple[dict[str, Score], tuple[str, ...]]:
    return score_clips(clips(rows), classes, read_of([row[3] for row in rows], classes))


CASME = [
    ("casme2", "a", "happy", "positive", "onset"),
    ("casme2", "a", "disgust", "negative", "onset"),
    ("casme2", "b", "repression", "positive", "onset"),
    ("casme2", "b", "surprise", "surprise", "onset"),
    ("casme2", "c", "others", "negative", "onset"),
]


def test_both_are_as_worked_out_by_hand() -> None:
    found, notes = scored(CASME)
    (all_,) = found.values()
    assert all_.uf1[0] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert all_.uar[0] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert (all_.clips, all_.answered, all_.persons) == (4, 4, 2)
    assert "disgust + repression -> negative" in notes[0]
    assert notes[1] == "1 of 5 clips have no label among these."


def test_a_clip_that_was_not_read_is_no_right_answer() -> None:
    rows = [*CASME, ("casme2", "c", "surprise", None, "onset")]
    found, notes = scored(rows)
    assert found["all"].uf1[0] == pytest.approx((2 / 3 + 2 / 3 + 2 / 3) / 3)
    assert found["all"].uar[0] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert "1 clips were not read, and count as wrong." in notes


def test_each_data_set_has_its_own_row_and_its_own_persons() -> None:
    rows = [*CASME, *(("samm", *row[1:]) for row in CASME[:3])]
    found, _ = scored(rows)
    assert list(found) == ["all", "casme2", "samm"]
    assert [each.persons for each in found.values()] == [4, 2, 2]
    assert math.isnan(found["samm"].uf1[0])
    assert found["samm"].reason == "no clip is surprise"
    assert found["all"].uf1[1] <= found["all"].uf1[0] <= found["all"].uf1[2]


def test_labels_are_those_of_the_frames_that_are_looked_at() -> None:
    manifest = clips(CASME)
    first = pl.when(pl.col("frame") == 0).then(NAMES.index("neutral")).otherwise("label").cast(pl.Int16)
    neutral = Manifest(manifest.frame.with_columns(first.alias("label")), manifest.labels, ())
    read = read_of([row[3] for row in CASME], PLUS)
    assert score_clips(neutral, PLUS, read)[0]["all"].clips == 4
    one = Manifest(neutral.frame.drop("phase").filter(pl.col("clip") == "c0"), manifest.labels, ())
    with pytest.raises(InputError, match="No clip has one label"):
        score_clips(one, PLUS, read_of(["positive"], PLUS))


def test_who_is_not_known_stands_for_themselves() -> None:
    found, notes = scored([(d, None, *rest) for d, _, *rest in CASME])  # type: ignore[misc]
    assert found["all"].persons == 4
    assert "4 clips show a person who is not known, and who stands for themselves." in notes


def test_one_person_has_a_score_and_no_interval() -> None:
    found, _ = scored([(d, "a", *rest) for d, _, *rest in CASME])  # type: ignore[misc]
    assert math.isfinite(found["all"].uf1[0]) and math.isnan(found["all"].uf1[1])
    assert found["all"].reason == "one person gives no interval"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_both_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rows = [*pairs, (0, 0), (1, 0), (2, 2)]
    true, answer = np.array(rows).T
    counts = np.zeros((3, 3), int)
    np.add.at(counts, (true, answer), 1)
    f1, recall = uf1_uar(counts)
    assert f1 == pytest.approx(metrics.f1_score(true, answer, average="macro"))
    assert recall == pytest.approx(metrics.balanced_accuracy_score(true, answer))


def test_the_order_of_clips_and_the_names_of_persons_change_no_value() -> None:
    true, answer, person = np.array([0, 1, 2, 1, 0, 2]), np.array([0, 1, 1, 1, 2, -1]), np.array([5, 5, 7, 7, 9, 9])
    first = score(true, answer, person, THREE)
    order = np.array([3, 1, 5, 0, 2, 4])
    again = score(true[order], answer[order], person[order], THREE)
    assert (again.uf1, again.uar) == (first.uf1, first.uar)
    other = score(true, answer, 100 - person, THREE)
    assert (other.uf1[0], other.uar[0]) == (first.uf1[0], first.uar[0])


def test_intervals_are_as_wide_as_persons_differ() -> None:
    dice = np.random.default_rng(0)
    true = np.tile([0, 1, 2], 100)
    hard = np.repeat(dice.random(30) < 0.5, 10)
    answer = np.where(hard, (true + 1) % 3, true)
    persons = score(true, answer, np.repeat(np.arange(30), 10), THREE)
    alone = score(true, answer, np.arange(300), THREE)
    assert persons.uar[2] - persons.uar[1] > 2 * (alone.uar[2] - alone.uar[1])
