from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.datasets import DATASETS
from evenface.datasets.quality import check
from evenface.datasets.sheet import as_html, data_sheet


def manifest() -> Manifest:
    frame = pl.DataFrame(
        {
            "face": list("abcd"), "image": ["a.png", "b.png", None, "d.png"], "subject": ["p", "p", "q", None],
            "dataset": "made", "region": ["here"] * 4, "split": ["train", "train", "test", None],
            "label": pl.Series([0, 1, 1, None], dtype=pl.Int16), "attr:gender": ["F|x", "M", None, "M"],
            "votes:happy": [3, 0, 2, 0], "votes:sad": [0, 2, 2, 0],
        }
    )  # fmt: skip
    return Manifest(
        frame, LabelSpace.of(["happy", "sad"]), (Attribute("gender", ("F|x", "M"), "estimated"),), ("A note.",)
    )


def test_counts_are_those_of_the_table() -> None:
    text = data_sheet(manifest())
    assert "4 faces, 3 with a picture; 2 people (1 faces without a person); 3 labelled; taken in: here." in text
    assert "| | no split | test | train | all | share |" in text
    assert "| sad | 0 | 1 | 1 | 2 | 50.0 % |" in text and "| no label | 1 | 0 | 0 | 1 | 25.0 % |" in text
    assert "## gender: what a model guessed (estimated)" in text and "| not known | 0 | 0 | 1 | 1 | 25.0 % |" in text
    assert "3 faces have votes, 3 each in the middle. All agree on 66.7 %; more than half agree on 66.7 %." in text
    assert "- A note." in text and "were not looked at" in text
    assert "its maker is to be asked" in text


def test_names_its_source_and_what_was_found(tree: Callable[..., Path]) -> None:
    table = DATASETS.get("jaffe").load(tree(["KA.AN1.39.tiff", "KA.HA1.40.tiff"]))
    text = data_sheet(table, check(table), picture="faces.png")
    assert "## Source: JAFFE" in text and "FG 1998" in text and "2 pictures were looked at." in text
    assert (
        "![Generated faces with these expressions](faces.png)" in text and "less than 32 pixels wide or high: 2" in text
    )


def test_html_is_one_page_that_escapes_what_it_shows() -> None:
    page = as_html(data_sheet(manifest(), title="<b>&", picture="f.png"))
    assert page.startswith("<!doctype html>") and "<title>Data sheet: &lt;b&gt;&amp;</title>" in page
    assert "<td>F|x</td>" in page and '<img alt="Generated faces with these expressions" src="f.png">' in page
    assert "<li>A note.</li>" in page and "<em>These faces are drawn." in page and "|---" not in page
