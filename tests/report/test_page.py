from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evenface.report import write

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(audit: dict[str, Any], folder: Path) -> tuple[str, Reader]:
    page = write(audit, folder, ["html"])[0].read_text("utf-8")
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return page, reader


def test_the_page_holds_itself_and_asks_no_network(big: dict[str, Any], tmp_path: Path) -> None:
    page, reader = read(big, tmp_path)
    assert len(page) < 1_500_000
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert not any(name in attrs for _, attrs in reader.tags for name in ("src", "href", "onclick", "onload"))
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_can_be_read_without_eyes(big: dict[str, Any], tmp_path: Path) -> None:
    _, reader = read(big, tmp_path)
    counts = {tag: sum(t == tag for t, _ in reader.tags) for tag in ("table", "caption", "h1", "svg")}
    assert counts["h1"] == 1
    assert counts["table"] == counts["caption"] > 5
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for tag, attrs in reader.tags if tag == "svg")
    assert all("scope" in attrs for tag, attrs in reader.tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    identities = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(set(identities)) == len(identities)


def test_sections_come_in_order(big: dict[str, Any], tmp_path: Path) -> None:
    _, reader = read(big, tmp_path)
    order = [attrs["id"] for tag, attrs in reader.tags if tag == "h2"]
    assert order == [
        "audited",
        "summary",
        "verdicts",
        "groups",
        "crossed",
        "confusions",
        "calibration",
        "estimated",
        "all",
        "methods",
        "limits",
        "again",
    ]


def test_hostile_names_stay_text(tmp_path: Path, renamed: Callable[[str], dict[str, Any]]) -> None:
    hostile = "</style></svg></title><script>alert(1)</script>\"'{{7*7}}\u202e\x00&amp;"
    audit = renamed(hostile)
    audit["input"]["source"] = audit["warnings"][0]["message"] = audit["notes"][0] = audit["flows"][0]["words"] = (
        hostile
    )
    page, reader = read(audit, tmp_path)
    assert not any(tag == "script" for tag, _ in reader.tags)
    assert "{{7*7}}" in page
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "&amp;amp;" in page


@pytest.mark.parametrize("empty", ["warnings", "notes", "flows", "estimated"])
def test_a_part_without_data_leaves_no_hole(audit: dict[str, Any], tmp_path: Path, empty: str) -> None:
    audit[empty] = []
    read(audit, tmp_path)


def test_no_scores_no_calibration(audit: dict[str, Any], tmp_path: Path) -> None:
    audit["input"]["scores"] = False
    for group in audit["groups"]:
        group["calibration"] = None
    page, _ = read(audit, tmp_path)
    assert 'id="calibration"' not in page


def test_everything_undefined_still_gives_a_page(audit: dict[str, Any], tmp_path: Path) -> None:
    nothing = {"low": None, "high": None, "value": None, "undefined": "no faces"}
    for record in [*audit["gaps"], *(m for g in [audit["overall"], *audit["groups"]] for m in g["metrics"].values())]:
        record |= {
            k: None for k in record if k in ("low_simultaneous", "chance_95", "p_adjusted", "p_holm", "best", "worst")
        } | nothing
    for record in audit["worst"]:
        record |= {"group": None, "probability": None, "runner_up": None, "undefined": "no faces"}
    page, _ = read(audit, tmp_path)
    assert "too little data to tell" in page
    assert "NaN" not in page
    assert ">None<" not in page
