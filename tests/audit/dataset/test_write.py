import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from evenface.audit.dataset import dataset_bias, write_result
from evenface.audit.dataset.markdown import safe, to_markdown
from evenface.audit.dataset.picture import data_set_picture
from evenface.audit.dataset.tables import tables
from evenface.audit.dataset.words import link_words, p_text, percent

Faces = Callable[..., pl.DataFrame]
FEW = {"resamples": 200, "permutations": 200}


def test_everything_is_written_once(faces: Faces, tmp_path: Path) -> None:
    result = dataset_bias(faces(300), ["gender", "race"], **FEW)
    written = write_result(result, tmp_path / "new" / "folder")
    assert [path.name for path in written] == [f"dataset_bias.{kind}" for kind in ("json", "md", "svg", "png")]
    assert json.loads(written[0].read_text(encoding="utf-8")) == result
    assert "![dataset" in written[1].read_text(encoding="utf-8")
    assert "<svg" in written[2].read_text(encoding="utf-8") and written[3].read_bytes().startswith(b"\x89PNG")


def test_several_data_sets_get_a_picture_each_and_one_of_their_similarity(faces: Faces, tmp_path: Path) -> None:
    result = dataset_bias([faces(300, s) for s in range(3)], ["race"], names=["a/b", "..", "c"], **FEW)
    names = {path.name for path in write_result(result, tmp_path) if path.suffix == ".svg"}
    assert names == {
        "dataset_bias_1_a_b.svg",
        "dataset_bias_2_...svg",
        "dataset_bias_3_c.svg",
        "dataset_bias_similarity.svg",
    }
    assert {path.parent for path in tmp_path.rglob("*")} == {tmp_path}
    assert "similarity of data sets (DSAP): race" in [table.title for table in tables(result)]


def test_names_from_the_data_cannot_become_markup(faces: Faces) -> None:
    nasty = faces(300).with_columns(pl.col("race").replace({"Black": "<script>|x`*[y](z)"}))
    text = to_markdown(dataset_bias(nasty, ["race"], **FEW))
    assert "<script>" not in text and "&lt;script&gt;\\|x\\`\\*\\[y\\](z)" in text
    assert safe("a\nb") == "a b"


def test_rows_of_tables_fit_their_heads(faces: Faces) -> None:
    for tables_given in ([faces(300)], [faces(300, 1), faces(300, 2)], [faces(300, s) for s in range(3)]):
        shown = tables(dataset_bias(tables_given, ["gender", "race"], cross=2, **FEW))
        assert shown and all(len(row) == len(table.columns) for table in shown for row in table.rows)


def test_picture_without_a_label_has_bars_only(faces: Faces) -> None:
    result = dataset_bias(faces(300).drop("label"), ["race"], **FEW)
    rows = data_set_picture(result["datasets"][0])["vconcat"]
    assert [len(row["hconcat"]) for row in rows] == [1]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.004, "0.4 %"), (0.38, "38 %"), (0.9983, "99.8 %"), (0.99999, "99.9 %"), (1, "100 %"), (None, "–")],
)
def test_percent_never_rounds_to_all_or_nothing(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_a_link_that_correction_takes_away_is_told_without_contradiction() -> None:
    link = {"value": 0.12, "chance_95": 0.112, "p": 0.03, "p_holm": 0.09, "undefined": None}
    entry = {"by": "race", "label": "label", "estimated": False, "metrics": {"cramers_v": link}}
    entry |= {"cells": [], "groups": []}
    assert link_words(entry, 3) == (
        "race and label: Cramér's V 0.120; chance alone stays below 0.112 in 95 of 100 draws. More than that if looked "
        "at alone (p = 0.03), but no more than chance may give (p = 0.09 after correction for 3 groupings); that does "
        "not show independence."
    )
    entry["metrics"] = {"cramers_v": link | {"p": 0.3, "p_holm": 0.3, "value": 0.05}}
    assert "draws. No more than chance may give (p = 0.3); that" in link_words(entry, 1)
    entry["metrics"] = {"cramers_v": link | {"p": 0.01, "p_holm": 0.03}}
    assert link_words(entry, 3).endswith("in 95 of 100 draws (p = 0.03 after correction for 3 groupings).")


def test_p_text() -> None:
    assert [p_text(p) for p in (0.034, 1e-9, None)] == ["p = 0.034", "p < 0.0001", "p not known"]
