"""Who is in which part, and attributes dealt to other persons: what the chance level of a probe rests on.

Persons are dealt, not faces, since two photos of one person are no two witnesses. Strata (the expressions, say) keep
what they hold: within each, the same values are dealt again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import SettingsError

LEAST_PERMUTATIONS = 39  # of 40 values alike, one in 40 is the largest: the upper end of a band of 95 %
Ints = NDArray[np.int64]


def enough(permutations: int) -> None:
    """Refuse too few permutations for a band of 95 %.

    Raises:
        SettingsError: They are too few.
    """
    if permutations < LEAST_PERMUTATIONS:
        raise SettingsError(
            f"permutations is {permutations}; a band of 95 % needs {LEAST_PERMUTATIONS} at least, better 200."
        )


def parts(people: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Give each face one of `count` parts (face,), all faces of a person the same, without regard to any attribute.

    Args:
        people: (face,) index of the person shown.
        count: How many parts.
        rng: Deals the persons.
    """
    there, at = np.unique(people, return_inverse=True)
    return np.asarray(rng.permutation(len(there)) % count)[at]


def shuffled(codes: Ints, people: Ints, strata: Ints, draws: int, rng: np.random.Generator) -> Ints:
    """Deal an attribute to other persons, (face, draw).

    Within each stratum a person gets the values of another one there, in random order, and those again where there are
    more faces than values. In one draw, one random order of all persons is used in every stratum, so that who gets
    a high value under one expression gets one under the others: made-up attributes belong to persons, as real ones do.

    Args:
        codes: (face,) the attribute: an index of its level, or a number's rank.
        people: (face,) index of the person.
        strata: (face,) within which values are dealt.
        draws: How often.
        rng: Deals.

    Returns:
        (face, draw) places of the faces whose values are taken: `codes[shuffled(...)]` are the dealt values.
    """
    taken = np.empty((len(codes), draws), np.int64)
    order = rng.random((people.max(initial=-1) + 1, draws))
    for stratum in np.unique(strata):
        faces = np.flatnonzero(strata == stratum)
        there, at, sizes = np.unique(people[faces], return_inverse=True, return_counts=True)
        by_person = np.argsort(at, kind="stable")
        starts = np.cumsum(sizes) - sizes
        place = np.empty(len(faces), np.int64)  # of each face among those of its person
        place[by_person] = np.arange(len(faces)) - np.repeat(starts, sizes)
        least = np.minimum.reduceat(codes[faces][by_person], starts)
        givers = np.argsort(least, kind="stable")
        rank = np.argsort(np.argsort(order[there], axis=0), axis=0)
        giver = givers[rank][at]  # (face, draw)
        # A person's values in an order of their own in each draw: else faces sorted by value would keep it.
        mixed = by_person[np.argsort(at[by_person][:, None] + rng.random((len(faces), draws)), axis=0)]
        source = starts[giver] + place[:, None] % sizes[giver]
        taken[faces] = faces[np.take_along_axis(mixed, source, axis=0)]
    return taken
