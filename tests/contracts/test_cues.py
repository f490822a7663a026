"""What every cue owes."""

from __future__ import annotations

import re

import pytest

from evenface.cues import CUES


@pytest.mark.parametrize("name", CUES)
def test_a_cue_says_what_it_is(name: str) -> None:
    kind = CUES.get(name)
    assert kind.name == name
    assert len(set(kind.channels)) == len(kind.channels) > 0
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", channel) for channel in kind.channels)
    assert kind.version
    assert kind.confidence
    assert kind.size > 0
    assert kind.frames >= 0
