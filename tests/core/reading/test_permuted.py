import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from evenface.core.reading.permuted import best_assignment, permuted_classes

NAMES = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
RAF_SHARES = np.array([1290, 281, 717, 4772, 1982, 705, 2524]) / 12271  # Li et al. 2017, training part


def confusion(rng, faces, strength, shares, bias=0.0, collapse=False):
    """Answers of a model that scores each class with symmetric likeness, a bias per class, and noise."""
    true = rng.choice(7, faces, p=shares)
    likeness = rng.normal(0, 0.5, (7, 7))
    likeness = (likeness + likeness.T) / 2
    np.fill_diagonal(likeness, strength)
    answer = (likeness[true] + rng.gumbel(size=(faces, 7)) + rng.normal(0, bias, 7)).argmax(1)
    if collapse:
        lost, into = rng.choice(7, 2, replace=False)
        answer[answer == lost] = into
    table = np.zeros((7, 7), int)
    np.add.at(table, (true, answer), 1)
    return table


@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60)
def test_assignment_is_the_best_one(size, seed, counts):
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 9, (size, size)).astype(float) if counts else rng.normal(size=(size, size))
    found = best_assignment(weights)
    rows, columns = linear_sum_assignment(-weights)
    assert sorted(found) == list(range(size))
    assert weights[range(size), found].sum() == pytest.approx(weights[rows, columns].sum())


def test_no_false_alarm_on_honest_weak_models():
    rng = np.random.default_rng(0)
    for shares in (RAF_SHARES, np.full(7, 1 / 7)):
        for _ in range(300):
            faces, bias = int(rng.choice([200, 1000, 3488])), rng.choice([0, 0.5, 1, 2])
            table = confusion(rng, faces, rng.uniform(1.2, 5), shares, bias, collapse=rng.random() < 0.4)
            assert permuted_classes(table, NAMES) == ()


def test_a_planted_swap_is_found_from_200_rows():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        table = confusion(rng, 200, 4.0, np.full(7, 1 / 7))
        a, b = rng.choice(7, 2, replace=False)
        order = np.arange(7)
        order[[a, b]] = b, a
        cycles = permuted_classes(table[:, order], NAMES)
        found += [set(cycle.classes) for cycle in cycles] == [{NAMES[a], NAMES[b]}]
    assert found >= 198


def test_longer_cycles_are_named_in_order():
    table = np.eye(7, dtype=int) * 50
    (cycle,) = permuted_classes(table[:, [1, 2, 0, 3, 4, 5, 6]], NAMES)
    assert set(cycle.classes) == {"surprise", "fear", "disgust"}
    assert (cycle.moved, cycle.kept) == (150, 0)
    assert "passed round" in str(cycle)


def test_collapse_is_no_permutation():
    table = np.diag([100] * 7)
    table[1] = 0
    table[1, 0] = 100
    assert permuted_classes(table, NAMES) == ()
    assert permuted_classes(np.zeros((7, 7)), NAMES) == ()


@given(st.permutations(range(7)), st.integers(0, 1000))
@settings(max_examples=30)
def test_renaming_classes_renames_the_finding(order, seed):
    rng = np.random.default_rng(seed)
    table = confusion(rng, 400, 4.0, RAF_SHARES)[:, [1, 0, 2, 3, 4, 5, 6]]
    renamed = permuted_classes(table[np.ix_(order, order)], [NAMES[i] for i in order])
    assert {frozenset(c.classes) for c in renamed} == {frozenset(c.classes) for c in permuted_classes(table, NAMES)}
