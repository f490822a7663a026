"""Persons who are seen in several leaves stay whole, whatever the leaves are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.audit.cells import Cells, count_cells, make_groups
from evenface.audit.draws import Exchange
from evenface.audit.run import audit
from evenface.audit.sums import CountSums, keep_possible, margin_map

Array = NDArray[Any]
Build = Callable[..., Any]


def of_groups(drawn: Array, cells: Cells, by: str) -> Array:
    """(draw, group, true, answer) of one grouping."""
    groups = make_groups(cells, 1)
    member = groups.member[groups.spans[by]].astype(float)
    return np.asarray(member @ drawn.reshape(len(drawn), len(cells.counts), -1)).reshape(
        len(drawn), len(member), *cells.counts.shape[1:]
    )


def test_what_is_constant_within_persons_is_dealt_among_persons(table: Build) -> None:
    """Person k shows 2^k faces, all read alike, in many lights, so a gender's numbers tell which persons it got."""
    person = np.repeat(np.arange(4), [1, 2, 4, 8])
    attributes = {"g": np.where(person < 2, "a", "b"), "light": np.arange(15) % 5}
    cells = count_cells(table(person % 2, person // 2, attributes, subject=person, classes=2))
    drawn = of_groups(Exchange(cells).draw(np.random.default_rng(0), 200), cells, "g")
    assert (np.sort(np.unique(drawn)) == [0, 1, 2, 4, 8]).all()
    assert ((drawn > 0).sum((2, 3)) == 2).all()


def test_what_varies_within_persons_is_dealt_within_them(table: Build) -> None:
    """Each person has three photos in each of two lights, those of one light alike: lights are swapped, or not."""
    person, light = np.repeat(np.arange(30), 6), np.tile(np.repeat([0, 1], 3), 30)
    answer = (person + light) % 2  # of the three, all are right in one light and none in the other
    cells = count_cells(table(0 * person, answer, {"light": light}, subject=person, classes=2))
    drawn = of_groups(Exchange(cells).draw(np.random.default_rng(0), 2000), cells, "light")
    assert (drawn.sum((2, 3)) == 90).all()
    right = drawn[:, 0, 0, 0] / 3
    assert (right % 1 == 0).all()
    assert right.mean() == pytest.approx(15, abs=0.2)
    assert right.var() == pytest.approx(30 / 4, rel=0.12)


def test_faces_are_divided_as_those_of_others_are(table: Build) -> None:
    """A group's share is on average that of a person; persons of as many faces keep its size."""
    rng = np.random.default_rng(2)
    for own in (np.full(40, 8), rng.integers(1, 12, 40)):
        person, n = np.repeat(np.arange(40), own), own.sum()
        light = rng.choice(3, n, p=[0.8, 0.15, 0.05])
        attributes = {"g": np.where(person % 3 == 0, "a", "b"), "light": light}
        cells = count_cells(table(rng.integers(0, 2, n), rng.integers(0, 2, n), attributes, subject=person))
        drawn = of_groups(Exchange(cells).draw(np.random.default_rng(0), 1500), cells, "light").sum((2, 3))
        share = np.stack([np.bincount(person, weights=light == k) for k in range(3)], axis=1) / own[:, None]
        np.testing.assert_allclose(drawn.mean(0), n * share.mean(0), atol=0.4)
        assert (drawn.sum(1) == n).all()
        assert (drawn.std(0) > 0).all() == (own.std() > 0)


@pytest.mark.parametrize(("null", "axis"), [("within_true", 3), ("within_predicted", 2)])
def test_each_leaf_keeps_its_labels_or_answers_and_the_rates_are_everybodys(null: Any, axis: int, table: Build) -> None:
    rng = np.random.default_rng(3)
    person, true, answer = np.arange(240) // 6, rng.integers(0, 2, 240), rng.integers(-1, 2, 240)
    attributes = {"g": np.where(person < 15, "a", "b"), "light": rng.choice(["x", "y"], 240)}
    cells = count_cells(table(true, answer, attributes, subject=person))
    drawn = Exchange(cells, null).draw(np.random.default_rng(1), 4000).reshape(4000, *cells.counts.shape)
    np.testing.assert_allclose(drawn.sum(axis), np.broadcast_to(cells.counts.sum(axis - 1), drawn.sum(axis).shape))
    rates = cells.counts.sum(0) / cells.counts.sum((0, axis - 1), keepdims=True)[0]
    np.testing.assert_allclose(drawn.mean(0), cells.counts.sum(axis - 1, keepdims=True) * rates, atol=0.25)


def test_identical_photos_in_many_lights_count_as_one(table: Build) -> None:
    """40 persons, ten photos each, all read alike: a rate varies as that of persons, whatever the lights."""
    person = np.repeat(np.arange(40), 10)
    answer = (person % 10 < 3).astype(int)
    attributes = {"g": np.where(person < 20, "a", "b"), "light": np.arange(400) % 10}
    cells = count_cells(table(0 * person, answer, attributes, subject=person, classes=2))
    drawn = of_groups(Exchange(cells, "within_true").draw(np.random.default_rng(0), 20_000), cells, "g")
    rate = drawn[:, :, 0, 1] / 200
    # 39 / 37: Student's t is wider than a normal law.
    assert (rate[:, 0] - rate[:, 1]).var() == pytest.approx(2 * 0.7 * 0.3 / 20 * 39 / 37, rel=0.04)
    by_light = of_groups(Exchange(cells, "within_true").draw(np.random.default_rng(0), 50), cells, "light")[..., 1]
    np.testing.assert_allclose(by_light, np.broadcast_to(by_light[:, :1], by_light.shape), atol=1e-9)


def test_lights_do_not_make_genders_differ(table: Build) -> None:
    """No difference; persons read all right or all wrong, one photo per light. Parts of persons: p < .05 in half."""
    rng, person = np.random.default_rng(11), np.repeat(np.arange(40), 10)
    attributes = {"g": np.where(person < 20, "a", "b"), "light": np.arange(400) % 10}
    low = []
    for seed in range(80):
        true = rng.integers(0, 2, 400)
        answer = np.where(rng.random(40)[person] < 0.7, true, 1 - true)
        found = audit(
            table(true, answer, attributes, subject=person),
            metrics=["accuracy", "tpr", "precision"],
            seed=seed,
            cross=1,
            resamples=100,
            permutations=100,
        )
        mine = [g["p"] for g in found.data["gaps"] if g["by"] == "g" and g["kind"] == "difference"]
        low.append(np.array(mine) < 0.05)
    assert (np.mean(low, axis=0) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)).all()


def test_sums_that_no_faces_can_have_become_the_nearest_that_they_can() -> None:
    margins = np.array([[-1.0, 5.0, -2.0, 4.0, -1.0, 9.0, 6.0]])  # hits, labelled, read, faces of two classes
    keep_possible(margins)
    assert margins.tolist() == [[0.0, 4.0, 0.0, 4.0, 0.0, 4.0, 6.0]]
    counts = np.random.default_rng(0).integers(0, 4, (5, 3, 4))
    real = counts.reshape(5, -1) @ margin_map(3, float)
    kept = real.copy()
    keep_possible(kept)
    assert (kept == real).all()
    assert (kept[:, :3] == CountSums(counts).hits).all()
