"""Persons: the same seed is the same person, others differ, and none leaves the range of plausible heads."""

import numpy as np

from evenface.synthesis.head import load_head
from evenface.synthesis.identity import SPREADS, local_changes, trait

PEOPLE = np.arange(2000.0)


def test_a_person_is_the_same_alone_and_in_company() -> None:
    together = local_changes(PEOPLE, np.ones(len(PEOPLE)))
    alone = local_changes(PEOPLE[7:8], np.ones(1))
    assert (together[7] == alone[0]).all()
    assert trait("parting", PEOPLE)[7] == trait("parting", PEOPLE[7:8])[0]


def test_changes_are_shares_of_what_is_modelled_and_opposites_exclude_each_other() -> None:
    changes = local_changes(PEOPLE, np.ones(len(PEOPLE)))
    names = load_head().local_names
    assert changes.min() >= 0
    assert changes.max() <= 2.5 * max(SPREADS.values()) + 1e-12
    down, up = names.index("nose-point-down"), names.index("nose-point-up")
    assert (np.minimum(changes[:, down], changes[:, up]) == 0).all()
    signed = changes[:, up] - changes[:, down]
    assert abs(signed.mean()) < 0.03 and abs(signed.std() / SPREADS["nose"] - 1) < 0.06


def test_without_distinctness_all_are_the_mean_head() -> None:
    assert not local_changes(PEOPLE, np.zeros(len(PEOPLE))).any()


def test_what_is_set_is_not_drawn() -> None:
    names = load_head().local_names
    changes = local_changes(PEOPLE, np.ones(len(PEOPLE)))
    for name, index in ((n, i) for i, n in enumerate(names)):
        if name.startswith(("head-age", "head-fat", "eye-epicanthus")):
            assert not changes[:, index].any(), name


def test_people_differ() -> None:
    changes = local_changes(PEOPLE[:50], np.ones(50))
    assert len(np.unique(changes.round(6), axis=0)) == 50
