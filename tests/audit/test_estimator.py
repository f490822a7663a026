from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenface.audit.estimator import read_estimator
from evenface.core.errors import InputError, SettingsError

LEVELS = ("F", "M")
RATES = {"F": {"F": 0.9, "M": 0.1}, "M": {"F": 0.3, "M": 0.7}}


def test_every_form_gives_the_same_rates(tmp_path: Path) -> None:
    expected = np.array([[0.9, 0.1], [0.3, 0.7]])
    counts = {"F": {"F": 90, "M": 10}, "M": {"M": 140, "F": 60}}
    (tmp_path / "rates.csv").write_text("race,M,F\nF,0.1,0.9\nM,0.7,0.3\n")
    (tmp_path / "counts.csv").write_text("race,F,M\nM,60,140\nF,90,10\n")
    for given in (RATES, counts, str(tmp_path / "rates.csv"), tmp_path / "counts.csv"):
        found = read_estimator("gender", LEVELS, given)
        np.testing.assert_allclose(found.matrix, expected)
        assert (found.counts is not None) == ("counts" in str(given) or given is counts)
    assert read_estimator("gender", LEVELS, counts).counts.tolist() == [[90, 10], [60, 140]]  # type: ignore[union-attr]


def test_a_share_spreads_errors_evenly() -> None:
    found = read_estimator("race", ("a", "b", "c"), "0.7")
    np.testing.assert_allclose(found.matrix, [[0.7, 0.15, 0.15], [0.15, 0.7, 0.15], [0.15, 0.15, 0.7]])


def test_an_estimated_level_may_be_left_out_where_it_never_happens() -> None:
    found = read_estimator("gender", LEVELS, {"F": {"F": 1}, "M": {"F": 0.3, "M": 0.7}})
    np.testing.assert_allclose(found.matrix, [[1, 0], [0.3, 0.7]])


def test_levels_are_text(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("age,007,10\n007,0.8,0.2\n10,0.1,0.9\n")
    assert read_estimator("age", ("007", "10"), tmp_path / "r.csv").matrix[0, 0] == 0.8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0.4, "between chance"),
        (1.2, "got 1.2"),
        (float("nan"), "got nan"),
        (None, "expected a share such as 0.72"),
        ([0.9], "expected a share such as 0.72"),
        ({"F": 0.9, "M": 0.9}, "expected a share such as 0.72"),
        ({"F": {"F": 0.9, "M": 0.1}}, "Not there: M"),
        (RATES | {"m": {"F": 1}}, r"Unknown: 'm'\. Did you mean 'M'\?"),
        ({"F": {"F": 0.9, "M": 0.3}, "M": {"F": 0.1, "M": 0.7}}, "is the table turned"),
        ({"F": {"F": 0.9, "M": 0.3}, "M": {"F": 0.3, "M": 0.7}}, r"sum to one.* F \(1\.2\)"),
        ({"F": {"F": 90, "M": 10}, "M": {"F": 0.3, "M": 0.7}}, "or all be counts"),
        ({"F": {"F": 1.1, "M": -0.1}, "M": {"F": 0.3, "M": 0.7}}, r"for F \("),
        ({"F": {}, "M": {"M": 1}}, r"for F \(0\)"),
        ({"F": {"F": "x"}, "M": {"M": 1}}, "expected numbers"),
        ({"F": {"F": float("nan"), "M": 1}, "M": {"M": 1}}, "sum to one"),
        ({"F": {"F": 0.5, "M": 0.5}, "M": {"F": 0.5, "M": 0.5}}, "say too little of the truth.* Merge levels"),
        ({"F": {"F": 0.51, "M": 0.49}, "M": {"F": 0.49, "M": 0.51}}, "condition number 50, at most 20"),
    ],
)
def test_faults_are_told(given: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as fault:
        read_estimator("gender", LEVELS, given)
    assert "'gender'" in str(fault.value)


@pytest.mark.parametrize(
    "content", [None, b"", b"a,F,M\nF,0.9,0.1\nF,0.2,0.8\n", b"a,F,M\n,1,0\nM,0,1\n", b"a,F\n1,2,3\n"]
)
def test_files_that_are_no_such_table(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"rates\.csv"):
        read_estimator("gender", LEVELS, path)
