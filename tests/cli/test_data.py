import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

Run = Callable[..., Any]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    male = rng.random(600) < 0.4
    path = tmp_path / "faces.csv"
    pl.DataFrame(
        {
            "gender": np.where(male, "[red]M", "F"),
            "age": rng.integers(1, 90, 600),
            "label": np.where(rng.random(600) < np.where(male, 0.5, 0.1), "angry", "happy"),
        }
    ).write_csv(path)
    return path


FEW = ("--resamples", 200, "--permutations", 200)


def test_prints_tables_and_writes_files(run: Run, table: Path, tmp_path: Path) -> None:
    options = ["--by", "gender,age", "--bins", "age=0,18,40", "--estimated", "gender", "--out", tmp_path / "out"]
    done = run("data", "bias", table, *options, *FEW)
    assert done.exit_code == 0
    for words in ("who is shown", "gender (estimated)", "[red]M", "Wrote"):
        assert words in done.plain
    result = json.loads((tmp_path / "out" / "dataset_bias.json").read_text(encoding="utf-8"))
    assert [a["provenance"] for a in result["datasets"][0]["input"]["attributes"]] == ["estimated", "unknown"]
    assert "40+" in result["datasets"][0]["input"]["attributes"][1]["levels"]


def test_against_another_table(run: Run, table: Path) -> None:
    done = run("data", "bias", table, "--by", "gender", "--against", table, *FEW)
    assert done.exit_code == 0 and "similarity of data sets" in done.plain and "faces – faces (2)" in done.plain


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--by", "gendr"), "Did you mean 'gender'"),
        (("--by", ""), "No attribute"),
        (("--by", "gender", "--bins", "age"), "--bins takes NAME=VALUE"),
        (("--by", "gender", "--estimated", "gender", "--annotated", "gender"), "more than one origin"),
    ],
)
def test_mistakes_end_with_code_2_and_no_traceback(run: Run, table: Path, words: list[str], message: str) -> None:
    done = run("data", "bias", table, *words)
    assert done.exit_code == 2 and message in done.plain and "Traceback" not in done.plain


def test_help_has_an_example(run: Run) -> None:
    done = run("data", "bias", "--help")
    assert done.exit_code == 0 and "evenface data bias raf-db.csv" in done.plain
