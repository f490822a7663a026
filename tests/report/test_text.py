from __future__ import annotations

from evenface.report.text import clean, interval, listing, number, p_phrase, p_value, short_levels


def test_numbers_are_written_without_lies() -> None:
    assert (number(None), number(0.12349), number(-0.5, 1)) == ("–", "0.123", "−0.5")
    assert (p_value(None), p_value(0.0009), p_value(0.0321)) == ("–", "< 0.001", "0.032")
    assert interval({"low": None, "high": 1.0}) == "–"
    assert (listing([]), listing(["a"]), listing(["a", "b", "c"])) == ("", "a", "a, b and c")


def test_hidden_characters_become_visible() -> None:
    assert clean("a\u202eb\x1b[31m\nc") == "a\\u202eb\\u001b[31m c"


def test_a_short_name_keeps_something_of_each_level() -> None:
    short = short_levels(["Female", "x" * 60], 24)
    assert short.startswith("Female · xx")
    assert short.endswith("…")
    assert len(short) <= 24


def test_a_p_is_never_nothing() -> None:
    assert (p_phrase(0.0), p_phrase(0.5), p_phrase(None)) == ("p < 0.001", "p = 0.5", "p = –")
