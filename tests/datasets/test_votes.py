from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError
from evenface.datasets.votes import entropy, majority, soft_labels

VOTES = pl.DataFrame({"votes:happy": [6, 5, 0, 2], "votes:sad": [2, 3, 0, 2], "votes:unknown": [2, 2, 0, 6]})


def test_majority_takes_more_than_half_of_all_votes() -> None:
    got = VOTES.select(majority(VOTES.columns, ["happy", "sad", None])).to_series().to_list()
    assert got == ["happy", None, None, None]
    looser = VOTES.select(majority(VOTES.columns[:2], ["happy", "sad"])).to_series().to_list()
    assert looser == ["happy", "happy", None, None]


def test_entropy_by_hand() -> None:
    got = VOTES.select(entropy(["votes:happy", "votes:sad"]).alias("e"))["e"].to_list()
    assert got[0] == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert got[2] is None and got[3] == pytest.approx(math.log(2))


def test_soft_labels_sum_to_one_or_are_undefined() -> None:
    soft = soft_labels(VOTES, ["sad", "happy"])
    assert soft[0].tolist() == [0.25, 0.75] and np.isnan(soft[2]).all() and soft.dtype == np.float32
    with pytest.raises(InputError, match="votes:fear; votes there are: votes:happy"):
        soft_labels(VOTES, ["fear"])
