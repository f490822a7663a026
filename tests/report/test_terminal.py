from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from evenface.report import markdown, terminal
from evenface.report.words import Findings


def shown(audit: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(terminal.render(audit))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_terminal_fits_80_columns_and_gives_each_verdict(big: dict[str, Any]) -> None:
    text = shown(big)
    assert max(map(len, text.splitlines())) <= 80
    found = Findings(big)
    for key, words in (
        ("larger", "▲ larger than chance"),
        ("within", "○ within chance"),
        ("unclear", "? too little data"),
    ):
        assert text.count(words) == sum(found.judge(gap).key == key for gap in found.headline_gaps)
    assert "groups of race × age have fewer than 50" in text


def test_the_terminal_reads_no_markup_and_no_escape_codes(audit: dict[str, Any]) -> None:
    audit["warnings"][0]["message"] = "[bold red]x[/nonsense] \x1b[2J"
    text = shown(audit)
    assert "[bold red]x[/nonsense] \\u001b[2J" in text
    assert "\x1b" not in text


def test_all_three_say_the_same_sentences(big: dict[str, Any]) -> None:
    sentence = Findings(big).summary()[1]
    assert sentence in markdown.render(Findings(big))
    assert sentence in shown(big, 200)
