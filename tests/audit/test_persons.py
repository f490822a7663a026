"""Chance tables where persons are known: each group keeps its labels, and faces of a person hang together."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.audit.cells import Cells, count_cells
from evenface.audit.draws import Exchange
from evenface.audit.persons import same_rates
from evenface.audit.run import audit

Array = NDArray[Any]
Build = Callable[..., Any]


def gap(tables: Array, label: int = 0) -> Array:
    """(draw,) TPR of a label in the first leaf less that in the second."""
    own = tables[:, :, label, :-1]
    share = own[..., label] / own.sum(-1)
    return np.asarray(share[:, 0] - share[:, 1])


def persons_of(rng: np.random.Generator, sizes: Array, first: Array, spread: float, share: Array) -> dict[str, Any]:
    """Columns: two classes, a share of sad (1) in each person; right with a rate of the person's own."""
    person = np.repeat(np.arange(len(sizes)), sizes)
    rate = rng.beta(0.7 / spread, 0.3 / spread, len(sizes)) if spread else np.full(len(sizes), 0.7)
    true = (rng.random(len(person)) < share[person]).astype(int)
    answer = np.where(rng.random(len(person)) < rate[person], true, 1 - true)
    group = np.where(first[person], "a", "b")
    return {"true": true, "answer": answer, "attributes": {"g": group}, "subject": person, "classes": 2}


def some_cells(table: Build, seed: int = 0, spread: float = 2.0) -> Cells:
    rng = np.random.default_rng(seed)
    first = np.arange(60) < 20
    made = persons_of(rng, np.full(60, 6), first, spread, np.where(first, 0.6, 0.2))
    made["answer"] = np.where(rng.random(360) < 0.1, -1, made["answer"])
    return count_cells(table(**made))


@pytest.mark.parametrize(("null", "axis"), [("within_true", 3), ("within_predicted", 2)])
def test_each_leaf_keeps_its_labels_or_answers_and_the_rates_are_everybodys(null: Any, axis: int, table: Build) -> None:
    cells = some_cells(table)
    drawn = Exchange(cells, null).draw(np.random.default_rng(1), 4000).reshape(4000, *cells.counts.shape)
    np.testing.assert_allclose(drawn.sum(axis), np.broadcast_to(cells.counts.sum(axis - 1), drawn.sum(axis).shape))
    assert drawn.min() >= 0
    total = cells.counts.sum(0)
    rates = total / total.sum(axis - 2, keepdims=True)
    wanted = cells.counts.sum(axis - 1, keepdims=True) * rates
    np.testing.assert_allclose(drawn.mean(0), wanted, atol=0.25)


def test_persons_of_one_face_are_faces(table: Build) -> None:
    rng = np.random.default_rng(3)
    first = np.arange(300) < 120
    made = persons_of(rng, np.ones(300, int), first, 0, np.where(first, 0.6, 0.1))
    cells = count_cells(table(**made))
    found = same_rates(cells, cells.units)
    np.testing.assert_allclose(found.gain, np.broadcast_to(np.eye(found.gain.shape[1]), found.gain.shape), atol=1e-6)
    faces = count_cells(table(**{k: v for k, v in made.items() if k != "subject"}))
    one, two = (
        gap(Exchange(c, "within_true").draw(np.random.default_rng(1), 4000).reshape(4000, 2, 2, 3), label=1)
        for c in (cells, faces)
    )
    assert one.std() == pytest.approx(two.std(), rel=0.05)


def test_identical_photos_count_as_one(table: Build) -> None:
    """40 persons of m faces of one label, all read alike: the variance of a rate is that of persons, v (1 - v) / 20."""
    person = np.repeat(np.arange(40), 5)
    answer = (person % 10 < 3).astype(int)
    cells = count_cells(table(0 * person, answer, {"g": np.where(person < 20, "a", "b")}, subject=person, classes=2))
    found = same_rates(cells, cells.units)
    drawn = gap(found.draw(np.random.default_rng(0), 20_000))
    persons = 2 * 0.7 * 0.3 / 20
    # 40 / 39: the variance between persons about their own mean; 39 / 37: that of Student's t.
    assert drawn.var() == pytest.approx(persons * 40 / 39 * 39 / 37, rel=0.04)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_where_persons_could_be_dealt_as_wholes_the_spread_is_the_same(spread: float, table: Build) -> None:
    """The same labels in both groups and persons of one size, so that whole persons may be exchanged."""
    first = np.arange(100) < 40
    made = persons_of(np.random.default_rng(5), np.full(100, 8), first, spread, np.full(100, 0.5))
    made["true"] = np.arange(800) % 2
    cells = count_cells(table(**made))
    rng = np.random.default_rng(1)
    one, two = (Exchange(cells, null).draw(rng, 3000).reshape(3000, 2, 2, 3) for null in ("within_true", "any"))
    for label in (0, 1):
        assert gap(one, label).std() == pytest.approx(gap(two, label).std(), rel=0.08)
    both = [gap(t, 0) + gap(t, 1) for t in (one, two)]  # faces of different labels hang together too
    assert both[0].std() == pytest.approx(both[1].std(), rel=0.08)


def test_the_spread_is_that_of_other_persons_with_the_same_labels(table: Build) -> None:
    """Oracle: persons drawn anew from the population. Group a shows many sad faces a person, group b few."""
    first, rng = np.arange(400) < 200, np.random.default_rng(7)
    share = np.where(first, 0.5, 0.08)
    drawn, wanted = [], []
    for _ in range(60):
        cells = count_cells(table(**persons_of(rng, np.full(400, 6), first, 2.0, share)))
        wanted.append(gap(cells.counts[None].astype(float), 1)[0])
        if len(drawn) < 8:
            drawn.append(gap(same_rates(cells, cells.units).draw(rng, 500), 1).std())
    assert np.mean(drawn) == pytest.approx(np.sqrt(np.mean(np.square(wanted))), rel=0.22)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_groups_that_show_other_expressions_are_not_told_apart_by_their_rates(spread: float, table: Build) -> None:
    """Half of the faces of a are sad, one in twenty of b; errors are the same. Dealing whole persons: p < .05 in .3."""
    first, rng = np.arange(80) < 40, np.random.default_rng(11)
    low = []
    for _ in range(120):
        made = persons_of(rng, np.full(80, 10), first, spread, np.where(first, 0.5, 0.05))
        found = audit(table(**made), metrics=["tpr", "equal_opportunity"], resamples=100, permutations=100, min_rate=1)
        low.append([g["p"] < 0.05 for g in found.data["gaps"] if g["metric"] in ("tpr[happy]", "equal_opportunity")])
    assert (np.mean(low, axis=0) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)).all()
