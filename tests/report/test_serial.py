from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from evenface.report import to_json_bytes


def test_same_audit_same_bytes_and_back(big: dict[str, Any]) -> None:
    made = to_json_bytes(big)
    assert made == to_json_bytes(json.loads(made))
    assert json.loads(made) == big
    assert list(json.loads(made)) == list(big)
    assert made.endswith(b"}\n")


def test_floats_keep_twelve_digits_and_the_undefined_is_null() -> None:
    made = json.loads(
        to_json_bytes(
            {"a": 1 / 3, "b": float("nan"), "c": [float("inf"), -0.0], "d": np.float64(0.1) * 3, "e": np.arange(2)}
        )
    )
    assert made == {"a": 0.333333333333, "b": None, "c": [None, 0.0], "d": 0.3, "e": [0, 1]}
    assert b"-0.0" not in to_json_bytes({"c": -0.0})


def test_big_integers_and_booleans_stay_what_they_are() -> None:
    assert to_json_bytes({"n": 2**70, "yes": True}) == b'{\n "n": 1180591620717411303424,\n "yes": true\n}\n'


def test_a_lone_surrogate_gives_valid_json() -> None:
    assert json.loads(to_json_bytes({"a": "x\ud800"})) == {"a": "x\ud800"}


def test_what_json_cannot_say_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="cannot hold a set"):
        to_json_bytes({"a": {1}})
