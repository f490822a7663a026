"""Draws, tests and Shapley values against brute force, closed forms and a peer."""

from itertools import permutations, product

import numpy as np
import pytest

from evenface.fusion.intervals import Tally, interval, shapley


def tally(models: int = 2, seeds: int = 2, people: int = 40) -> Tally:
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 4, (seeds, people)).astype(float)
    return Tally(rng.binomial(faces.astype(int), 0.7, (models, seeds, people)).astype(float), faces)


def test_accuracy_is_the_share_of_right_answers_over_all_seeds() -> None:
    found = tally()
    assert found.accuracy == pytest.approx(found.hits.sum((1, 2)) / found.faces.sum())


def test_an_empty_tally_is_undefined() -> None:
    assert np.isnan(Tally(np.zeros((1, 1, 2)), np.zeros((1, 2))).accuracy).all()
    assert interval(np.array([np.nan])) == (None, None)


def test_draws_spread_as_independent_persons_do() -> None:
    people = 200
    hits = np.random.default_rng(1).binomial(1, 0.7, (1, 1, people)).astype(float)
    draws = Tally(hits, np.ones((1, people))).draws(4000, 0)
    share = hits.mean()
    assert draws.mean() == pytest.approx(share, abs=0.005)
    assert draws.std() == pytest.approx((share * (1 - share) / people) ** 0.5, rel=0.1)


def test_models_of_one_region_see_the_same_draws() -> None:
    one = tally(models=1)
    twice = Tally(np.concatenate([one.hits, one.hits]), one.faces).draws(50, 0)
    assert np.array_equal(twice[:, 0], twice[:, 1])


def test_flipped_signs_give_the_exact_p_value() -> None:
    rng = np.random.default_rng(3)
    hits = rng.binomial(3, 0.6, (2, 1, 8)).astype(float)
    apart = (hits[0] - hits[1]).sum(0)
    every = [abs(np.dot(signs, apart)) for signs in product([-1, 1], repeat=8)]
    exact = np.mean(np.array(every) >= abs(apart.sum()) - 1e-9)
    assert Tally(hits, np.full((1, 8), 3.0)).flips([(0, 1)], 20_000, 0)[0] == pytest.approx(exact, abs=0.015)


def test_models_that_are_alike_are_never_apart() -> None:
    found = tally(models=1)
    same = Tally(np.concatenate([found.hits, found.hits]), found.faces)
    assert same.flips([(0, 1)], 100, 0) == pytest.approx(1)


def test_shapley_is_the_mean_over_orders_of_what_a_cue_adds() -> None:
    cues = ["a", "b", "c", "d"]
    rng = np.random.default_rng(0)
    subsets = [frozenset(c for c, bit in zip(cues, bits, strict=True) if bit) for bits in product([0, 1], repeat=4)]
    values = {subset: rng.random(3) for subset in subsets}
    slow = np.zeros((4, 3))
    orders = list(permutations(cues))
    for order in orders:
        for place, cue in enumerate(order):
            before = frozenset(order[:place])
            slow[cues.index(cue)] += (values[before | {cue}] - values[before]) / len(orders)
    fast = shapley(cues, values)
    assert fast == pytest.approx(slow)
    assert fast.sum(0) == pytest.approx(values[frozenset(cues)] - values[frozenset()])
