from __future__ import annotations

import pytest

from evenface.report.svg import DARK, LIGHT, RULES, Scale, cut, escape, stylesheet


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.72, 0.79), (-3.2, 118), (0.001, 0.0013)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(low, high, 0, 100).ticks()
    assert 2 <= len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)


def test_cut_keeps_short_text() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_letters_stand_out_from_paper_and_band(theme: dict[str, str]) -> None:
    for ink in ("ink", "muted", "blue", "orange"):
        for ground in ("paper", "band"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


def test_a_stylesheet_has_each_class_and_no_open_colour() -> None:
    css = stylesheet(".chart", LIGHT)
    assert all(f".chart .{name}{{" in css for name in RULES)
    assert "{ink}" not in css


def test_escape_leaves_nothing_that_xml_refuses() -> None:
    assert escape('<a b="c">\x00&') == "&lt;a b=&quot;c&quot;&gt;\\u0000&amp;"
