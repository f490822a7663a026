from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evenface.report import markdown
from evenface.report.words import Findings

HOSTILE = "a|b`c\n[x](http://evil.example)<b>*_#\x1b[31m[bold red]"


def test_markdown_tables_keep_their_columns(renamed: Callable[[str], dict[str, Any]]) -> None:
    text = markdown.render(Findings(renamed(HOSTILE)))
    lines = text.split("\n")
    table = [line for line in lines if line.startswith("|")]
    bars = [line.replace("\\|", "").count("|") for line in table]
    widths = {10, 7, 6}  # nine columns of verdicts, six of groups, five of estimated attributes
    assert set(bars) == widths
    assert "<b>" not in text
    assert "[x](" not in text
    assert "\x1b" not in text


def test_markdown_has_its_parts(big: dict[str, Any]) -> None:
    text = markdown.render(Findings(big))
    for part in (
        "# Audit of",
        "## Is a gap larger",
        "## Groups",
        "## Which errors differ",
        "## How the numbers",
        "## Limits",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("age=0-19 (60 %)", "age=0-19 (60 %)"),
        ("# big", "\\# big"),
        ("0.75", "0.75"),
        ("1. one", "1\\. one"),
        ("- item", "\\- item"),
        ("![x](y)", "!\\[x\\](y)"),
        ("> a & b\n| c", "&gt; a &amp; b \\| c"),
        ("$x$ ~y~ www.a.b http://c @d", "\\$x\\$ \\~y\\~ www&#46;a.b http:&#47;/c &#64;d"),
    ],
)
def test_text_means_only_itself(text: str, safe: str) -> None:
    assert markdown.escape(text) == safe
